"""Whether two thumbnails show the same picture: lay one on the other, then see whether they agree place by place.

Facades repeat, so that a hash takes one for another; two photographs of one building agree in the large and not in the
small. What counts here is the small, once crop, shift, scale, rotation, brightness and contrast are accounted for.

A map takes a point of the first thumbnail to one of the second: 2 × 3, affine, on (x, y, 1) with both sides of a
picture going from 0 to 1.
"""

import numpy as np
from numpy.typing import NDArray

Thumbnails = NDArray[np.uint8]  # n × 64 × 64
Pictures = NDArray[np.floating]  # n × side × side or n × side², float32, levels
Maps = NDArray[np.float64]  # n × 2 × 3
Starts = NDArray[np.float64]  # n × starts × 2 × 3: several maps for a pair
Values = NDArray[np.floating]  # n, float32

_PAIRS = 32  # laid on each other at a time: their pixels stay in the cache
_COARSE_STEPS, _FINE_STEPS = 8, 3
_LONGEST_STEP = 0.1  # of a side
_BLOCK = 8  # pixels on a side of a place
_TEXTURE = 25.0  # levels²: a place of less variance in both thumbnails shows nothing to agree on
_NOISE = 4.0  # levels²: what recompression adds
_FEWEST_PLACES = 6
_LEAST_OVERLAP = 0.55  # of the first thumbnail


def similarity(first: Thumbnails, second: Thumbnails, starts: Starts) -> Values:
    """For each pair the local correlation, −1 to 1, that two thirds of all places reach: 0.8 and more for most copies.

    `starts` are maps to begin with, one of them right to within some pixels. A place is 8 × 8 pixels with texture in
    either; a caption, a watermark or a frame may cover a third of them. 0 where the pictures overlap in less than 55 %
    of the one that shows less of the scene, or show hardly anything. Each pair's value is what it would be alone.
    """
    values = np.empty(len(first), np.float32)
    for low in range(0, len(first), _PAIRS):
        part = slice(low, low + _PAIRS)
        values[part] = _similarity(first[part].astype(np.float32), second[part].astype(np.float32), starts[part])
    return values


def _similarity(first: Pictures, second: Pictures, starts: Starts) -> Values:
    maps = _best(_coarse(first), _coarse(second), starts)
    # What shows less of the scene is laid on what shows more.
    turned = np.abs(np.linalg.det(maps[:, :, :2])) > 1
    maps[turned] = _inverse(maps[turned])
    first, second = np.where(turned[:, None, None], (second, first), (first, second))
    coarse = _refined(_coarse(first), _coarse(second), maps, _COARSE_STEPS)
    # Along a row of windows the coarse steps may have slipped by one.
    slipped = _agreement(first, second, coarse) < _agreement(first, second, maps)
    maps = _refined(first, second, np.where(slipped[:, None, None], maps, coarse), _FINE_STEPS)
    # One of the two may have been blurred, by a small scale or a strong compression, and the other not.
    softened = ((first, second), (_softened(first), second), (first, _softened(second)))
    return np.asarray(np.maximum.reduce([_agreement(one, other, maps) for one, other in softened]))


def _best(first: Pictures, second: Pictures, starts: Starts) -> Maps:
    """Of several maps for each pair the one through which they correlate most, the first of equals."""
    count, side, _ = first.shape
    flat = first.reshape(count, -1)
    correlations = np.empty(starts.shape[:2], np.float32)
    for number in range(starts.shape[1]):
        warped, inside = _warped(second, starts[:, number], side)
        overlap = inside.astype(np.float32)
        one, other = flat - _mean(flat, overlap), warped - _mean(warped, overlap)
        spread = np.sqrt(_mean(one**2, overlap) * _mean(other**2, overlap)) + np.float32(1e-3)
        correlations[:, number] = (_mean(one * other, overlap) / spread)[:, 0]
    return np.asarray(starts[np.arange(count), correlations.argmax(axis=1)])


