"""The dirt: every kind is there at any size, and is what its truth says."""

import hashlib
import io
import json
import os
import subprocess
import sys

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps, ImageSequence

from common.errors import UserError
from crawler.archive.schemas import Outcome
from crawler.spiders.demo.town.dirt import COPIES, NEAR_DUPLICATES, PER_1200, Kind
from crawler.spiders.demo.town.draw import draw
from crawler.spiders.demo.town.items import SITE, Town
from crawler.spiders.demo.town.spoil import BOMB_SIDE
from tests.crawler.spiders.demo.truth import truth_of


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(seed=7, buildings=40)


@pytest.fixture(scope="module")
def picture(town):
    """The file of the first item of a kind."""
    return lambda kind: town.picture(first(town, kind))


def first(town, kind):
    return next(item for item in town.items if item.kind is kind)


def opened(file):
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


@pytest.mark.parametrize("buildings", [20, 40, 1200])
def test_every_kind_is_there_at_any_size(buildings: int) -> None:
    kinds = [item.kind for item in Town(7, buildings).items]
    assert set(kinds) == set(Kind)
    assert kinds.count(Kind.BUILDING) == buildings


def test_dirt_is_a_fifth_of_the_default_town() -> None:
    town = Town()
    assert 0.15 <= len(town.items) / town.buildings - 1 <= 0.20


def test_too_small_a_town_is_refused() -> None:
    with pytest.raises(UserError, match="buildings: found 19, expected at least 20"):
        Town(7, 19)


@pytest.mark.integration
def test_another_process_builds_the_same_town(town: Town) -> None:
    program = (
        "import hashlib, json; from crawler.spiders.demo.town.items import Town; town = Town(7, 40);"
        "print(json.dumps([repr(town.items), repr(town.districts),"
        "[hashlib.sha256(town.picture(item)).hexdigest() for item in town.items[40:50]]]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    there = json.loads(
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment).stdout
    )
    here = [hashlib.sha256(town.picture(item)).hexdigest() for item in town.items[40:50]]
    assert there == [repr(town.items), repr(town.districts), here]


def test_urls_are_unique_and_hold_no_port(town: Town) -> None:
    truth = truth_of(town)
    assert len({entry.url for entry in truth}) == len({entry.page_url for entry in truth}) == len(truth)
    assert all(entry.url.startswith(f"{SITE}/") for entry in truth)


def test_truth_names_the_original_of_every_copy_and_each_original_once(town: Town) -> None:
    truth = {entry.url: entry for entry in truth_of(town)}
    originals = [entry.of for entry in truth.values() if entry.of]
    assert len(set(originals)) == len(originals)
    for entry in truth.values():
        assert (entry.of is not None) == (entry.kind in (*COPIES, Kind.HARD_NEGATIVE))
        if entry.of:
            assert truth[entry.of].kind is Kind.BUILDING


def test_truth_expects_what_servers_do(town: Town) -> None:
    outcomes = {entry.kind: entry.outcome for entry in truth_of(town)}
    assert outcomes[Kind.GONE] is Outcome.HTTP_ERROR
    assert outcomes[Kind.PRIVATE] is Outcome.ROBOTS
    assert outcomes[Kind.HEALING] is Outcome.STORED
    assert {kind for kind, outcome in outcomes.items() if outcome is Outcome.STORED} >= set(COPIES)
    private = next(entry for entry in truth_of(town) if entry.kind is Kind.PRIVATE)
    assert private.url == private.page_url


def test_licences_are_missing_only_where_the_truth_has_none(town: Town) -> None:
    for entry, item in zip(truth_of(town), town.items, strict=True):
        closed = item.kind in (Kind.UNLICENSED, Kind.RESERVED)
        assert (entry.license == "unknown") == closed == (item.credit is None)
        assert bool(item.rights) == (item.kind is Kind.RESERVED)


def test_exact_copies_are_exact(town: Town) -> None:
    copies = [item for item in town.items if item.kind is Kind.EXACT_COPY]
    for item in copies:
        assert item.of is not None
        assert town.picture(item) == town.picture(town.items[item.of])
        assert item.image != town.items[item.of].image


@pytest.mark.parametrize("kind", NEAR_DUPLICATES)
def test_near_duplicates_differ_in_bytes_and_agree_in_looks(town, kind):
    item = first(town, kind)
    copy, original = town.picture(item), town.picture(town.items[item.of])
    assert copy != original
    there = ImageOps.mirror(opened(copy)) if kind is Kind.MIRRORED else opened(copy)
    # Within 14 of 64 bits lie nearly all the true pairs of real photographs under these attacks; strangers are at 32.
    assert imagehash.phash(there) - imagehash.phash(opened(original)) <= 14


