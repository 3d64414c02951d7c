"""Models and dataset versions in the formats that other programs read."""

from enum import StrEnum


class DatasetFormat(StrEnum):
    IMAGEFOLDER = "imagefolder"  # torchvision.datasets.ImageFolder
    WEBDATASET = "webdataset"
    HF = "hf"  # Hugging Face datasets
    ZIP = "zip"  # as StyleGAN's dataset tool writes it


class ModelFormat(StrEnum):
    ONNX = "onnx"
    TORCHSCRIPT = "torchscript"
    SAFETENSORS = "safetensors"
    WEB = "web"  # one HTML page that runs the generator
    HF = "hf"  # a model repository of Hugging Face
