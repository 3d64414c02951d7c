"""A dataset version in the formats that other programs read, with the licence of every facade inside."""

from enum import StrEnum


class Format(StrEnum):
    IMAGEFOLDER = "imagefolder"  # torchvision.datasets.ImageFolder
    WEBDATASET = "webdataset"
    HF = "hf"  # Hugging Face datasets
    ZIP = "zip"  # as StyleGAN's dataset tool writes it
