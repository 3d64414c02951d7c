"""The measures of a crop: numbers that the filters compare with their thresholds.

All are taken of the crop, the pixels that a model is trained on, and ignore the rest of the picture.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Crops: TypeAlias = NDArray[np.uint8]  # n × 3 × S × S, sRGB
Luma: TypeAlias = NDArray[np.uint8]  # n × S × S
Levels: TypeAlias = NDArray[np.int64]  # n × 2 × 256
Values: TypeAlias = NDArray[np.float64]  # n

_BLUR = 9  # pixels: the length of the blur filter of Crété-Roffet et al.
_LIGHT = 176  # luma of the darkest tone that counts as paper
_SAME = 5  # levels of luma within which pixels have the same tone
_STRIP = 8  # levels of luma within which a line of pixels belongs to a strip


def measure(crops: Crops) -> dict[str, NDArray[np.float32]]:
    """Return every measure but `facade` by its name.

    Args:
        crops: n × 3 × S × S, uint8, sRGB.

    Returns:
        For each measure n values, float32, rounded to 4 places, because CPUs differ in the last bits.
    """
    luma = luma_of(crops)
    levels = levels_of(luma)
    histograms = histograms_of(levels)
    means, covariances = moments(crops)
    values = {
        "sharpness": sharpness(luma),
        "highlight": percentile(histograms, 0.99),
        "shadow": percentile(histograms, 0.05),
        "contrast": contrast(histograms),
        "entropy": entropy(histograms),
        "colorfulness": colorfulness(means, covariances),
        "chroma": chroma(covariances),
        "paper": paper(levels),
        "border": border(luma),
    }
    return {name: value.round(4).astype(np.float32) for name, value in values.items()}


def luma_of(crops: Crops) -> Luma:
    """Return the luma (ITU-R BT.601) of crops, in 16-bit fixed point as in Pillow's mode L."""
    red, green, blue = (crops[:, channel].astype(np.uint32) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


def levels_of(luma: Luma) -> Levels:
    """Return the histograms of luma of the upper and of the lower half: n × 2 × 256, in pixels."""
    count, side, _ = luma.shape
    halves = np.arange(count)[:, None] * 2 + (np.arange(side) >= side // 2)
    bins = luma + 256 * halves[:, :, None]
    return np.bincount(bins.ravel(), minlength=512 * count).reshape(count, 2, 256)


def histograms_of(levels: Levels) -> Values:
    """Return the histograms of luma of whole crops, as fractions of all pixels: n × 256."""
    return levels.sum(axis=1) / levels.sum(axis=(1, 2))[:, None]  # type: ignore[no-any-return]


def sharpness(luma: Luma) -> Values:
    """Return 1 − blur effect, 0 to 1: the fraction of the differences of neighbours that a strong blur removes.

    Crété-Roffet, Dolmiere, Ladret, Nicolas: The blur effect: perception and estimation with a new no-reference
    perceptual blur metric. SPIE 6492 (2007). The smaller value of the two axes. 0 if all pixels are equal.
    """
    pictures = luma.astype(np.int16)  # sums of nine levels fit
    return np.minimum(_sharpness_along(pictures, 1), _sharpness_along(pictures, 2))


def _sharpness_along(pictures: NDArray[np.int16], axis: int) -> Values:
    """Return the sharpness along one axis. In integers: the blurred picture contains sums of `_BLUR` pixels."""
    reach = _BLUR // 2
    padding = [(reach + 1, reach) if number == axis else (0, 0) for number in range(3)]
    padded = np.pad(pictures, padding, mode="edge").swapaxes(0, axis)
    lines = pictures.swapaxes(0, axis)
    # Two neighbouring window sums differ by the pixel that enters minus the pixel that leaves.
    blurred = np.abs(padded[_BLUR + 1 :] - padded[1:-_BLUR])
    sharp = np.abs(lines[1:] - lines[:-1])
    lost = np.maximum(_BLUR * sharp - blurred, 0)
    lost, total = (values.swapaxes(0, axis).sum(axis=(1, 2), dtype=np.int32) for values in (lost, sharp))
    return lost / np.maximum(_BLUR * total, 1)  # type: ignore[no-any-return]


def percentile(histograms: Values, share: float) -> Values:
    """Return the luma, 0 to 1, that a fraction `share` of the pixels does not exceed."""
    return (np.cumsum(histograms, axis=1) < share - 1e-9).sum(axis=1) / 255  # type: ignore[no-any-return]


def contrast(histograms: Values) -> Values:
    """Return the RMS contrast: the standard deviation of luma, 0 to 0.5.

    Peli: Contrast in complex images. JOSA A 7 (1990).
    """
    levels = np.arange(256) / 255
    mean = (histograms * levels).sum(axis=1)
    return np.sqrt((histograms * (levels - mean[:, None]) ** 2).sum(axis=1))  # type: ignore[no-any-return]


def entropy(histograms: Values) -> Values:
    """Return Shannon's entropy of the luma histogram, −Σ p log₂ p, in bits per pixel, 0 to 8."""
    logarithms = np.log2(histograms, where=histograms > 0, out=np.zeros_like(histograms))
    return -(histograms * logarithms).sum(axis=1)  # type: ignore[no-any-return]


def moments(crops: Crops) -> tuple[Values, Values]:
    """Return the means of red, green and blue, n × 3, in levels, and their covariances, n × 3 × 3, in levels².

    The sums are integers, so they are exact up to the last division.
    """
    colors = crops.reshape(len(crops), 3, -1)
    count = colors.shape[2]
    means = colors.sum(axis=2, dtype=np.uint32) / count
    products = np.empty((len(crops), 3, 3))
    for one in range(3):
        for other in range(one + 1):
            # A product of two levels fits 16 bits, and the sum of 256 × 256 of them 32.
            product = np.multiply(colors[:, one], colors[:, other], dtype=np.uint16)
            products[:, one, other] = products[:, other, one] = product.sum(axis=1, dtype=np.uint32) / count
    return means, products - means[:, :, None] * means[:, None, :]


def colorfulness(means: Values, covariances: Values) -> Values:
    """Return M³ = σ + 0.3 μ over the opponent colours; 15 is slightly colourful, 59 quite.

    Hasler, Süsstrunk: Measuring colourfulness in natural images. SPIE 5007 (2003).
    """
    opponents = np.array([[1, -1, 0], [0.5, 0.5, -1]])  # red − green, yellow − blue
    variances = np.einsum("ac,ncd,ad->na", opponents, covariances, opponents)
    spread = np.sqrt(np.maximum(variances.sum(axis=1), 0))
    return spread + 0.3 * np.hypot(*(opponents @ means.T))  # type: ignore[no-any-return]


def chroma(covariances: Values) -> Values:
    """Return the standard deviation along the second principal axis of a crop's colours in RGB, in levels.

    0 for grey, sepia and every other toning, whose colours are on one line; 5 to 70 for colour photographs.
    """
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(covariances)[:, 1], 0)))


