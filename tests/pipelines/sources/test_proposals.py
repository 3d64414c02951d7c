"""The exclusions that a recheck proposes."""

import csv
import io
from pathlib import Path

import pytest

from common.errors import UserError
from crawler.recheck.schemas import Observation, State
from crawler.settings import CrawlSettings
from curate.exclusions import COLUMNS, read_exclusions
from pipelines.audit.takedown import Request, today
from pipelines.sources.proposals import Finding, lines, propose, write

HEADER = ",".join(COLUMNS) + "\n"
PAGE = "https://example.org/page"


def finding(*seen: Observation, number: int = 1) -> Finding:
    return Finding(f"{number:064x}", "town", "A house", f"https://example.org/{number}.jpg", PAGE, seen[0].state, seen)


def seen(state: State, was: str = "", now: str = "") -> Observation:
    return Observation(state, was, now, PAGE)


def proposed(*images: Finding, requests: tuple[Request, ...] = (), **settings: object) -> list[Request]:
    return list(propose(images, CrawlSettings.model_validate(settings), requests, by="Ada"))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.RESERVED, True),
        (State.REFUSED, True),
        (State.GONE, True),
        (State.UNLISTED, True),
        (State.CHANGED, False),
        (State.MOVED, False),
        (State.UNREACHABLE, False),
    ],
)
def test_what_may_no_longer_be_used_is_proposed(state: State, expected: bool) -> None:
    assert bool(proposed(finding(seen(state)))) == expected


@pytest.mark.parametrize(
    ("license", "settings", "expected"),
    [
        ("CC-BY-SA-4.0", {}, False),
        ("CC-BY-NC-4.0", {}, True),
        ("CC-BY-NC-4.0", {"licenses": ["CC-BY-NC-*"]}, False),
        ("unknown", {}, True),
        ("unknown", {"unknown": "keep"}, False),
    ],
)
def test_a_changed_licence_counts_if_it_may_not_enter_the_dataset(license, settings, expected):
    assert bool(proposed(finding(seen(State.LICENSE_CHANGED, "CC0-1.0", license)), **settings)) == expected


def test_the_gravest_observation_that_forbids_use_is_the_reason() -> None:
    image = finding(seen(State.LICENSE_CHANGED, "CC0-1.0", "CC-BY-4.0"), seen(State.GONE, now="HTTP 404"))
    (request,) = proposed(image)
    assert request == Request("image", image.sha256, "recheck: gone: HTTP 404", "Ada", today(), near=True)


@pytest.mark.parametrize("kind", ["image", "url", "page"])
def test_what_is_excluded_already_is_not_proposed_again(kind):
    image = finding(seen(State.GONE))
    value = {"image": image.sha256, "url": image.image_url, "page": image.page_url}[kind]
    assert proposed(image, requests=(Request(kind, value, "asked", "Ada", "2026-11-01", near=False),)) == []


@pytest.mark.parametrize("before", [HEADER, HEADER.rstrip("\n")])
def test_the_lines_can_be_appended_to_exclusions_csv(tmp_path, monkeypatch, before):
    monkeypatch.chdir(tmp_path)
    Path("exclusions.csv").write_text(before)
    strange = [finding(seen(State.RESERVED, now='says "no", and\n<b>more</b>'), number=number) for number in (1, 2)]
    write(proposed(*strange), Path("found.csv"))
    Path("exclusions.csv").write_text(before + Path("found.csv").read_text())
    assert [(one.kind, one.value, one.near) for one in read_exclusions(Path("exclusions.csv"))] == [
        ("image", image.sha256, True) for image in strange
    ]
    assert len(list(csv.reader(io.StringIO(Path("found.csv").read_text().lstrip("\n"))))) == 2


def test_exclusions_csv_itself_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("exclusions.csv").write_text(HEADER)
    with pytest.raises(UserError, match=r"exclusions.csv: found the file of exclusions, expected another one"):
        write(proposed(finding(seen(State.GONE))), tmp_path / "exclusions.csv")
    assert Path("exclusions.csv").read_text() == HEADER


def test_no_proposals_are_an_empty_text() -> None:
    assert lines([]) == ""
