"""The pages of a model in a real browser: the explorer draws what Python draws, favourites come back byte for byte."""

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from common.errors import UserError
from pipelines.cli.main import commands
from train import generator, latents, mark, trainer
from train.browser import runtime
from train.directions import principal_directions
from train.networks import Generator
from train.recipe import Recipe

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("onnxscript", reason="needs the extra `onnx`")

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: apt install chromium)"),
]

PATIENCE = 120_000  # milliseconds to unpack the page, on a machine with other things to do
COUNT_PICTURES = """
const put = CanvasRenderingContext2D.prototype.putImageData;
window.pictures = 0;
CanvasRenderingContext2D.prototype.putImageData = function (...rest) {
  window.pictures += 1;
  return put.apply(this, rest);
};
"""


class Visit:
    """A page that is open, what it said on the console, and what it asked for."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(**settings)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(COUNT_PICTURES)

    def explore(self, file: Path, fragment: str = "") -> "Visit":
        self.page.goto(file.as_uri() + fragment)
        self.page.wait_for_selector("#save:enabled", timeout=PATIENCE)
        return self

    def wait_for_pictures(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE / 1000
        while self.page.evaluate("window.pictures") < count:
            assert time.monotonic() < deadline, f"fewer than {count} pictures drawn"
            self.page.wait_for_timeout(20)

    def download(self, button: str, folder: Path) -> Path:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button).click()
        download.value.save_as(folder / download.value.suggested_filename)
        return folder / download.value.suggested_filename

    def shown(self) -> torch.Tensor:
        """The latent in the address."""
        text = self.page.url.partition("#")[2]
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return torch.frombuffer(bytearray(data), dtype=torch.float32)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds models/facade, really trained, for one step; of the default width, since its speed is measured."""
    root = tmp_path_factory.mktemp("a root")
    dataset = root / "dataset"
    dataset.mkdir()
    np.save(dataset / "images.npy", np.random.default_rng(0).integers(0, 256, (32, 3, 64, 64), np.uint8))
    np.save(dataset / "split.npy", (np.arange(32) % 2).astype(np.uint8))
    recipe = Recipe(steps=1, batch=8, measure_images=10)
    trainer.train(dataset, recipe, out=root / "models/facade", state=root / "state")
    return root


@pytest.fixture(scope="module")
def network(root: Path) -> Generator:
    return generator.load(root / "models/facade/generator.safetensors")[0]