def test_a_mirrored_copy_is_far_from_its_original_until_mirrored_back(town: Town) -> None:
    item = first(town, Kind.MIRRORED)
    original = opened(town.picture(town.items[item.of]))
    mirrored = opened(town.picture(item))
    assert pixel_distance(ImageOps.mirror(mirrored), original) < 6 < pixel_distance(mirrored, original)


def test_a_crop_takes_2_to_8_percent(town: Town) -> None:
    item = first(town, Kind.CROPPED)
    copy, original = opened(town.picture(item)), opened(town.picture(town.items[item.of]))
    for after, before in zip(copy.size, original.size, strict=True):
        assert 0.01 < 1 - after / before < 0.09


def test_hard_negatives_are_other_buildings() -> None:
    town = Town(7, 120)
    for item in (item for item in town.items if item.kind is Kind.HARD_NEGATIVE):
        assert item.of is not None
        other, original = opened(town.picture(item)), opened(town.picture(town.items[item.of]))
        assert other.size == original.size
        assert pixel_distance(other, original) > 20


def pixel_distance(one, other):
    """Mean absolute difference of 64×64 versions, in 8-bit levels."""
    pair = [
        np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.float64) for image in (one, other)
    ]
    return np.abs(pair[0] - pair[1]).mean()


@pytest.mark.parametrize(
    ("kind", "form", "mode"),
    [
        (Kind.WEBP, "WEBP", "RGB"),
        (Kind.AVIF, "AVIF", "RGB"),
        (Kind.PNG_ALPHA, "PNG", "RGBA"),
        (Kind.PALETTE, "PNG", "P"),
        (Kind.CMYK, "JPEG", "CMYK"),
        (Kind.ANIMATED_GIF, "GIF", "P"),
        (Kind.GREYSCALE, "JPEG", "L"),
        (Kind.THUMBNAIL, "JPEG", "RGB"),
        (Kind.TEXT_BANNER, "JPEG", "RGB"),
    ],
)
def test_formats_are_what_they_claim(picture, kind, form, mode):
    image = opened(picture(kind))
    assert (image.format, image.mode) == (form, mode)


def test_alpha_is_really_transparent_somewhere(picture):
    assert opened(picture(Kind.PNG_ALPHA)).getchannel("A").getextrema() == (0, 255)


def test_the_gif_moves(picture):
    image = Image.open(io.BytesIO(picture(Kind.ANIMATED_GIF)))
    assert len(ImageSequence.all_frames(image)) == 3
    frames = []
    for frame in range(3):
        image.seek(frame)
        frames.append(np.asarray(image.convert("L"), np.float64).mean())
    assert frames[0] > frames[1] > frames[2]


def test_exif_stands_the_rotated_up_again(town: Town) -> None:
    item = first(town, Kind.EXIF_ROTATED)
    image = opened(town.picture(item))
    assert image.getexif()[274] in (3, 6, 8)
    assert pixel_distance(ImageOps.exif_transpose(image), draw(town.design(item))) < 4


def test_a_drawing_is_white_with_some_black(picture):
    levels = np.asarray(opened(picture(Kind.LINE_DRAWING)).convert("L"))
    assert (levels > 200).mean() > 0.6
    assert (levels < 100).mean() > 0.01


def test_a_banner_is_a_strip_and_a_thumbnail_is_tiny(picture):
    width, height = opened(picture(Kind.TEXT_BANNER)).size
    assert width / height > 5
    assert max(opened(picture(Kind.THUMBNAIL)).size) < 64


def test_truncated_files_begin_well_and_end_early(picture):
    file = picture(Kind.TRUNCATED)
    assert file.startswith(b"\xff\xd8")
    with pytest.raises(OSError, match="truncated"):
        opened(file)


def test_html_is_not_an_image_and_no_two_are_the_same(town: Town) -> None:
    files = [town.picture(item) for item in town.items if item.kind in (Kind.HTML_PAGE, Kind.HTML_AS_JPEG)]
    assert len(set(files)) == len(files)
    assert all(file.startswith(b"<!DOCTYPE html>") for file in files)


def test_the_bomb_is_small_and_huge(picture):
    file = picture(Kind.BOMB)
    assert len(file) < 200_000
    assert (int.from_bytes(file[16:20]), int.from_bytes(file[20:24])) == (BOMB_SIDE, BOMB_SIDE)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(file))


def test_every_kind_of_dirt_has_a_number() -> None:
    assert set(PER_1200) == set(Kind) - {Kind.BUILDING}


def test_authors_recur_and_some_are_missing() -> None:
    authors = [item.author for item in Town().items]
    assert len(set(authors)) < 40
    assert 0.02 < authors.count("") / len(authors) < 0.06


def test_even_a_small_town_has_hostile_text(town: Town) -> None:
    assert any("<script>" in item.title for item in town.items)
    assert any("<" in item.author for item in town.items)
