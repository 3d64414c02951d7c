"""Every picture that the product writes of generated images is marked: what a real `dvc repro` and the commands wrote.

A writer that is added later fails here unless it marks its pictures.
"""

import base64
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from common.formats import sniff
from tests.e2e.clones import Clone
from tests.marks import source_type
from train import mark

pytestmark = pytest.mark.integration

PICTURES = ("png", "gif", "webp", "jpeg", "avif", "tiff", "bmp", "jxl")
COMPOSITES = ("nearest.png", "farthest.png")
"""Generated images above photographs."""


def pictures(folder: Path) -> dict[Path, bytes]:
    """Every picture below a folder, by its content and not by its name."""
    files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {path: file for path, file in files.items() if sniff(file) in PICTURES}


def embedded(html: str) -> Iterator[tuple[str, bytes]]:
    """Every picture in a page, and the tag or the rule that contains it."""
    for match in re.finditer(r"<[^<>]*data:image/[a-z]+;base64,([\w+/=]+)[^<>]*>|url\(data:[^,]+,([\w+/=]+)\)", html):
        yield match[0], base64.b64decode(match[1] or match[2])


def test_every_picture_of_a_model_is_marked_with_its_generator(reproduced: Clone) -> None:
    model = reproduced.folder / "models/facade"
    made = mark.of_generator(model / "generator.safetensors")
    found = pictures(reproduced.folder / "models")
    assert {path.suffix for path in found} == {".png", ".gif"}
    assert len(found) > 8
    for path, file in found.items():
        expected = "compositeSynthetic" if path.name in COMPOSITES else "trainedAlgorithmicMedia"
        assert source_type(file) == expected, path
        for fact in (made.generator, made.dataset):
            assert fact.encode() in file, path


def test_in_the_report_every_generated_picture_is_marked_and_no_photograph(reproduced: Clone) -> None:
    report = reproduced.folder / "report"
    assert not pictures(report), "pictures beside the page would need a test of their own"
    found = list(embedded((report / "index.html").read_text()))
    photographs = [(where, file) for where, file in found if where.startswith("url(") or " real facades" in where]
    assert len(photographs) > 3
    assert {source_type(file) for _, file in photographs} == {""}
    generated = [one for one in found if one not in photographs]
    assert len(generated) >= 8
    for where, file in generated:
        assert source_type(file) in ("trainedAlgorithmicMedia", "compositeSynthetic"), where[-200:]


def test_what_commands_draw_is_marked(copy: Clone) -> None:
    drawn = copy.folder / "drawn"
    for command in (
        "sample facade -n 2 --out drawn/samples",
        "interpolate facade -n 2 --out drawn/film.gif",
        "interpolate facade -n 2 --frames --out drawn/frames",
        "pick facade -n 2 --out drawn/pick.html",
        "memorization facade -n 10 --html drawn/memorization.html",
    ):
        copy.run("facades", "model", *command.split())
    made = mark.of_generator(copy.folder / "models/facade/generator.safetensors")
    files = [*pictures(drawn).values()]
    for page in sorted(drawn.glob("*.html")):
        html = page.read_text()
        assert 'itemprop="digitalSourceType"' in html
        files += [file for _, file in embedded(html)]
    assert len(files) == 3 + 1 + 48 + 2 + 1
    assert all(source_type(file) in ("trainedAlgorithmicMedia", "compositeSynthetic") for file in files)
    assert all(made.generator.encode() in file and made.dataset.encode() in file for file in files)


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed (Debian: apt install libimage-exiftool-perl)"
)
def test_exiftool_reads_every_mark_of_a_model(reproduced: Clone) -> None:
    model = reproduced.folder / "models/facade"
    made = mark.of_generator(model / "generator.safetensors")
    names = ("XMP-iptcExt:DigitalSourceType", "XMP-facades:Generator", "XMP-facades:Dataset")
    output = reproduced.run("exiftool", "-q", "-json", "-G1", *(f"-{name}" for name in names), "-r", str(model))
    found = {Path(one["SourceFile"]): tuple(one.get(name) for name in names) for one in json.loads(output.stdout)}
    found = {path: values for path, values in found.items() if path.suffix in (".png", ".gif")}
    assert set(found) == set(pictures(model))
    for path, values in found.items():
        term = "compositeSynthetic" if path.name in COMPOSITES else "trainedAlgorithmicMedia"
        assert values == (mark.SOURCE_TYPES + term, made.generator, made.dataset), path


def test_what_the_product_drew_never_enters_a_dataset(copy: Clone, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn"
    copy.run("facades", "model", "sample", "facade", "-n", "3", "--out", str(drawn))
    copy.params(lambda p: p["sources"].update(drawn={"kind": "folder", "path": str(drawn), "license": "CC0-1.0"}))
    copy.repro("curate")
    rows = pq.read_table(copy.folder / "data/dataset/manifest.parquet", filters=[("source", "==", "drawn")]).to_pylist()
    reasons = Counter(row["reason"] for row in rows)
    assert set(reasons) == {"synthetic", "not_an_image"}  # what is beside the pictures
    assert reasons["synthetic"] == 4
    drawn_image = next(row["sha256"] for row in rows if row["reason"] == "synthetic")
    why = copy.run("facades", "dataset", "why", drawn_image).stdout
    assert "curate.where.digital_source_type" in why
