"""Perceptual hashes: 64 bits that stay nearly the same when a picture is scaled, recompressed or retouched."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fftpack  # type: ignore[import-untyped]

from curate.schemas import PROBES, THUMBNAIL_SIDE

_SIDE = 32  # pixels on a side that pHash looks at
_BITS = 8  # frequencies on a side that it keeps

FRAMES: NDArray[np.float64] = np.array(
    [
        # top, bottom, left, right, as shares of the picture
        (0.00, 1.00, 0.00, 1.00),
        (0.04, 0.96, 0.04, 0.96),
        (0.06, 0.94, 0.06, 0.94),
        (0.08, 0.92, 0.08, 0.92),
        (0.10, 0.90, 0.10, 0.90),
        (0.10, 1.00, 0.00, 1.00),
        (0.00, 0.90, 0.00, 1.00),
        (0.00, 1.00, 0.10, 1.00),
        (0.00, 1.00, 0.00, 0.90),
    ]
)
"""The parts of a picture that are hashed: the whole, its middle, and all but one edge (a banner, a strip).

What is cropped, framed or captioned differently in two copies still agrees in one part of one and one of the other.
"""


def hashes(thumbnails: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The pHash of each thumbnail (n × 64 × 64, uint8), n values, and its probes, n × PROBES; both uint64.

    The pHash is, bit for bit, `int(str(imagehash.phash(Image.fromarray(thumbnail))), 16)`: Pillow's Lanczos filter to
    32 × 32, scipy's DCT-II of columns, then of rows, and one bit for each of the 8 × 8 lowest frequencies, set where it
    is above their median. (http://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html. Another DCT
    differs in its last bit, which decides wherever a picture is flat or symmetric.)
    The probes are pHashes too, of the parts in FRAMES, scaled with a triangle filter, and then of the mirrored picture.
    """
    whole = _whole_spectra(thumbnails)
    # Mirroring turns the sign of odd horizontal frequencies.
    mirrored = whole * (-1.0) ** np.arange(_BITS)
    spectra = np.concatenate([whole[:, None], _part_spectra(thumbnails), mirrored[:, None]], axis=1)
    flat = spectra.reshape(len(spectra), 1 + PROBES, _BITS * _BITS)
    middle = np.sort(flat, axis=2)[:, :, _BITS * _BITS // 2 - 1 : _BITS * _BITS // 2 + 1]
    above = flat > middle.mean(axis=2, keepdims=True)
    codes = np.packbits(above, axis=2).view(">u8")[:, :, 0].astype(np.uint64)
    return codes[:, 0], codes[:, 1:]


def _whole_spectra(thumbnails: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The lowest frequencies of each thumbnail: n × 8 × 8, vertical then horizontal."""
    count = len(thumbnails)
    # All at once, one upon the other and then side by side: each is scaled along one axis, and meets no neighbour.
    above = Image.fromarray(thumbnails.reshape(-1, THUMBNAIL_SIDE))
    narrow = np.asarray(above.resize((_SIDE, above.height), Image.Resampling.LANCZOS))
    beside = narrow.reshape(count, THUMBNAIL_SIDE, _SIDE).transpose(1, 0, 2).reshape(THUMBNAIL_SIDE, -1)
    small = np.asarray(Image.fromarray(beside).resize((count * _SIDE, _SIDE), Image.Resampling.LANCZOS))
    spectra = fftpack.dct(small.reshape(_SIDE, count, _SIDE), axis=0)[:_BITS]
    return np.asarray(fftpack.dct(spectra, axis=2)[:, :, :_BITS].transpose(1, 0, 2))


def _part_spectra(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The same of every frame but the first: n × 8 × 8 × 8."""
    rows = np.matmul(_ROWS, thumbnails.astype(np.float32)).reshape(len(thumbnails), PROBES - 1, _BITS, THUMBNAIL_SIDE)
    return np.asarray(np.matmul(rows, _COLUMNS))


def _projection(start: float, stop: float) -> NDArray[np.float32]:
    """From the pixels along a thumbnail to the 8 lowest frequencies of its part from `start` to `stop`: 8 × 64."""
    step = (stop - start) * THUMBNAIL_SIDE / _SIDE
    centers = start * THUMBNAIL_SIDE + (np.arange(_SIDE) + 0.5) * step
    distance = np.abs(np.arange(THUMBNAIL_SIDE) + 0.5 - centers[:, None]) / max(step, 1)
    weights = np.clip(1 - distance, 0, None)
    frequencies = np.arange(_BITS)[:, None] * (2 * np.arange(_SIDE) + 1)
    dct = np.cos(np.pi * frequencies / (2 * _SIDE))
    return np.asarray(dct @ (weights / weights.sum(axis=1, keepdims=True)), np.float32)


_ROWS = np.concatenate([_projection(top, bottom) for top, bottom, _, _ in FRAMES[1:]])
_COLUMNS = np.stack([_projection(left, right).T for _, _, left, right in FRAMES[1:]])
