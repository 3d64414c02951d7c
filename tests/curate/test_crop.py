"""The crop is the middle square, the thumbnail the whole picture in grey."""

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from curate.crop import center_crop, thumbnail, trimmed
from tests.curate.pictures import facade


def test_the_crop_is_the_middle_square() -> None:
    wide = Image.new("RGB", (301, 100), "red")
    wide.paste("blue", (101, 0, 200, 100))
    crop = center_crop(wide, 64)
    assert crop.shape == (3, 64, 64)
    assert crop.dtype == np.uint8
    assert (crop[2, :, 2:-2] > 250).all()
    assert (crop[0, :, 2:-2] < 5).all()
    assert center_crop(wide.transpose(Image.Transpose.TRANSPOSE), 32)[2].min() > 100


def test_the_crop_is_centred_between_pixels() -> None:
    for size in ((251, 200), (200, 333), (97, 97)):
        image = facade(1, *size)
        mirrored = center_crop(ImageOps.mirror(image), 64)[:, :, ::-1]
        assert np.abs(center_crop(image, 64).astype(int) - mirrored).max() <= 1


def test_the_crop_does_not_alias() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = center_crop(Image.fromarray(stripes), 64)
    assert np.abs(crop[:, :, 2:-2].astype(int) - 127).max() <= 2


def test_the_thumbnail_shows_the_whole_in_grey() -> None:
    image = facade(2, 500, 200)
    view = thumbnail(image)
    assert view.shape == (64, 64)
    reference = np.asarray(image.convert("L").resize((64, 64), Image.Resampling.BOX), int)
    assert np.abs(view - reference).mean() < 4


def test_strips_are_trimmed() -> None:
    image = facade(4, 300, 240)
    framed = ImageOps.expand(image, (12, 20, 12, 0), "white")
    captioned = ImageOps.expand(framed, (0, 0, 0, 30), "black")
    ImageDraw.Draw(captioned).text((20, 265), "stock 12", fill="white")
    left = trimmed(captioned)
    x, y = 1, 1  # one line more
    assert left.tobytes() == image.crop((x, y, 300 - x, 240 - y)).tobytes()


def test_a_sky_and_a_wall_are_not_trimmed() -> None:
    image = facade(5, 300, 240)
    assert trimmed(image) is image
    flat = Image.new("RGB", (200, 100), "grey")
    assert trimmed(flat) is flat
    half = ImageOps.expand(image, (0, 150, 0, 0), "white")  # more than a quarter
    assert trimmed(half) is half
