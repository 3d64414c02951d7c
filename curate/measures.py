"""What is measured of every crop: one number each, which a threshold may be held against.

All of them look at the crop, the very pixels that a model would see, and not at what the crop leaves out.
"""

import numpy as np
from numpy.typing import NDArray

Crops = NDArray[np.uint8]  # n × 3 × S × S, sRGB
Luma = NDArray[np.uint8]  # n × S × S
Levels = NDArray[np.int64]  # n × 2 × 256
Values = NDArray[np.float64]  # n

_BLUR = 9  # pixels: the length of the filter that Crete et al. blur with
_LIGHT = 176  # levels of luma from which a colour can be that of paper
_SAME = 5  # levels of luma within which pixels are of one colour
_STRIP = 8  # levels of luma within which a line of pixels belongs to a strip


def measure(crops: Crops) -> dict[str, NDArray[np.float32]]:
    """Every measure of `crops` by its name, n values each; rounded to 4 places, to hide a CPU's last bit."""
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
    """Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow computes its mode L."""
    red, green, blue = (crops[:, channel].astype(np.uint32) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


def levels_of(luma: Luma) -> Levels:
    """How many pixels of the upper half, and of the lower, have each of the 256 levels of luma."""
    count, side, _ = luma.shape
    halves = np.arange(count)[:, None] * 2 + (np.arange(side) >= side // 2)
    bins = luma + 256 * halves[:, :, None]
    return np.bincount(bins.ravel(), minlength=512 * count).reshape(count, 2, 256)


def histograms_of(levels: Levels) -> Values:
    """The share of all pixels at each of the 256 levels of luma: n × 256."""
    return levels.sum(axis=1) / levels.sum(axis=(1, 2))[:, None]  # type: ignore[no-any-return]


def sharpness(luma: Luma) -> Values:
    """1 − blur effect, 0 to 1: how much of the differences between neighbours a strong blur takes away.

    Crété-Roffet, Dolmiere, Ladret, Nicolas: The blur effect: perception and estimation with a new no-reference
    perceptual blur metric. SPIE 6492 (2007). Of the two directions the blurrier one counts. 0 where nothing differs.
    """
    pictures = luma.astype(np.int16)  # sums of nine levels fit
    return np.minimum(_sharpness_along(pictures, 1), _sharpness_along(pictures, 2))


def _sharpness_along(pictures: NDArray[np.int16], axis: int) -> Values:
    """Along one axis, in whole numbers: the blurred picture is kept as sums of `_BLUR` pixels."""
    reach = _BLUR // 2
    padding = [(reach + 1, reach) if number == axis else (0, 0) for number in range(3)]
    padded = np.pad(pictures, padding, mode="edge").swapaxes(0, axis)
    lines = pictures.swapaxes(0, axis)
    # Neighbouring window sums differ by the pixel that enters less the one that leaves.
    blurred = np.abs(padded[_BLUR + 1 :] - padded[1:-_BLUR])
    sharp = np.abs(lines[1:] - lines[:-1])
    lost = np.maximum(_BLUR * sharp - blurred, 0)
    lost, total = (values.swapaxes(0, axis).sum(axis=(1, 2), dtype=np.int32) for values in (lost, sharp))
    return lost / np.maximum(_BLUR * total, 1)  # type: ignore[no-any-return]


def percentile(histograms: Values, share: float) -> Values:
    """The luma, 0 to 1, that `share` of the pixels do not exceed."""
    return (np.cumsum(histograms, axis=1) < share - 1e-9).sum(axis=1) / 255  # type: ignore[no-any-return]


def contrast(histograms: Values) -> Values:
    """Standard deviation of luma, 0 to 0.5 (RMS contrast: Peli, Contrast in complex images, JOSA A 7, 1990)."""
    levels = np.arange(256) / 255
    mean = (histograms * levels).sum(axis=1)
    return np.sqrt((histograms * (levels - mean[:, None]) ** 2).sum(axis=1))  # type: ignore[no-any-return]


def entropy(histograms: Values) -> Values:
    """Shannon's entropy of the luma histogram in bits a pixel, 0 to 8."""
    logarithms = np.log2(histograms, where=histograms > 0, out=np.zeros_like(histograms))
    return -(histograms * logarithms).sum(axis=1)  # type: ignore[no-any-return]


def moments(crops: Crops) -> tuple[Values, Values]:
    """The means of red, green and blue, n × 3, and their covariances, n × 3 × 3, in levels and levels².

    From sums of whole numbers, and so exact until the last division.
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
    """M³ of Hasler & Süsstrunk, Measuring colourfulness in natural images, SPIE 5007 (2003): 15 slightly, 59 quite."""
    opponents = np.array([[1, -1, 0], [0.5, 0.5, -1]])  # red less green, yellow less blue
    variances = np.einsum("ac,ncd,ad->na", opponents, covariances, opponents)
    spread = np.sqrt(np.maximum(variances.sum(axis=1), 0))
    return spread + 0.3 * np.hypot(*(opponents @ means.T))  # type: ignore[no-any-return]


def chroma(covariances: Values) -> Values:
    """By how many levels colours stray from one tonal scale: 0 for grey, sepia or any toning; photographs 5 to 70.

    The standard deviation along the second principal axis of a crop's colours in RGB.
    """
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(covariances)[:, 1], 0)))


def paper(levels: Levels) -> Values:
    """The share, 0 to 1, of the most common light tone in the half of the crop, upper or lower, that has less of it.

    Sky is above; the paper of a drawing, a plan, a screenshot or a cut-out is everywhere.
    """
    sums = np.cumsum(np.pad(levels, ((0, 0), (0, 0), (_SAME + 1, _SAME))), axis=2)
    window = 2 * _SAME + 1
    near = (sums[:, :, window:] - sums[:, :, :-window])[:, :, _LIGHT:]  # pixels within _SAME of each light level
    tone = near.sum(axis=1).argmax(axis=1)
    shares = np.take_along_axis(near, tone[:, None, None], axis=2)[:, :, 0] / levels.sum(axis=2)
    return np.asarray(shares.min(axis=1))


def border(luma: Luma) -> Values:
    """The depth, as a share of the side, of the deepest flat strip along an edge: a frame, a letterbox, a caption.

    A strip is of one tone and ends along a straight line across the crop, as a sky does not. At the bottom it may hold
    some writing.
    """
    return np.asarray(strips(luma).max(axis=0))


def strips(luma: NDArray[np.uint8]) -> Values:
    """The depth of the strip at the top, left, bottom and right of each picture (n × height × width): 4 × n."""
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
    """The depth of a strip at the first of `lines` (axis 1), `pure` being the share of a line that has its tone."""
    side = lines.shape[1]
    edges = lines[:, 0].astype(np.int16) * 2  # since a median may lie halfway between two levels
    tone = np.median(edges, axis=1).astype(np.int16)[:, None]
    depths = np.zeros(len(lines))
    begins = (np.abs(edges - tone) <= 2 * _STRIP).mean(axis=1) >= pure
    if not begins.any():  # as with most
        return depths
    shares = (np.abs(lines[begins].astype(np.int16) * 2 - tone[begins, None]) <= 2 * _STRIP).mean(axis=2)
    inside = shares >= pure
    depth = np.where(inside.all(axis=1), side, inside.argmin(axis=1))
    # The line after next, since scaling blurs the one where the picture begins.
    beyond = np.take_along_axis(shares, np.minimum(depth + 1, side - 1)[:, None], axis=1)[:, 0]
    depths[begins] = np.where((depth == side) | (beyond <= 0.15), depth, 0) / side
    return depths
