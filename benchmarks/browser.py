"""How a page feels in headless Chromium: how soon it is there, and whether it stutters when somebody scrolls through.

    python -P benchmarks/browser.py PAGE.html…

Needs Chromium (Debian: apt install chromium) and Playwright (the extra `test`).
"""

import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
LONG = 50
"""Milliseconds from which the Long Tasks API of W3C, and with it Chromium, calls a task long: it is felt."""
STEP = 700  # pixels that are scrolled a frame, three quarters of a window: as fast as anybody leafs
FRAMES = 240

TASKS = """
window.long = [];
new PerformanceObserver(seen => window.long.push(...seen.getEntries().map(task => task.duration)))
  .observe({type: 'longtask', buffered: true});
"""
SCROLL = """
async ([step, frames]) => {
  window.long.length = 0;
  const times = [];
  const frame = () => new Promise(requestAnimationFrame);
  let last = await frame();
  for (let count = 0; count < frames; count++) {
    window.scrollBy(0, step);
    if (window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1) window.scrollTo(0, 0);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return {times, long: window.long};
}
"""


@dataclass(frozen=True)
class Visit:
    megabytes: float
    elements: int
    load: float  # ms until the page and its pictures are there
    blocked: float  # ms, the longest task until then; 0 where none was LONG
    frame: float  # ms, the median time of a frame while scrolling; 16.7 is all that the screen shows
    slowest: float  # ms, of the slowest of FRAMES
    stutter: float  # ms, the longest task while scrolling; 0 where none was LONG

    def __str__(self) -> str:
        return (
            f"{self.megabytes:5.1f} MB {self.elements:6,} elements, there after {self.load:5.0f} ms (longest task "
            f"{self.blocked:3.0f}); scrolling {self.frame:4.1f} ms a frame, slowest {self.slowest:3.0f} "
            f"(longest task {self.stutter:3.0f})"
        )


def visit(file: Path) -> Visit:
    """Open a page, and scroll through it from top to bottom."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900}).new_page()
        page.add_init_script(TASKS)
        page.goto(file.resolve().as_uri(), wait_until="load")
        page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
        load: float = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        blocked: float = page.evaluate("Math.max(0, ...window.long)")
        elements: int = page.evaluate("document.querySelectorAll('*').length")
        scrolled: dict[str, Any] = page.evaluate(SCROLL, [STEP, FRAMES])
        browser.close()
    times = scrolled["times"]
    return Visit(
        megabytes=file.stat().st_size / 1e6,
        elements=elements,
        load=load,
        blocked=blocked,
        frame=statistics.median(times),
        slowest=max(times),
        stutter=max([0, *scrolled["long"]]),
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{visit(Path(name))}  {name}")