def _refined(first: Pictures, second: Pictures, maps: Maps, steps: int) -> Maps:
    """`maps` after Gauss–Newton steps towards the least difference, gain and bias free, outliers weighed down.

    Inverse compositional: Baker, Matthews: Lucas-Kanade 20 years on, IJCV 56 (2004), with the weights of Cauchy's
    M-estimator, since a caption or a frame is no part of the picture.
    """
    count, side, _ = first.shape
    y, x = (axis - np.float32(0.5) for axis in _grid(side))  # about the middle, so that the parameters hardly mix
    slope_y, slope_x = (slope.reshape(count, -1) * side for slope in np.gradient(first, axis=(1, 2)))
    flat = first.reshape(count, -1)
    jacobian = np.stack(
        [slope_x * x, slope_x * y, slope_x, slope_y * x, slope_y * y, slope_y, np.ones_like(flat), flat], axis=1
    )
    # Captions and frames lie at the edges: the first step does not look there.
    weights = np.broadcast_to(np.maximum(np.abs(x), np.abs(y)) < np.float32(0.4), flat.shape).astype(np.float32)
    for _ in range(steps):
        warped, inside = _warped(second, maps, side)
        overlap = inside.astype(np.float32)
        difference = _difference(flat, warped, overlap * weights)
        # The standard deviation, by way of the median of every third pixel, and two levels for what is always there.
        scale = np.float32(1.4826) * np.median(np.abs(difference[:, ::3]), axis=1, keepdims=True) + 2
        weights = np.float32(1) / (1 + (difference / (2 * scale)) ** 2)
        weighted = jacobian * (overlap * weights)[:, None]
        normal = np.matmul(weighted, jacobian.transpose(0, 2, 1)).astype(np.float64)
        target = np.matmul(weighted, difference[:, :, None]).astype(np.float64)
        maps = _composed(maps, np.clip(_solved(normal, target)[:, :6], -_LONGEST_STEP, _LONGEST_STEP))
    return maps


def _difference(first: Pictures, second: Pictures, weights: Pictures) -> Pictures:
    """How far `second` is above `first`, pixel by pixel, after it is given the mean and the spread of `first`."""
    first = first - _mean(first, weights)
    second = second - _mean(second, weights)
    gain = np.sqrt((_mean(first**2, weights) + 1e-3) / (_mean(second**2, weights) + 1e-3))
    return second * gain - first


def _mean(values: Pictures, weights: Pictures) -> Pictures:
    return (values * weights).sum(axis=1, keepdims=True) / (weights.sum(axis=1, keepdims=True) + np.float32(1e-3))  # type: ignore[no-any-return]


