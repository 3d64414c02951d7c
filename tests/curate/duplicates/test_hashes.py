"""Hashes: bit for bit those of imagehash, and parts of copies that agree."""

from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from curate.crop import thumbnail
from curate.duplicates.hashes import FRAMES, hashes
from curate.schemas import PROBES
from tests.curate.pictures import facade


def of_imagehash(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.array([int(str(imagehash.phash(Image.fromarray(t))), 16) for t in thumbnails], np.uint64)


def bits_apart(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.asarray(np.bitwise_count(one ^ other))


def test_phash_is_imagehash_on_photographs(photographs: list[Path]) -> None:
    thumbnails = np.stack([thumbnail(Image.open(path).convert("RGB")) for path in photographs])
    np.testing.assert_array_equal(hashes(thumbnails)[0], of_imagehash(thumbnails))


def test_phash_is_imagehash_where_the_last_bit_decides() -> None:
    rng = np.random.default_rng(1)
    half = rng.integers(0, 256, (20, 64, 32), np.uint8)
    flat = np.full((6, 64, 64), [[[0]], [[1]], [[77]], [[128]], [[254]], [[255]]], np.uint8)
    symmetric = np.concatenate([half, half[:, :, ::-1]], axis=2)
    stripes = np.zeros((2, 64, 64), np.uint8)
    stripes[0, ::2], stripes[1, :, ::4] = 255, 255
    thumbnails = np.concatenate([flat, symmetric, symmetric.transpose(0, 2, 1), stripes])
    np.testing.assert_array_equal(hashes(thumbnails)[0], of_imagehash(thumbnails))


def test_a_hash_does_not_depend_on_its_neighbours() -> None:
    thumbnails = np.stack([thumbnail(facade(seed)) for seed in range(40)])
    together = hashes(thumbnails)
    alone = [hashes(thumbnails[row : row + 1]) for row in range(40)]
    np.testing.assert_array_equal(together[0], np.concatenate([phash for phash, _ in alone]))
    np.testing.assert_array_equal(together[1], np.concatenate([probes for _, probes in alone]))


def test_the_last_probe_is_the_mirrored_picture() -> None:
    for seed in range(20):
        view = thumbnail(facade(seed))[None]
        mirrored = hashes(view[:, :, ::-1])[0]
        assert bits_apart(hashes(view)[1][:, -1], mirrored) <= 2


def test_each_probe_is_the_hash_of_its_part() -> None:
    for seed in range(20):
        image = facade(seed, 400, 400)  # two hashes of unlike pictures are about 32 bits apart
        probes = hashes(thumbnail(image)[None])[1][0]
        assert len(probes) == PROBES == len(FRAMES)
        for probe, (top, bottom, left, right) in zip(probes[:-1], FRAMES[1:], strict=True):
            part = image.crop(tuple(round(400 * edge) for edge in (left, top, right, bottom)))
            assert bits_apart(probe, hashes(thumbnail(part)[None])[0]) <= 8


def test_a_mirrored_photograph_matches_its_original(photographs: list[Path]) -> None:
    images = [Image.open(path).convert("RGB") for path in photographs[:60]]
    originals = np.stack([thumbnail(image) for image in images])
    mirrored = np.stack([thumbnail(ImageOps.mirror(image)) for image in images])
    assert (bits_apart(hashes(originals)[1][:, -1], hashes(mirrored)[0]) <= 8).all()
