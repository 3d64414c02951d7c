"""Perceptual hashes: 64 bits that hardly change when a picture is scaled, recompressed or retouched."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fftpack

from curate.schemas import PROBES, THUMBNAIL_SIDE

_SIDE = 32  # pixels on a side of the picture that is transformed
_BITS = 8  # frequencies per axis in the hash

FRAMES: NDArray[np.float64] = np.array(
    [
        # top, bottom, left, right, as fractions of the sides
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

Two copies that are cropped, framed or captioned differently still agree in a part of one and a part of the other.
"""


def hashes(thumbnails: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the pHash and the probes of each thumbnail.

    The pHash is, bit for bit, `int(str(imagehash.phash(Image.fromarray(thumbnail))), 16)`, computed for many thumbnails
    at once: Pillow's Lanczos filter to 32 × 32, scipy's DCT-II of columns, then of rows, and one bit for each of the
    8 × 8 lowest frequencies, set if it is above their median
    (http://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html). Another implementation of the DCT may
    differ in the last bit of a float, which decides where a picture is flat or symmetric.

    The probes are pHashes of the parts in FRAMES, scaled with a triangle filter, and of the mirror image.

    Args:
        thumbnails: n × 64 × 64, uint8, grey.

    Returns:
        The pHashes, n, and the probes, n × PROBES; both uint64.
    """
    whole = _whole_spectra(thumbnails)
    # Mirroring changes the sign of odd horizontal frequencies.
    mirrored = whole * (-1.0) ** np.arange(_BITS)
    spectra = np.concatenate([whole[:, None], _part_spectra(thumbnails), mirrored[:, None]], axis=1)
    flat = spectra.reshape(len(spectra), 1 + PROBES, _BITS * _BITS)
    middle = np.sort(flat, axis=2)[:, :, _BITS * _BITS // 2 - 1 : _BITS * _BITS // 2 + 1]
    above = flat > middle.mean(axis=2, keepdims=True)
    codes = np.packbits(above, axis=2).view(">u8")[:, :, 0].astype(np.uint64)
    return codes[:, 0], codes[:, 1:]


def _whole_spectra(thumbnails: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the lowest frequencies of each thumbnail: n × 8 × 8, vertical, then horizontal."""
    count = len(thumbnails)
    # All at once, stacked for the horizontal pass and side by side for the vertical one: neighbours do not mix.
    stacked = Image.fromarray(thumbnails.reshape(-1, THUMBNAIL_SIDE))
    narrow = np.asarray(stacked.resize((_SIDE, stacked.height), Image.Resampling.LANCZOS))
    side_by_side = narrow.reshape(count, THUMBNAIL_SIDE, _SIDE).transpose(1, 0, 2).reshape(THUMBNAIL_SIDE, -1)
    small = np.asarray(Image.fromarray(side_by_side).resize((count * _SIDE, _SIDE), Image.Resampling.LANCZOS))
    spectra = fftpack.dct(small.reshape(_SIDE, count, _SIDE), axis=0)[:_BITS]
    return np.asarray(fftpack.dct(spectra, axis=2)[:, :, :_BITS].transpose(1, 0, 2))


def _part_spectra(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the lowest frequencies of every part in FRAMES but the first: n × 8 × 8 × 8."""
    rows = np.matmul(_ROWS, thumbnails.astype(np.float32)).reshape(len(thumbnails), PROBES - 1, _BITS, THUMBNAIL_SIDE)
    return np.asarray(np.matmul(rows, _COLUMNS))


def _projection(start: float, stop: float) -> NDArray[np.float32]:
    """Return the matrix, 8 × 64, from a line of pixels to the 8 lowest frequencies of its part `start` to `stop`."""
    step = (stop - start) * THUMBNAIL_SIDE / _SIDE
    centers = start * THUMBNAIL_SIDE + (np.arange(_SIDE) + 0.5) * step
    distance = np.abs(np.arange(THUMBNAIL_SIDE) + 0.5 - centers[:, None]) / max(step, 1)
    weights = np.clip(1 - distance, 0, None)
    frequencies = np.arange(_BITS)[:, None] * (2 * np.arange(_SIDE) + 1)
    dct = np.cos(np.pi * frequencies / (2 * _SIDE))
    return np.asarray(dct @ (weights / weights.sum(axis=1, keepdims=True)), np.float32)


_ROWS = np.concatenate([_projection(top, bottom) for top, bottom, _, _ in FRAMES[1:]])
_COLUMNS = np.stack([_projection(left, right).T for _, _, left, right in FRAMES[1:]])