def _solved(normal: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares of unlike parameters: scaled to a unit diagonal, and damped, so that flat pictures do no harm."""
    scale = 1 / np.sqrt(np.einsum("nii->ni", normal) + 1e-6)[:, :, None]
    scaled = normal * scale * scale.transpose(0, 2, 1) + 1e-4 * np.eye(normal.shape[1])
    return (np.linalg.solve(scaled, target * scale) * scale)[:, :, 0]  # type: ignore[no-any-return]


def _composed(maps: Maps, steps: NDArray[np.float64]) -> Maps:
    """`maps` after the inverse of the small affine maps that `steps` (n × 6) are about the middle of the picture."""
    small = np.zeros((len(steps), 3, 3))
    small[:, :2] = steps.reshape(-1, 2, 3)
    small += np.eye(3)
    to_middle = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    from_middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return maps @ (from_middle @ np.linalg.inv(small) @ to_middle)  # type: ignore[no-any-return]


def _inverse(maps: Maps) -> Maps:
    linear = np.linalg.inv(maps[:, :, :2])
    return np.concatenate([linear, -linear @ maps[:, :, 2:]], axis=2)


def _warped(pictures: Pictures, maps: Maps, side: int) -> tuple[Pictures, NDArray[np.bool_]]:
    """`pictures` as seen through `maps` at side² points, bilinear, and whether each point lies in the picture."""
    count = len(pictures)
    y, x = _grid(side)
    (xx, xy, x0), (yx, yy, y0) = maps.astype(np.float32).transpose(1, 2, 0)[..., None]
    across, down = xx * x + xy * y + x0, yx * x + yy * y + y0
    inside = (across >= 0) & (across <= 1) & (down >= 0) & (down <= 1)
    last = np.float32(side - 1.001)
    across = np.clip(across * side - np.float32(0.5), 0, last)
    down = np.clip(down * side - np.float32(0.5), 0, last)
    column, row = across.astype(np.int32), down.astype(np.int32)
    across -= column
    down -= row
    corner = np.arange(count, dtype=np.int32)[:, None] * (side * side) + row * side + column
    pixels = pictures.reshape(-1)
    upper = pixels[corner] + (pixels[corner + 1] - pixels[corner]) * across
    lower = pixels[corner + side] + (pixels[corner + side + 1] - pixels[corner + side]) * across
    return upper + (lower - upper) * down, inside


def _agreement(first: Pictures, second: Pictures, maps: Maps) -> Values:
    side = first.shape[1]
    warped, inside = _warped(second, maps, side)
    overlap = inside.reshape(first.shape).astype(np.float32)
    # The outermost pixels of the first may hold some of what the other has around it.
    overlap[:, (0, -1)] = overlap[:, :, (0, -1)] = 0
    overlap = _places(overlap)
    share = overlap.mean(axis=2)
    one, other = (_centered(_places(p), overlap) for p in (first, warped.reshape(first.shape)))
    variance, other_variance, covariance = (
        (a * b).mean(axis=2) / (share + 1e-6) for a, b in ((one, one), (other, other), (one, other))
    )
    local = covariance / np.sqrt((variance + _NOISE) * (other_variance + _NOISE))
    counts = (share >= 0.75) & (np.maximum(variance, other_variance) > _TEXTURE)
    places = counts.sum(axis=1)
    ordered = np.sort(np.where(counts, local, np.inf), axis=1)
    reached = np.take_along_axis(ordered, np.maximum(places - 1, 0)[:, None] // 3, axis=1)[:, 0]
    enough = (places >= _FEWEST_PLACES) & (share.mean(axis=1) >= _LEAST_OVERLAP)
    return np.where(enough, reached, np.float32(0))


def _places(pictures: Pictures) -> NDArray[np.floating]:
    """n × side × side as n × places × pixels."""
    count, side, _ = pictures.shape
    blocks = pictures.reshape(count, side // _BLOCK, _BLOCK, side // _BLOCK, _BLOCK).transpose(0, 1, 3, 2, 4)
    return blocks.reshape(count, -1, _BLOCK * _BLOCK)


def _centered(places: NDArray[np.floating], overlap: NDArray[np.floating]) -> NDArray[np.floating]:
    """Less the mean of what overlaps, and 0 elsewhere."""
    mean = (places * overlap).sum(axis=2, keepdims=True) / (overlap.sum(axis=2, keepdims=True) + np.float32(1e-6))
    return np.asarray((places - mean) * overlap)


def _grid(side: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """y and x of the middles of side × side pixels, row by row."""
    middles = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    y, x = np.meshgrid(middles, middles, indexing="ij")
    return y.ravel(), x.ravel()


def _coarse(pictures: Pictures) -> Pictures:
    """At half the size and blurred with 1 2 1 both ways: a smoother slope leads further."""
    small = (pictures[:, ::2, ::2] + pictures[:, 1::2, ::2] + pictures[:, ::2, 1::2] + pictures[:, 1::2, 1::2]) / 4
    return _softened(small)


def _softened(pictures: Pictures) -> Pictures:
    """Blurred with 1 2 1 both ways."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
