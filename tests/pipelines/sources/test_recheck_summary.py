"""What `facades source recheck` prints."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console, Group

from crawler.recheck.schemas import Observation, State
from pipelines.audit.takedown import Request
from pipelines.audit.terminal.tables import LISTED
from pipelines.sources.proposals import Finding
from pipelines.sources.recheck import Recheck
from pipelines.sources.recheck_summary import summary

WIKI = "https://commons.wikimedia.org/wiki/File:Town_hall.jpg"


def sha256(number: int) -> str:
    return f"{number:x}".ljust(64, "0")


def finding(number: int, *seen: Observation, title: str = "Town hall") -> Finding:
    state = seen[0].state if seen else State.UNCHANGED
    return Finding(sha256(number), "paris", title, f"https://upload.wikimedia.org/{number}.jpg", WIKI, state, seen)


def text(found: Recheck, written: Path | None = None) -> str:
    console = Console(width=80, highlight=False, color_system=None)
    with console.capture() as printed:
        console.print(Group(*summary(found, written)))
    return "\n".join(line.rstrip() for line in printed.get().splitlines()) + "\n"


@pytest.fixture
def found() -> Recheck:
    images = (
        finding(1),
        finding(2, Observation(State.GONE, "", "the wiki has no such file", WIKI)),
        finding(
            3,
            Observation(State.LICENSE_CHANGED, "CC-BY-SA-4.0", "unknown", WIKI),
            Observation(State.MOVED, WIKI, WIKI.replace("Town_hall", "Rathaus"), WIKI),
            title="[red]Rathaus[/red]\x1b[31m",
        ),
    )
    request = Request("image", sha256(2), "recheck: gone: the wiki has no such file", "Ada", "2026-11-27", near=True)
    return Recheck(images, ("mine: 4 images are your own files, so nobody was asked",), (request,))


def test_the_summary_names_each_image_that_is_not_unchanged(found: Recheck, golden: Callable[[str, str], None]) -> None:
    golden("recheck.txt", text(found))


def test_proposals_that_were_written_are_not_printed(found: Recheck) -> None:
    printed = text(found, Path("found.csv"))
    assert "found.csv: 1 line for exclusions.csv; look at the file before you add it" in printed
    assert "next: cat found.csv >> exclusions.csv && dvc repro" in printed
    assert sha256(2) not in printed


def test_of_many_images_the_first_are_printed() -> None:
    gone = Observation(State.GONE, "", "HTTP 404", WIKI)
    images = tuple(finding(number, gone) for number in range(LISTED + 5))
    printed = text(Recheck(images, (), ()))
    assert printed.count("gone: HTTP 404") == LISTED
    assert "and 5 more, --json has all" in printed
    assert "nothing is proposed for exclusions.csv" in printed