@pytest.fixture(scope="module")
def run(root: Path) -> Iterator[Callable[..., Path]]:
    """Run a `facades` command there; gives the path that it wrote."""

    def command(*words: str) -> Path:
        result = CliRunner().invoke(commands, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return root / result.stdout.strip()

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield command


@pytest.fixture(scope="module")
def explorer(run: Callable[..., Path]) -> Path:
    try:
        runtime.read()
    except UserError as error:
        pytest.skip(str(error))
    return run("model", "export", "web", "facade")


@pytest.fixture(scope="module")
def visit(browser: Any, explorer: Path) -> Visit:
    return Visit(browser, viewport={"width": 1100, "height": 800}).explore(explorer)


def fragment(z: torch.Tensor) -> str:
    return "#" + base64.urlsafe_b64encode(z.numpy().tobytes()).decode().rstrip("=")


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB")).transpose(2, 0, 1).astype(int)


def test_pictures_equal_pythons(browser: Any, explorer: Path, network: Generator, tmp_path: Path) -> None:
    several = latents.draw(3, network.latent, seed=11)
    visit = Visit(browser).explore(explorer, fragment(several[0]))
    for count, z in enumerate(several, start=1):
        visit.page.goto(explorer.as_uri() + fragment(z))  # a fragment alone loads nothing again
        visit.wait_for_pictures(count)
        saved = pixels(visit.download("Save PNG", tmp_path))
        expected = latents.images(network, z[None])[0].numpy().astype(int)
        assert expected.std() > 10
        assert np.abs(saved - expected).max() <= 1
        assert torch.equal(visit.shown(), z)
    visit.page.close()


def test_a_saved_picture_has_the_mark_that_python_writes(visit: Visit, root: Path, tmp_path: Path) -> None:
    saved = visit.download("Save PNG", tmp_path)
    made = mark.of_generator(root / "models/facade/generator.safetensors")
    assert saved.read_bytes() == mark.embed(saved.read_bytes(), made)
    with Image.open(saved) as image:
        image.load()  # verifies the checksum of every chunk
        assert image.info["xmp"].decode() == mark.xmp(made)
    visit.page.get_by_text("generated by an AI model").wait_for()


def test_random_and_sliders_show_what_they_say(visit: Visit, network: Generator, tmp_path: Path) -> None:
    before = visit.shown()
    visit.page.get_by_role("button", name="Random").click()
    visit.page.wait_for_url(lambda url: visit.shown().ne(before).any())
    z = visit.shown()
    directions = principal_directions(network, 8)
    values = [float(text.replace("−", "-")) for text in visit.page.locator("output").all_inner_texts()]
    assert values == pytest.approx((directions @ z).tolist(), abs=0.051)

    visit.page.locator("input").nth(2).fill("2.5")
    visit.page.wait_for_url(lambda url: visit.shown().ne(z).any())
    moved = visit.shown()
    assert (directions @ moved)[2].item() == pytest.approx(2.5, abs=1e-4)
    change = moved - z
    assert torch.allclose(change, (change @ directions[2]) * directions[2], atol=1e-5)  # along that direction alone
    saved = pixels(visit.download("Save PNG", tmp_path))
    assert np.abs(saved - latents.images(network, moved[None])[0].numpy()).max() <= 1


def test_a_walk_draws_ten_images_a_second(visit: Visit) -> None:
    walk = visit.page.get_by_role("button", name="Walk")
    walk.click()
    rates = []
    for _ in range(4):  # the best second: a machine may have other things to do in the others
        started, first = time.monotonic(), visit.page.evaluate("window.pictures")
        visit.page.wait_for_timeout(1000)
        rates.append((visit.page.evaluate("window.pictures") - first) / (time.monotonic() - started))
    assert walk.get_attribute("aria-pressed") == "true"
    walk.click()
    assert walk.get_attribute("aria-pressed") == "false"
    visit.page.wait_for_timeout(300)
    still = visit.page.evaluate("window.pictures")
    visit.page.wait_for_timeout(300)
    assert visit.page.evaluate("window.pictures") == still
    print(f"{max(rates):.0f} images/s in the browser")
    assert max(rates) >= 10


def test_nothing_is_asked_for_and_nothing_complains(visit: Visit, explorer: Path) -> None:
    assert [url for url in visit.asked if not url.startswith("data:")] == [explorer.as_uri()]
    assert visit.said == []


def test_the_policy_lets_nothing_else_run_or_load(visit: Visit) -> None:
    tried = visit.page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "window.intruder = 1";
          document.body.append(script);
          const image = new Image();
          image.src = "http://127.0.0.1:9/x.png";
          const loaded = await image.decode().then(() => true, () => false);
          const fetched = await fetch("http://127.0.0.1:9/x").then(() => true, () => false);
          return [window.intruder ?? null, loaded, fetched];
        }"""
    )
    assert tried == [None, False, False]
    assert len([text for text in visit.said if "Content Security Policy" in text]) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_schemes(browser: Any, explorer: Path, scheme: str) -> None:
    page = Visit(browser, viewport={"width": 400, "height": 800}, color_scheme=scheme).explore(explorer).page
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    assert page.locator("canvas").bounding_box()["width"] > 340
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(23, 22, 20)") == (scheme == "dark")
    page.close()


def test_favourites_come_back_byte_for_byte(browser: Any, run: Callable[..., Path], tmp_path: Path) -> None:
    sheet = run("model", "pick", "facade", "-n", "12", "--seed", "5")
    visit = Visit(browser, viewport={"width": 400, "height": 800})
    visit.page.goto(sheet.as_uri())
    assert visit.page.get_by_role("button", name="Save latents").is_disabled()
    for number in (10, 3):
        visit.page.get_by_label(f"image {number}", exact=True).check()
    assert visit.page.locator("[role=status]").inner_text() == "2 of 12 marked."
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    file = visit.download("Save latents", tmp_path)
    assert file.name == "facade-favourites.json"
    assert len(json.loads(file.read_text())["latents"]) == 2

    again = run("model", "sample", "facade", "--latents", str(file))
    picked = [visit.page.locator("img").nth(k).get_attribute("src").partition(",")[2] for k in (2, 9)]
    assert [(again / f"{k:04d}.png").read_bytes() for k in range(2)] == [base64.b64decode(png) for png in picked]
    assert visit.said == []
    assert [url for url in visit.asked if not url.startswith(("data:", "blob:"))] == [sheet.as_uri()]
