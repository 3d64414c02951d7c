"""Verify that two thumbnails show the same picture: register them, then compare them block by block.

Facades repeat, so a hash confuses different buildings with the same grid of windows. Two photographs of one building
agree at a large scale only; copies of one photograph agree in every block, once crop, shift, scale, rotation,
brightness and contrast are compensated.

    guesses ──► best correlation ──► Gauss–Newton at half size ──► Gauss–Newton at full size ──► similarity
    (hashes)    (half size)          (8 steps)                     (3 steps)                     (8 × 8 blocks)

The two levels form an image pyramid. Each Gauss–Newton step warps the second thumbnail by the current map, computes
the residual to the first, and solves for the affine update that minimises it (Lucas–Kanade, inverse compositional).

A map is affine, 2 × 3: it takes a point (x, y, 1) of the first thumbnail to a point of the second. Coordinates run
from 0 to 1 along each side of a picture.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Thumbnails: TypeAlias = NDArray[np.uint8]  # n × 64 × 64
Pictures: TypeAlias = NDArray[np.floating]  # n × side × side or n × side², float32, levels of grey, 0 to 255
Maps: TypeAlias = NDArray[np.float64]  # n × 2 × 3
Guesses: TypeAlias = NDArray[np.float64]  # n × guesses × 2 × 3: several maps for a pair
Values: TypeAlias = NDArray[np.floating]  # n, float32

_PAIRS = 32  # aligned at a time: their pixels stay in the cache
_COARSE_STEPS, _FINE_STEPS = 8, 3
_LONGEST_STEP = 0.1  # of a side
_BLOCK = 8  # pixels on a side of a block
_TEXTURE = 25.0  # levels²: a block of less variance in both thumbnails is flat and does not count
_NOISE = 4.0  # levels²: the variance that recompression adds
_MIN_BLOCKS = 6
_MIN_OVERLAP = 0.55  # of the first thumbnail


def similarity(first: Thumbnails, second: Thumbnails, guesses: Guesses) -> Values:
    """Return, for each pair, the correlation that two thirds of the textured blocks reach after alignment.

    A caption, a watermark or a frame may cover the other third. Most copies are at 0.8 or above. A pair's value does
    not depend on the other pairs.

    Args:
        first: n thumbnails, n × 64 × 64, uint8.
        second: the thumbnails to compare them with, n × 64 × 64, uint8.
        guesses: initial maps, n × guesses × 2 × 3; one of them should be right within a few pixels.

    Returns:
        n values, −1 to 1, float32; 0 if the pictures overlap in less than 55 % of the one that shows less of the
        scene, or have fewer than 6 textured blocks.
    """
    values = np.empty(len(first), np.float32)
    for low in range(0, len(first), _PAIRS):
        part = slice(low, low + _PAIRS)
        values[part] = _similarity(first[part].astype(np.float32), second[part].astype(np.float32), guesses[part])
    return values


def _similarity(first: Pictures, second: Pictures, guesses: Guesses) -> Values:
    maps = _best_guess(_half_size(first), _half_size(second), guesses)
    # `first` is to be the picture that shows less of the scene.
    swapped = np.abs(np.linalg.det(maps[:, :, :2])) > 1
    maps[swapped] = _inverse(maps[swapped])
    first, second = np.where(swapped[:, None, None], (second, first), (first, second))
    coarse = _gauss_newton(_half_size(first), _half_size(second), maps, _COARSE_STEPS)
    # In a row of equal windows the coarse level may slip by one window: it must not make the result worse.
    slipped = _block_similarity(first, second, coarse) < _block_similarity(first, second, maps)
    maps = _gauss_newton(first, second, np.where(slipped[:, None, None], maps, coarse), _FINE_STEPS)
    # One of the two may have been blurred, by downscaling or by strong compression.
    versions = ((first, second), (_blurred(first), second), (first, _blurred(second)))
    return np.asarray(np.maximum.reduce([_block_similarity(one, other, maps) for one, other in versions]))


def _best_guess(first: Pictures, second: Pictures, guesses: Guesses) -> Maps:
    """Return, for each pair, the map with the highest correlation; of equals, the first."""
    count, side, _ = first.shape
    flat = first.reshape(count, -1)
    correlations = np.empty(guesses.shape[:2], np.float32)
    for number in range(guesses.shape[1]):
        warped, inside = _warp(second, guesses[:, number], side)
        overlap = inside.astype(np.float32)
        one, other = flat - _mean(flat, overlap), warped - _mean(warped, overlap)
        spread = np.sqrt(_mean(one**2, overlap) * _mean(other**2, overlap)) + np.float32(1e-3)
        correlations[:, number] = (_mean(one * other, overlap) / spread)[:, 0]
    return np.asarray(guesses[np.arange(count), correlations.argmax(axis=1)])


def _gauss_newton(first: Pictures, second: Pictures, maps: Maps, steps: int) -> Maps:
    """Return `maps` after some Gauss–Newton steps that minimise the weighted residual; gain and bias are free.

    Inverse compositional algorithm: Baker, Matthews: Lucas-Kanade 20 years on, IJCV 56 (2004). The weights are those
    of Cauchy's M-estimator, since a caption or a frame is not part of the picture.
    """
    count, side, _ = first.shape
    y, x = (axis - np.float32(0.5) for axis in _grid(side))  # from the middle: the parameters are nearly uncorrelated
    slope_y, slope_x = (slope.reshape(count, -1) * side for slope in np.gradient(first, axis=(1, 2)))
    flat = first.reshape(count, -1)
    jacobian = np.stack(
        [slope_x * x, slope_x * y, slope_x, slope_y * x, slope_y * y, slope_y, np.ones_like(flat), flat], axis=1
    )
    # Captions and frames are at the edges: the first step ignores the edges.
    weights = np.broadcast_to(np.maximum(np.abs(x), np.abs(y)) < np.float32(0.4), flat.shape).astype(np.float32)
    for _ in range(steps):
        warped, inside = _warp(second, maps, side)
        overlap = inside.astype(np.float32)
        residual = _residual(flat, warped, overlap * weights)
        # Standard deviation of the residual from its median (MAD) over every third pixel, at least 2 levels.
        scale = np.float32(1.4826) * np.median(np.abs(residual[:, ::3]), axis=1, keepdims=True) + 2
        weights = np.float32(1) / (1 + (residual / (2 * scale)) ** 2)
        weighted = jacobian * (overlap * weights)[:, None]
        normal = np.matmul(weighted, jacobian.transpose(0, 2, 1)).astype(np.float64)
        target = np.matmul(weighted, residual[:, :, None]).astype(np.float64)
        maps = _compose(maps, np.clip(_solve(normal, target)[:, :6], -_LONGEST_STEP, _LONGEST_STEP))
    return maps


def _residual(first: Pictures, second: Pictures, weights: Pictures) -> Pictures:
    """Return `second` − `first` for each pixel, after scaling `second` to the mean and the spread of `first`."""
    first = first - _mean(first, weights)
    second = second - _mean(second, weights)
    gain = np.sqrt((_mean(first**2, weights) + 1e-3) / (_mean(second**2, weights) + 1e-3))
    return second * gain - first


def _mean(values: Pictures, weights: Pictures) -> Pictures:
    return (values * weights).sum(axis=1, keepdims=True) / (weights.sum(axis=1, keepdims=True) + np.float32(1e-3))  # type: ignore[no-any-return]


def _solve(normal: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve the normal equations, scaled to a unit diagonal and damped, so that flat pictures are not singular."""
    scale = 1 / np.sqrt(np.einsum("nii->ni", normal) + 1e-6)[:, :, None]
    scaled = normal * scale * scale.transpose(0, 2, 1) + 1e-4 * np.eye(normal.shape[1])
    return (np.linalg.solve(scaled, target * scale) * scale)[:, :, 0]  # type: ignore[no-any-return]


