"""What is measured of every crop: one number each, which a threshold may be held against.

All of them look at the crop, the very pixels that a model would see, and not at what the crop leaves out.
"""

import numpy as np
from numpy.typing import NDArray

Crops = NDArray[np.uint8]  # n × 3 × S × S, sRGB
Luma = NDArray[np.uint8]  # n × S × S
Values = NDArray[np.float64]  # n

_BLUR = 9  # pixels: the length of the filter that Crete et al. blur with
_LIGHT = 176  # levels of luma from which a colour can be that of paper
_SAME = 5  # levels of luma within which pixels are of one colour
_STRIP = 8  # levels of luma within which a line of pixels belongs to a strip


def measure(crops: Crops) -> dict[str, NDArray[np.float32]]:
    """Every measure of `crops` by its name, n values each; rounded to 4 places, to hide a CPU's last bit."""
    luma = luma_of(crops)
    histograms = histograms_of(luma)
    means, covariances = moments(crops)
    values = {
        "sharpness": sharpness(luma),
        "highlight": percentile(histograms, 0.99),
        "shadow": percentile(histograms, 0.05),
        "contrast": contrast(histograms),
        "entropy": entropy(histograms),
        "colorfulness": colorfulness(means, covariances),
        "chroma": chroma(covariances),
        "paper": paper(luma, histograms),
        "border": border(luma),
    }
    return {name: value.round(4).astype(np.float32) for name, value in values.items()}


def luma_of(crops: Crops) -> Luma:
    """Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow computes its mode L."""
    red, green, blue = (crops[:, channel].astype(np.uint32) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


def histograms_of(luma: Luma) -> Values:
    """The share of pixels at each of the 256 levels of luma: n × 256."""
    count = len(luma)
    flat = luma.reshape(count, -1)
    bins = flat + 256 * np.arange(count)[:, None]
    return np.bincount(bins.ravel(), minlength=256 * count).reshape(count, 256) / flat.shape[1]


def sharpness(luma: Luma) -> Values:
    """1 − blur effect, 0 to 1: how much of the differences between neighbours a strong blur takes away.

    Crété-Roffet, Dolmiere, Ladret, Nicolas: The blur effect: perception and estimation with a new no-reference
    perceptual blur metric. SPIE 6492 (2007). Of the two directions the blurrier one counts. 0 where nothing differs.
    """
    pictures = luma.astype(np.int16)  # sums of nine levels fit
    return np.minimum(_sharpness_along(pictures), _sharpness_along(pictures.transpose(0, 2, 1)))


def _sharpness_along(pictures: NDArray[np.int16]) -> Values:
    """Along the last axis, in whole numbers: the blurred picture is kept as sums of `_BLUR` pixels."""
    reach = _BLUR // 2
    padded = np.pad(pictures, ((0, 0), (0, 0), (reach + 1, reach)), mode="edge")
    # Neighbouring window sums differ by the pixel that enters less the one that leaves.
    blurred = np.abs(padded[:, :, _BLUR + 1 :] - padded[:, :, 1:-_BLUR])
    sharp = np.abs(np.diff(pictures, axis=2))
    lost = np.maximum(_BLUR * sharp - blurred, 0).sum(axis=(1, 2), dtype=np.int64)
    total = _BLUR * sharp.sum(axis=(1, 2), dtype=np.int64)
    return lost / np.maximum(total, 1)  # type: ignore[no-any-return]


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

    From sums of whole numbers, which are exact in double precision.
    """
    colors = crops.reshape(len(crops), 3, -1).astype(np.float64)
    means = colors.mean(axis=2)
    products = np.matmul(colors, colors.transpose(0, 2, 1)) / colors.shape[2]
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


def paper(luma: Luma, histograms: Values) -> Values:
    """The share, 0 to 1, of the most common light tone in the half of the crop, upper or lower, that has less of it.

    Sky is above; the paper of a drawing, a plan, a screenshot or a cut-out is everywhere.
    """
    window = 2 * _SAME + 1
    sums = np.cumsum(np.pad(histograms, ((0, 0), (_SAME + 1, _SAME))), axis=1)
    tone = _LIGHT + (sums[:, window:] - sums[:, :-window])[:, _LIGHT:].argmax(axis=1)
    is_paper = np.abs(luma.astype(np.int16) - tone[:, None, None]) <= _SAME
    middle = luma.shape[1] // 2
    upper, lower = is_paper[:, :middle].mean(axis=(1, 2)), is_paper[:, middle:].mean(axis=(1, 2))
    return np.minimum(upper, lower)  # type: ignore[no-any-return]


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
    # Twice the levels, since a median may lie halfway between two.
    twice = lines.astype(np.int16) * 2
    tone = np.median(twice[:, 0], axis=1).astype(np.int16)[:, None, None]
    shares = (np.abs(twice - tone) <= 2 * _STRIP).mean(axis=2)
    inside = shares >= pure
    depth = np.where(inside.all(axis=1), side, inside.argmin(axis=1))
    # The line after next, since scaling blurs the one where the picture begins.
    beyond = np.take_along_axis(shares, np.minimum(depth + 1, side - 1)[:, None], axis=1)[:, 0]
    return np.asarray(np.where((depth == side) | (beyond <= 0.15), depth, 0) / side, np.float64)
