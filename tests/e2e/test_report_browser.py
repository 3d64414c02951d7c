"""The report in a real browser: headless Chromium, as Debian ships it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import selection
from pipelines.report.write import write_report
from tests.pipelines.report.report_inputs import write_inputs

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

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

SPRITES = """
async () => {
  const found = new Map();
  for (const crop of document.querySelectorAll('.crop')) {
    const url = getComputedStyle(crop).backgroundImage.slice(5, -2);
    if (!found.has(url)) {
      const image = new Image();
      image.src = url;
      found.set(url, await image.decode().then(() => image.naturalWidth, () => 0));
    }
  }
  return [...found.values()];
}
"""


class Visit:
    """A page opened at one width and colour scheme, and what the browser said meanwhile."""

    def __init__(self, browser: Any, file: Path, **settings: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(**settings)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a report")
    inputs = write_inputs(folder, kept=150, each=30)
    out = folder / "index.html"
    write_report(sources=inputs.sources, dataset=inputs.dataset, models=inputs.models, out=out)
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser: Any, report: Path) -> Visit:
    return Visit(browser, report, viewport={"width": 1280, "height": 900})


def test_nothing_is_said_on_the_console(visit: Visit) -> None:
    assert visit.said == []


def test_no_request_leaves_the_page(visit: Visit, report: Path) -> None:
    assert visit.asked[0] == report.as_uri()
    assert [url[:80] for url in visit.asked[1:] if not url.startswith("data:")] == []


def test_every_picture_shows(visit: Visit) -> None:
    widths = visit.page.evaluate("Array.from(document.images, image => image.complete && image.naturalWidth)")
    assert len(widths) > 10
    assert all(widths)
    sprites = visit.page.evaluate(SPRITES)
    assert len(sprites) > 10
    assert all(sprites)
    assert visit.page.locator("#facades .crop").count() == selection.KEPT_SHOWN


def test_hostile_titles_are_words(visit: Visit) -> None:
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.evaluate("document.scripts.length") == 0
    assert visit.page.get_by_label("<script>window.hacked=1</script>").count() > 0


def test_policy_stops_a_script_that_got_in(browser: Any, report: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    attack = '<script>window.hacked=1</script><img src="x" onerror="window.hacked=1"><img src="http://127.0.0.1:9/x">'
    broken.write_text(report.read_text(encoding="utf-8").replace("</main>", f"{attack}</main>"), encoding="utf-8")
    visit = Visit(browser, broken)
    assert visit.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in visit.said)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_at_both_widths_and_in_both_schemes(browser: Any, report: Path, width: int, scheme: str) -> None:
    page = Visit(browser, report, viewport={"width": width, "height": 900}, color_scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing makes the page scroll sideways
    assert page.locator("h1").bounding_box()["y"] < 200
    faint = page.evaluate(CONTRAST)
    assert faint == []


CONTRAST = """
() => {
  const light = color => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('style')) continue;
    const style = getComputedStyle(element);
    const ink = light(element.closest('svg') ? style.fill : style.color);
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) faint.add(`${element.tagName}.${element.className.baseVal ?? element.className}: ${ratio}`);
  }
  return [...faint];
}
"""
"""Elements whose text has less contrast with the page than WCAG 2 AA asks of small text (4.5)."""