def paper(levels: Levels) -> Values:
    """Return the fraction, 0 to 1, of the most common light tone, in the half (upper or lower) that has less of it.

    The sky is in the upper half only; the paper of a drawing, a plan, a screenshot or a cut-out is in both.
    """
    sums = np.cumsum(np.pad(levels, ((0, 0), (0, 0), (_SAME + 1, _SAME))), axis=2)
    window = 2 * _SAME + 1
    near = (sums[:, :, window:] - sums[:, :, :-window])[:, :, _LIGHT:]  # pixels within _SAME of each light level
    tone = near.sum(axis=1).argmax(axis=1)
    shares = np.take_along_axis(near, tone[:, None, None], axis=2)[:, :, 0] / levels.sum(axis=2)
    return np.asarray(shares.min(axis=1))


def border(luma: Luma) -> Values:
    """Return the depth, as a fraction of the side, of the deepest flat strip along an edge.

    A strip (a frame, a letterbox, a caption) has one tone and ends at a straight line across the crop, unlike a sky. At
    the bottom it may contain some text.
    """
    return np.asarray(strips(luma).max(axis=0))


def strips(luma: NDArray[np.uint8]) -> Values:
    """Return the depth of the strip at the top, left, bottom and right edge, as fractions of the side: 4 × n.

    Args:
        luma: n × height × width, uint8.
    """
    across = luma.transpose(0, 2, 1)
    return np.stack(
        [
            _strip(luma, pure=0.98),
            _strip(across, pure=0.98),
            _strip(luma[:, ::-1], pure=0.85),
            _strip(across[:, ::-1], pure=0.98),
        ]
    )


def _strip(lines: Luma, pure: float) -> Values:
    """Return the depth of the strip at the first of `lines` (axis 1).

    Args:
        pure: the fraction of a line that must have the tone of the strip.
    """
    side = lines.shape[1]
    edges = lines[:, 0].astype(np.int16) * 2  # doubled, since a median may be halfway between two levels
    tone = np.median(edges, axis=1).astype(np.int16)[:, None]
    depths = np.zeros(len(lines))
    begins = (np.abs(edges - tone) <= 2 * _STRIP).mean(axis=1) >= pure
    if not begins.any():  # the common case
        return depths
    shares = (np.abs(lines[begins].astype(np.int16) * 2 - tone[begins, None]) <= 2 * _STRIP).mean(axis=2)
    inside = shares >= pure
    depth = np.where(inside.all(axis=1), side, inside.argmin(axis=1))
    # The line after the next one, since scaling blurs the line at which the picture begins.
    beyond = np.take_along_axis(shares, np.minimum(depth + 1, side - 1)[:, None], axis=1)[:, 0]
    depths[begins] = np.where((depth == side) | (beyond <= 0.15), depth, 0) / side
    return depths
