import base64
import io
import json
import re
import runpy
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence
from safetensors.numpy import save_file

from common.errors import UserError
from common.files import write_table
from common.safe_text import one_line
from crawler.archive.schemas import FETCHES, IMAGES, Outcome, Role
from curate.rules import Filter
from curate.schemas import MANIFEST, Decision, Reason
from pipelines.report import charts, labels, model_section, selection
from pipelines.report.embedded import LARGEST_TILE, sprite
from pipelines.report.histogram import histogram
from pipelines.report.inputs import SourcePaths
from pipelines.report.write import write_report

made = runpy.run_path(str(Path(__file__).with_name("report_inputs.py")))
write_inputs, draw_facade, HOSTILE_TITLES, MEASURES = (
    made[name] for name in ("write_inputs", "draw_facade", "HOSTILE_TITLES", "MEASURES")
)


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], inside: tuple[str, ...]) -> None:
        self.tag, self.attributes, self.inside = tag, attributes, inside


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, each with the ids that it lies in; and the text."""

    VOID = frozenset({"meta", "link", "img", "source", "br", "line", "circle", "path"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.text = ""
        self.open: list[tuple[str, str]] = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(one for _, one in self.open if one)))
        if tag not in self.VOID:
            self.open.append((tag, attributes.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, ()))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1][0] != "style":
            self.text += data

    def all(self, tag: str, inside: str = "") -> list[Element]:
        return [one for one in self.elements if one.tag == tag and (not inside or inside in one.inside)]

    def tiles(self, inside: str) -> list[Element]:
        return [one for one in self.all("span", inside) if "crop" in one.attributes.get("class", "")]


def report(inputs: Any, out: Path) -> Page:
    write_report(sources=inputs.sources, dataset=inputs.dataset, models=inputs.models, out=out)
    return Page(out)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def page(inputs: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(inputs, tmp_path_factory.mktemp("report") / "index.html")


def funnel_rows(page: Page) -> list[tuple[str, int]]:
    table = re.search(r'<table class="funnel">.*?</table>', page.html, re.DOTALL)
    assert table
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', table[0], re.DOTALL)
    return [(re.sub("<.*?>", "", name), int(number.replace("−", "-").replace(",", ""))) for name, number in rows]


def test_funnel_adds_up_to_what_the_tables_hold(inputs: Any, page: Page) -> None:
    rows = funnel_rows(page)
    outcomes = Counter(fetch["outcome"] for fetch in inputs.fetches)
    reasons = Counter(row["reason"] for row in inputs.manifest if row["decision"] == Decision.DROPPED)
    kept = sum(row["decision"] == Decision.KEPT for row in inputs.manifest)
    stored = sum(fetch["role"] == Role.IMAGE for fetch in inputs.fetches if fetch["outcome"] in ("stored", "unchanged"))
    expected = [("URLs tried", len(inputs.fetches))]
    expected += [("pages, which link to images", stored - outcomes["stored"] - outcomes["unchanged"])]
    expected += [(labels.OUTCOMES[one], -outcomes[one]) for one in Outcome if one not in ("stored", "unchanged")]
    expected += [("images stored", stored), ("same bytes as another URL", len(inputs.manifest) - stored)]
    expected += [("distinct images", len(inputs.manifest))]
    expected += [(labels.REASONS[reason], -reasons[reason]) for reason in Reason]
    expected += [("facades kept", kept)]
    assert rows == expected
    left = 0
    for _, number in rows:  # a step is what the losses before it left
        if number > 0:
            assert left in (0, number)
            left = number
        else:
            left += number


def test_every_outcome_and_reason_has_words() -> None:
    assert set(labels.OUTCOMES) == set(Outcome)
    assert set(labels.REASONS) == set(Reason)


def test_page_loads_nothing_and_runs_nothing(page: Page) -> None:
    assert not page.all("script")
    policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes).attributes["content"]
    assert policy.split("; ")[:3] == ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"]
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
        for name in ("src", "srcset"):
            assert element.attributes.get(name, "data:").startswith("data:")
    for element in page.all("a"):
        target = element.attributes["href"]
        assert re.match(r"#|https?://|tables/[a-z]+\.csv$", target)
        own = target.startswith(("#", "tables/"))
        assert own or element.attributes["rel"] == "noopener noreferrer nofollow"
    assert not re.search(r"url\((?!data:image/webp;base64,)|@import", page.html)


def test_words_from_the_web_are_printed_as_words(page: Page) -> None:
    labels = " ".join(one.attributes.get("aria-label", "") for one in page.all("span"))
    for title in HOSTILE_TITLES:
        assert one_line(title) in labels
    assert "{{ 7 * 7 }} {% raw %}" in labels
    assert "\u202e" not in page.html
    assert "\x00" not in page.html
    assert "<b>said the server</b>" in page.text


def test_fragments_lead_to_a_place_on_the_page(page: Page) -> None:
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    assert {one.attributes["href"][1:] for one in page.all("a") if one.attributes["href"].startswith("#")} <= set(ids)


def test_pictures_have_words_and_tables_have_headers(page: Page) -> None:
    assert all(one.attributes.get("alt") for one in page.all("img"))
    assert all(one.attributes.get("aria-label") for one in page.all("span") if one.attributes.get("role") == "img")
    assert all(one.attributes.get("aria-label") for one in page.all("svg") if one.attributes.get("role") == "img")
    assert all(one.attributes.get("scope") in ("row", "col") for one in page.all("th"))


def test_equal_inputs_give_equal_bytes(inputs: Any, page: Page, tmp_path: Path) -> None:
    again = write_inputs(tmp_path / "again")
    assert report(again, tmp_path / "index.html").html == page.html


def test_each_reason_has_its_pictures_with_what_decided(inputs: Any, page: Page) -> None:
    for reason in Reason:
        rows = [row for row in inputs.manifest if row.get("reason") == reason]
        seen = page.tiles(f"dropped-{reason}")
        drawn = reason not in labels.HIDDEN_REASONS and reason not in (
            "empty",
            "not_an_image",
            "unsupported",
            "truncated",
            "corrupt",
            "too_many_pixels",
        )
        assert len(seen) == (len(rows) if drawn else 0), reason
    for row in inputs.manifest:
        if row.get("measure"):
            sign = "≥" if row["measure"] == "similarity" else "<" if row["value"] < row["threshold"] else ">"
            assert f"{row['value']:.3g} {sign} {row['threshold']:.3g}" in page.text


def test_pictures_of_those_who_object_are_not_embedded(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path, models=())
    before = report(inputs, tmp_path / "before.html").html
    for paths in inputs.sources.values():  # other pixels for the hidden: nobody must see a difference
        table = pq.read_table(paths.prepared)
        hidden = {row["sha256"] for row in inputs.manifest if row.get("reason") in labels.HIDDEN_REASONS}
        pixels = [
            bytes(3 * 64 * 64) if sha256 in hidden else pixels
            for sha256, pixels in zip(table["sha256"].to_pylist(), table["pixels"].to_pylist(), strict=True)
        ]
        changed = pa.array(pixels, pa.binary(3 * 64 * 64))
        write_table(table.set_column(table.schema.get_field_index("pixels"), "pixels", changed), paths.prepared)
    assert report(inputs, tmp_path / "after.html").html == before


def test_large_sets_are_sampled_and_the_page_says_so(tmp_path: Path) -> None:
    page = report(write_inputs(tmp_path / "large", kept=300, each=60, models=()), tmp_path / "index.html")
    assert len(page.tiles("facades")) == selection.KEPT_SHOWN
    assert "120 of 300 shown" in page.text
    assert len(page.tiles("dropped-dark")) == selection.DROPPED_SHOWN
    assert f"{selection.DROPPED_SHOWN} of 60 shown, the nearest to the threshold" in page.text
    assert "24 of 30 shown, those with the least similar duplicates" in page.text


def test_drops_are_chosen_by_their_gap_to_the_threshold() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {
            "sha256": f"{number:064x}",
            "source": "town",
            "decision": "dropped",
            "reason": "too_small",
            "measure": ("width", "height")[number % 2],
            "value": None if number % 10 == 0 else float(rng.integers(1, 60)),
            "threshold": (64.0, 128.0)[number % 2],
        }
        for number in rng.permutation(100).tolist()
    ]
    chosen = selection.dropped(pa.Table.from_pylist(rows, MANIFEST))[Reason.TOO_SMALL]

    def gap(row: dict[str, Any]) -> tuple[float, str]:
        value = row["value"]
        return (np.inf if value is None else abs(value - row["threshold"]) / row["threshold"]), row["sha256"]

    assert chosen.total == 100
    assert [row["sha256"] for row in chosen.rows] == [
        row["sha256"] for row in sorted(rows, key=gap)[: selection.DROPPED_SHOWN]
    ]


def test_clusters_put_the_keeper_first_and_the_doubtful_before_the_certain(inputs: Any, page: Page) -> None:
    clusters = selection.clusters(pa.Table.from_pylist(inputs.manifest, MANIFEST))
    members = Counter(row["cluster"] for row in inputs.manifest)
    assert clusters.total == sum(number > 1 for number in members.values())
    assert clusters.images == sum(number for number in members.values() if number > 1)
    worst = []
    for cluster in clusters.shown:
        keeper, *others = cluster.rows
        assert keeper["decision"] == Decision.KEPT
        assert {row["keeper"] for row in others} == {keeper["sha256"]}
        worst.append(min((row["similarity"] for row in others if row["similarity"] is not None), default=1.0))
    assert worst == sorted(worst)
    keepers = [one for one in page.all("li") if one.attributes.get("class") == "keeper"]
    assert len(keepers) == clusters.total


@pytest.mark.parametrize(("edge", "count"), [(64, 1), (64, 7), (32, 24), (256, 5)])
def test_a_tile_shows_its_own_picture(edge: int, count: int) -> None:
    rng = np.random.default_rng(edge)
    tiles = [np.asarray(Image.fromarray(draw_facade(rng)).resize((edge, edge))) for _ in range(count)]
    drawn = sprite(tiles)
    assert drawn.side == min(edge, LARGEST_TILE)
    picture = Image.open(io.BytesIO(base64.b64decode(drawn.uri.split(",")[1]))).convert("RGB")
    for index in range(count):
        # As CSS has it, for an element of one tile: size and place are relative to the element.
        width, height = (float(part.rstrip("%")) / 100 * drawn.side for part in drawn.size.split())
        assert (round(width), round(height)) == picture.size
        left, top = (
            -float(part.rstrip("%")) / 100 * (drawn.side - whole)
            for part, whole in zip(drawn.position(index).split(), picture.size, strict=True)
        )
        assert left == pytest.approx(round(left), abs=0.01)
        shown = np.asarray(
            picture.crop((round(left), round(top), round(left) + drawn.side, round(top) + drawn.side)), float
        )
        gaps = [
            np.abs(shown - np.asarray(Image.fromarray(one).resize((drawn.side, drawn.side)))).mean() for one in tiles
        ]
        assert int(np.argmin(gaps)) == index
        assert gaps[index] < 15


def test_models_stand_side_by_side(inputs: Any, page: Page) -> None:
    found = re.search(r'<table class="metrics">.*?</table>', page.html, re.DOTALL)
    assert found
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', found[0])
    assert heads == ["facade", "seed", "unfinished"]  # by KSD, those without last
    cells = re.sub("<.*?>", " ", found[0]).split()
    for name in ("facade", "seed"):
        metrics = json.loads((inputs.models[name] / "metrics.json").read_text())
        for key in ("ksd", "ksd_floor", "ksd_train", "fsd", "fsd_floor", "recall"):
            assert (f"{metrics[key]:.2g}" if "_" in key else f"{metrics[key]:#.3g}") in cells
    rows = {
        row.metric.key: row
        for row in model_section.metric_rows(
            model_section.ranked([model_section.read_model(*one) for one in inputs.models.items()])
        )
    }
    assert [cell.best for cell in rows["ksd"].cells] == [True, False, False]
    assert [cell.best for cell in rows["fsd"].cells] == [False, True, False]


def test_the_caption_says_how_many_real_facades_are_held_out(inputs: Any, page: Page, tmp_path: Path) -> None:
    split = np.load(inputs.dataset / "split.npy")
    assert f"The first {split.sum()} are held out from training, the others are not." in page.text
    dataset = tmp_path / "dataset"
    shutil.copytree(inputs.dataset, dataset)
    np.save(dataset / "split.npy", np.ones_like(split))
    out = tmp_path / "index.html"
    write_report(sources=inputs.sources, dataset=dataset, models=inputs.models, out=out)
    assert "Facades held out from training." in Page(out).text


def test_each_model_shows_its_pictures_and_curves(page: Page) -> None:
    for name in ("facade", "seed"):
        # real, generated, over time, six snapshots, and the best and worst by D and by neighbour
        assert len(page.all("img", f"model-{name}")) == 13
        assert len([one for one in page.all("svg", f"model-{name}") if "role" in one.attributes]) == 4
    assert not page.all("img", "model-unfinished")
    assert page.text.count("Alarm since step 640: overfitting") == 1
    assert "No pictures yet." in page.text
    assert "No log yet." in page.text


def test_animation_holds_every_snapshot_in_order_of_steps(tmp_path: Path) -> None:
    shades = {5: 0, 10: 80, 100: 160, 1000: 240}
    (tmp_path / "samples").mkdir()
    for step, shade in shades.items():
        Image.new("RGB", (530, 530), (shade, shade, shade)).save(tmp_path / "samples" / f"step-{step}.png")
    model = model_section.read_model("grey", tmp_path)
    assert model.animation
    assert model.step == 1000
    assert [snapshot.step for snapshot in model.snapshots] == list(shades)
    animation = Image.open(io.BytesIO(base64.b64decode(model.animation.uri.split(",")[1])))
    assert len(ImageSequence.all_frames(animation)) == len(shades)
    for frame, shade in enumerate(shades.values()):
        animation.seek(frame)
        assert np.abs(np.asarray(animation.convert("RGB"), float) - shade).max() < 3


def test_the_grid_shown_is_the_one_nearest_to_the_published_weights(inputs: Any, tmp_path: Path) -> None:
    shutil.copytree(inputs.models["facade"], tmp_path / "facade")
    provenance = {"step": 640, "recipe": {"steps": 1000, "augment": ["flip", "color"]}}
    save_file({"w": np.zeros(1)}, tmp_path / "facade" / "generator.safetensors", {"facades": json.dumps(provenance)})
    model = model_section.read_model("facade", tmp_path / "facade")
    assert (model.step, model.published) == (600, 640)
    assert model.provenance == {"step": "640", "recipe.steps": "1000", "recipe.augment": "flip, color"}


@pytest.mark.parametrize("kept", [0, 3])
def test_empty_sections_say_none(tmp_path: Path, kept: int) -> None:
    inputs = write_inputs(tmp_path / "few", kept=kept, each=0, models=())
    page = report(inputs, tmp_path / "index.html")
    assert f"{kept} facades" in page.text
    for section in ("dropped", "duplicates", "models"):
        assert re.search(rf'<section id="{section}">.*?<p>None\.</p>', page.html, re.DOTALL)


def test_a_source_that_gave_nothing(tmp_path: Path) -> None:
    paths = SourcePaths(tmp_path / "archive", tmp_path / "images.parquet", tmp_path / "prepared.parquet")
    write_table(FETCHES.empty_table(), paths.archive / "fetches.parquet")
    write_table(IMAGES.empty_table(), paths.images)
    write_table(pa.schema([("sha256", pa.string()), ("pixels", pa.binary(3 * 64 * 64))]).empty_table(), paths.prepared)
    write_table(MANIFEST.empty_table(), tmp_path / "dataset/manifest.parquet")
    np.save(tmp_path / "dataset/images.npy", np.zeros((0, 3, 64, 64), np.uint8))
    np.save(tmp_path / "dataset/split.npy", np.zeros(0, np.uint8))
    out = tmp_path / "index.html"
    write_report(sources={"empty": paths}, dataset=tmp_path / "dataset", models={"m": tmp_path / "m"}, out=out)
    assert "0 facades" in Page(out).text


def test_a_dataset_of_other_sources_is_refused(inputs: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.parquet: found \d+ images of source museum, expected the 0"):
        write_report(
            sources={"town": inputs.sources["town"]}, dataset=inputs.dataset, models={}, out=tmp_path / "index.html"
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", "{", "not valid JSON"),
        ("metrics.json", "[1]", "found a list"),
        ("log.csv", "step,ksd\n1,soon\n", "expected a header line and numbers below it"),
        ("samples/step-000200.png", "not a picture", "not a readable picture"),
        ("generator.safetensors", "not a tensor", "not a complete safetensors file"),
    ],
)
def test_a_broken_file_is_named(inputs: Any, tmp_path: Path, name: str, content: str, message: str) -> None:
    folder = tmp_path / "facade"
    shutil.copytree(inputs.models["facade"], folder)
    (folder / name).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        model_section.read_model("facade", folder)
    assert str(folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(1e-3, 1e6),
    count=st.integers(2, 6),
)
def test_ticks_are_round_and_cover(low: float, span: float, count: int) -> None:
    found = charts.ticks(low, low + span, count)
    step = found[1] - found[0]
    tolerance = 1e-6 * step + 1e-9
    assert found[0] <= low + tolerance
    assert found[-1] >= low + span - tolerance
    assert 2 <= len(found) <= count + 3
    assert np.allclose(np.diff(found), step)
    assert f"{step:.0e}"[0] in "125"


def test_chart_draws_means_with_their_range_and_one_wild_step_does_not_flatten_them() -> None:
    steps = np.arange(1.0, 1601.0)
    losses = np.where(steps % 2 == 0, 1.0, 3.0)
    losses[800] = 1e6
    calm, gaps = np.full(1600, 2.0), np.full(1600, np.nan)
    drawn = charts.chart("losses", "step", [charts.Series("D", steps, losses), charts.Series("none", steps, gaps)])
    assert drawn
    assert [one.name for one in drawn.lines] == ["D"]
    assert drawn.lines[0].path.count("L") == charts.BUCKETS - 1
    assert drawn.lines[0].last == 2.0
    assert drawn.lines[0].band
    assert [tick.label for tick in drawn.y_ticks] == ["1", "1.5", "2", "2.5", "3"]
    flat = charts.chart("losses", "step", [charts.Series("D", steps, calm)])
    assert flat
    assert not flat.lines[0].band
    assert charts.chart("nothing", "step", [charts.Series("none", steps, gaps)]) is None


@given(
    values=st.lists(st.floats(-1e5, 1e5) | st.just(float("nan")), max_size=300),
    threshold=st.floats(-1e4, 1e4),
    below=st.booleans(),
)
def test_histogram_counts_every_value_on_its_side_of_the_threshold(
    values: list[float], threshold: float, below: bool
) -> None:
    measured = np.array(values, np.float64)
    rule = Filter(Reason.BLURRED, "sharpness", "min_sharpness" if below else "max_sharpness")
    drawn = histogram(rule, measured, threshold)
    measured = measured[np.isfinite(measured)]
    if not len(measured):
        assert drawn is None
        return
    assert drawn
    assert drawn.count == sum(bar.count for bar in drawn.bars) == len(measured)
    dropped = measured < threshold if below else measured > threshold
    assert sum(bar.count for bar in drawn.bars if bar.lost) == dropped.sum()
    for bar in drawn.bars:
        assert 0 <= bar.left <= drawn.width
        assert bar.lost == ((bar.left < drawn.threshold.at - 0.05) == below)


@given(st.lists(st.floats(charts.TOP, charts.HEIGHT - charts.BOTTOM), min_size=1, max_size=5))
def test_names_of_lines_do_not_overlap(ends: list[float]) -> None:
    placed = sorted(charts._apart(ends))
    assert all(b - a >= charts.NAME_GAP - 1e-9 for a, b in pairwise(placed))
    assert placed[-1] <= charts.HEIGHT - charts.BOTTOM + 1e-9