def _compose(maps: Maps, steps: NDArray[np.float64]) -> Maps:
    """Return each map composed with the inverse of a small affine update (n × 6, relative to the middle)."""
    small = np.zeros((len(steps), 3, 3))
    small[:, :2] = steps.reshape(-1, 2, 3)
    small += np.eye(3)
    to_middle = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    from_middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return maps @ (from_middle @ np.linalg.inv(small) @ to_middle)  # type: ignore[no-any-return]


def _inverse(maps: Maps) -> Maps:
    linear = np.linalg.inv(maps[:, :, :2])
    return np.concatenate([linear, -linear @ maps[:, :, 2:]], axis=2)


def _warp(pictures: Pictures, maps: Maps, side: int) -> tuple[Pictures, NDArray[np.bool_]]:
    """Return `pictures` sampled through `maps` at side² points (bilinear), and whether each point is inside."""
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


def _block_similarity(first: Pictures, second: Pictures, maps: Maps) -> Values:
    """Return the correlation that two thirds of the textured blocks reach through these maps."""
    side = first.shape[1]
    warped, inside = _warp(second, maps, side)
    overlap = inside.reshape(first.shape).astype(np.float32)
    # The outermost pixels of the first may be mixed with what surrounds it in the other.
    overlap[:, (0, -1)] = overlap[:, :, (0, -1)] = 0
    overlap = _blocks(overlap)
    share = overlap.mean(axis=2)
    one, other = (_centered(_blocks(p), overlap) for p in (first, warped.reshape(first.shape)))
    variance, other_variance, covariance = (
        (a * b).mean(axis=2) / (share + 1e-6) for a, b in ((one, one), (other, other), (one, other))
    )
    local = covariance / np.sqrt((variance + _NOISE) * (other_variance + _NOISE))
    counts = (share >= 0.75) & (np.maximum(variance, other_variance) > _TEXTURE)
    number = counts.sum(axis=1)
    ordered = np.sort(np.where(counts, local, np.inf), axis=1)
    reached = np.take_along_axis(ordered, np.maximum(number - 1, 0)[:, None] // 3, axis=1)[:, 0]
    enough = (number >= _MIN_BLOCKS) & (share.mean(axis=1) >= _MIN_OVERLAP)
    return np.where(enough, reached, np.float32(0))


def _blocks(pictures: Pictures) -> NDArray[np.floating]:
    """Reshape n × side × side to n × blocks × pixels."""
    count, side, _ = pictures.shape
    blocks = pictures.reshape(count, side // _BLOCK, _BLOCK, side // _BLOCK, _BLOCK).transpose(0, 1, 3, 2, 4)
    return blocks.reshape(count, -1, _BLOCK * _BLOCK)


def _centered(blocks: NDArray[np.floating], overlap: NDArray[np.floating]) -> NDArray[np.floating]:
    """Subtract from each block its mean over the overlap; pixels outside the overlap become 0."""
    mean = (blocks * overlap).sum(axis=2, keepdims=True) / (overlap.sum(axis=2, keepdims=True) + np.float32(1e-6))
    return np.asarray((blocks - mean) * overlap)


def _grid(side: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return y and x of the centres of side × side pixels, row by row."""
    middles = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    y, x = np.meshgrid(middles, middles, indexing="ij")
    return y.ravel(), x.ravel()


def _half_size(pictures: Pictures) -> Pictures:
    """Return the coarse level of the pyramid: half the size, blurred, so that gradients point further."""
    small = (pictures[:, ::2, ::2] + pictures[:, 1::2, ::2] + pictures[:, ::2, 1::2] + pictures[:, 1::2, 1::2]) / 4
    return _blurred(small)


def _blurred(pictures: Pictures) -> Pictures:
    """Blur with the kernel 1 2 1 along both axes."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
