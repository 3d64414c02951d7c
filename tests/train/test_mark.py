"""The mark of generated pictures, as we, Pillow, a browser's parser of XML and exiftool read it."""

import io
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from common.errors import UserError
from crawler.metadata.embedded_types import in_file
from crawler.metadata.source_types import most_synthetic
from train import evaluate, interpolate, mark, samples, trainer
from train.mark import Mark
from train.recipe import EvaluateParams, Recipe

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
FULL = Mark(dataset="d" * 64, generator="e" * 64, training="0123456789abcdef", step=250)
TINY = Recipe(steps=3, batch=8, latent=8, width_g=4, width_d=4, measure_every=2, measure_images=12, ema_images=50)

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed (Debian: apt install libimage-exiftool-perl)"
)


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8))


def properties(packet: str) -> dict[str, str | None]:
    """The properties of a packet by their local names."""
    (description,) = ElementTree.fromstring(packet).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    return {element.tag.partition("}")[2]: element.text for element in description}


def read_by_exiftool(*files: Path) -> list[dict[str, Any]]:
    command = ["exiftool", "-json", "-G1", "-XMP:all", "-validate", "-warning", *map(str, files)]
    found: list[dict[str, Any]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def test_a_packet_contains_what_is_known_and_nothing_else() -> None:
    assert properties(mark.xmp(FULL)) == {
        "DigitalSourceType": TRAINED,
        "AISystemUsed": "facades",
        "AISystemVersionUsed": "e" * 64,
        "generator": "e" * 64,
        "dataset": "d" * 64,
        "training": "0123456789abcdef",
        "step": "250",
    }
    assert properties(mark.xmp(Mark(step=0, composite=True))) == {
        "DigitalSourceType": COMPOSITE,
        "AISystemUsed": "facades",
        "step": "0",
    }


def test_text_in_a_foreign_model_breaks_neither_the_packet_nor_the_page() -> None:
    hostile = Mark(dataset='"><script>&\x00\n</facades:dataset>')
    assert properties(mark.xmp(hostile))["dataset"] == '"><script>& </facades:dataset>'
    assert "<script" not in mark.microdata(hostile)


def test_equal_marks_give_equal_bytes_and_others_give_others() -> None:
    assert samples.png(picture(), FULL) == samples.png(picture(), FULL)
    assert samples.png(picture(), FULL) != samples.png(picture(), Mark())


def test_a_marked_png_is_the_file_that_pillow_writes_and_one_chunk_more() -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    made = samples.png(picture(), FULL)
    start = made.index(b"iTXt") - 4
    length = int.from_bytes(made[start : start + 4], "big") + 12
    assert made[:start] + made[start + length :] == buffer.getvalue()


def test_microdata_say_the_same_in_html() -> None:
    class Properties(HTMLParser):
        found: dict[str, str] = {}  # noqa: RUF012  # of one parser only

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            self.found[values["itemprop"] or ""] = values["content"] or ""

    parser = Properties()
    parser.feed(mark.microdata(FULL))
    assert parser.found.pop("digitalSourceType") == TRAINED
    assert {name.removeprefix(mark.NAMESPACE): value for name, value in parser.found.items()} == {
        "generator": "e" * 64,
        "dataset": "d" * 64,
        "training": "0123456789abcdef",
        "step": "250",
    }


@pytest.mark.integration
@needs_exiftool
def test_exiftool_reads_png_and_gif(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(samples.png(picture(), FULL))
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 3, 16, 16), np.uint8))
    interpolate.save_gif(frames, tmp_path / "b.gif", FULL)
    for found in read_by_exiftool(tmp_path / "a.png", tmp_path / "b.gif"):
        assert found["XMP-iptcExt:DigitalSourceType"] == TRAINED
        assert found["XMP-iptcExt:AISystemUsed"] == "facades"
        assert found["XMP-iptcExt:AISystemVersionUsed"] == found["XMP-facades:Generator"] == "e" * 64
        assert found["XMP-facades:Dataset"] == "d" * 64
        assert found["XMP-facades:Training"] == "0123456789abcdef"
        assert found["XMP-facades:Step"] == 250
        assert not [text for name, text in found.items() if "Warning" in name]


def test_the_crawler_recognises_what_we_draw(tmp_path: Path) -> None:
    interpolate.save_gif(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), tmp_path / "a.gif", Mark())
    files = [samples.png(picture(), Mark()), samples.png(picture(), Mark(composite=True))]
    found = [most_synthetic(in_file(file)) for file in (*files, (tmp_path / "a.gif").read_bytes())]
    assert found == ["trainedAlgorithmicMedia", "compositeSynthetic", "trainedAlgorithmicMedia"]


@pytest.mark.integration
def test_every_picture_of_a_training_and_its_evaluation_names_the_generator(dataset: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    trainer.train(dataset, TINY, model, tmp_path / "state")
    params = EvaluateParams(n=10)
    weights = model / "generator.safetensors"
    evaluate.evaluate(dataset, weights, params, model / "metrics.json", model / "neighbours")
    made = mark.of_generator(weights)
    pictures = [path for path in model.rglob("*.*") if path.suffix not in (".safetensors", ".csv", ".json")]
    assert len(pictures) == 4 + 2 + 1 + 2
    for path in pictures:
        file = path.read_bytes()
        step = int(path.stem.removeprefix("step-")) if path.stem.startswith("step-") else made.step
        expected = Mark(made.dataset, made.generator, step=step, composite=path.parent.name == "neighbours")
        if path.suffix == ".gif":
            expected = Mark(made.dataset, made.generator)
        assert mark.xmp(expected).encode() in file, path
        assert file.count(b"<?xpacket begin") == 1


@pytest.mark.integration
def test_a_snapshot_names_its_training_as_long_as_no_generator_is_published(dataset: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int | None, note: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.train(dataset, TINY, tmp_path / "model", tmp_path / "state", stop)
    snapshots = sorted((tmp_path / "state").glob("*/samples/*.png"))
    assert [path.name for path in snapshots] == ["step-000000.png", "step-000001.png"]
    for step, path in enumerate(snapshots):
        with Image.open(path) as image:
            found = properties(image.info["xmp"].decode())
        assert found["training"] == path.parent.parent.name
        assert (found["step"], found.get("generator"), found["DigitalSourceType"]) == (str(step), None, TRAINED)
        assert found["dataset"]


def test_there_is_no_mark_of_a_generator_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        mark.of_generator(tmp_path / "generator.safetensors")
