"""Changes that make near duplicates on the web: each takes a picture and returns the encoded copy."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from tests.curate.pictures import encoded

Attack = Callable[[Image.Image], bytes]
Change = Callable[[Image.Image], Image.Image]


def _saved(change: Change) -> Attack:
    return lambda image: encoded(change(image))


def _compressed(quality: int) -> Attack:
    return lambda image: encoded(image, quality=quality)


def _scaled(factor: float) -> Change:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def _cropped(share: float) -> Change:
    """Less `share` of a side at each edge."""

    def crop(image: Image.Image) -> Image.Image:
        x, y = image.width * share, image.height * share
        return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))

    return crop


def _gamma(exponent: float) -> Change:
    table = [round(255 * (level / 255) ** exponent) for level in range(256)] * 3
    return lambda image: image.point(table)


def _watermarked(image: Image.Image) -> Image.Image:
    image = image.copy()
    font = ImageFont.load_default(size=max(10, image.width // 8))
    place = (image.width // 10, image.height // 2)
    ImageDraw.Draw(image, "RGBA").text(place, "© sample photo", fill=(255, 255, 255, 170), font=font)
    return image


def _captioned(image: Image.Image) -> Image.Image:
    """A black strip with the agency's name over the lowest tenth."""
    image = image.copy()
    top = round(image.height * 0.9)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, image.width, image.height), "black")
    font = ImageFont.load_default(size=max(8, image.height // 16))
    draw.text((image.width // 30, top), "stock.example 1234567", fill="white", font=font)
    return image


def _extended(image: Image.Image) -> Image.Image:
    """The same strip below the picture instead of over it."""
    return _captioned(ImageOps.expand(image, (0, 0, 0, round(image.height / 9)), "black"))


def _turned(degrees: float) -> Change:
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC)


def _noisy(image: Image.Image) -> Image.Image:
    pixels = np.asarray(image, np.float64)
    noise = np.random.default_rng(pixels.size).normal(0, 15, pixels.shape)
    return Image.fromarray((pixels + noise).round().clip(0, 255).astype(np.uint8))


ATTACKS: dict[str, tuple[Attack, float]] = {
    "JPEG 30": (_compressed(30), 0.98),
    "JPEG 50": (_compressed(50), 0.98),
    "JPEG 70": (_compressed(70), 0.98),
    "JPEG 90": (_compressed(90), 0.98),
    "rescaled 0.3×": (_saved(_scaled(0.3)), 0.98),
    "rescaled 0.5×": (_saved(_scaled(0.5)), 0.98),
    "rescaled 2×": (_saved(_scaled(2)), 0.98),
    "cropped 2 %": (_saved(_cropped(0.02)), 0.98),
    "cropped 5 %": (_saved(_cropped(0.05)), 0.98),
    "cropped 8 %": (_saved(_cropped(0.08)), 0.98),
    "cropped 10 %": (_saved(_cropped(0.10)), 0.90),
    "brightness 0.6": (_saved(lambda image: ImageEnhance.Brightness(image).enhance(0.6)), 0.98),
    "brightness 1.4": (_saved(lambda image: ImageEnhance.Brightness(image).enhance(1.4)), 0.98),
    "contrast 0.6": (_saved(lambda image: ImageEnhance.Contrast(image).enhance(0.6)), 0.98),
    "contrast 1.5": (_saved(lambda image: ImageEnhance.Contrast(image).enhance(1.5)), 0.98),
    "gamma 0.6": (_saved(_gamma(0.6)), 0.98),
    "gamma 1.6": (_saved(_gamma(1.6)), 0.98),
    "greyscale": (_saved(lambda image: image.convert("L").convert("RGB")), 0.98),
    "mirrored": (_saved(ImageOps.mirror), 0.90),
    "watermark": (_saved(_watermarked), 0.98),
    "banner over": (_saved(_captioned), 0.98),
    "banner below": (_saved(_extended), 0.98),
    "white border": (_saved(lambda image: ImageOps.expand(image, round(image.width * 0.05), "white")), 0.98),
    "black border": (_saved(lambda image: ImageOps.expand(image, round(image.width * 0.05), "black")), 0.98),
    "rotated 1°": (_saved(_turned(1)), 0.90),
    "rotated 2°": (_saved(_turned(2)), 0.90),
    "rotated 3°": (_saved(_turned(-3)), 0.90),
    "blurred 1 px": (_saved(lambda image: image.filter(ImageFilter.GaussianBlur(1))), 0.98),
    "blurred 2 px": (_saved(lambda image: image.filter(ImageFilter.GaussianBlur(2))), 0.98),
    "noise σ 15": (_saved(_noisy), 0.98),
    "as PNG": (lambda image: encoded(image, "PNG"), 0.98),
    "as WEBP": (lambda image: encoded(image, "WEBP", quality=60), 0.98),
    "as AVIF": (lambda image: encoded(image, "AVIF", quality=50, speed=9), 0.98),
}
"""Each attack by name, and the recall that near duplicates must reach."""
