"""What a recheck found, and the exclusions that it proposes: lines for exclusions.csv, which a person adds or not."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from common.errors import UserError
from common.files import replacing
from common.safe_text import one_line
from crawler.recheck.schemas import Observation, State
from crawler.settings import CrawlSettings
from curate.exclusions import COLUMNS
from pipelines import paths
from pipelines.audit.takedown import Request, today

_ALWAYS = (State.RESERVED, State.REFUSED, State.GONE, State.UNLISTED)
"""The states for which an exclusion is proposed, whatever the licence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A kept image, its state, and everything that was observed of it, the gravest first."""

    sha256: str
    source: str
    title: str
    image_url: str
    page_url: str
    state: State
    observations: tuple[Observation, ...]


def propose(
    images: Iterable[Finding], settings: CrawlSettings, requests: Iterable[Request], *, by: str
) -> Iterator[Request]:
    """Yield an exclusion, with its near duplicates, of each image that may no longer be used.

    Args:
        images: the rechecked images.
        settings: with the licences that may enter the dataset.
        requests: the exclusions that there are.
        by: who is said to have decided.
    """
    excluded = {(request.kind, request.value) for request in requests}
    for image in images:
        named = {("image", image.sha256), ("url", image.image_url), ("page", image.page_url)}
        reason = next((seen for seen in image.observations if _forbids(seen, settings)), None)
        if reason and not named & excluded:
            yield Request("image", image.sha256, f"recheck: {describe(reason)}", by, today(), near=True)


def describe(seen: Observation) -> str:
    """Return an observation on one line: `license_changed: CC0-1.0 → unknown`."""
    return one_line(f"{seen.state}: {' → '.join(filter(None, (seen.was, seen.now)))}")


def lines(requests: Iterable[Request]) -> str:
    """Return lines of exclusions.csv, without its header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writerows({**asdict(request), "near": str(request.near).lower()} for request in requests)
    return text.getvalue()


def write(requests: Iterable[Request], path: Path) -> None:
    """Write lines of exclusions.csv to `path`, so that `cat PATH >> exclusions.csv` adds them.

    Raises:
        UserError: `path` is exclusions.csv itself.
    """
    if path.resolve() == paths.EXCLUSIONS.resolve():
        raise UserError(f"{path}: found the file of exclusions, expected another one; you decide which lines to add")
    exclusions = paths.EXCLUSIONS.read_bytes() if paths.EXCLUSIONS.is_file() else b""
    text = lines(requests)
    begin = "\n" if text and exclusions and not exclusions.endswith(b"\n") else ""
    with replacing(path) as draft:
        draft.write_text(begin + text, encoding="utf-8")


def _forbids(seen: Observation, settings: CrawlSettings) -> bool:
    return seen.state in _ALWAYS or (seen.state is State.LICENSE_CHANGED and not settings.allows(seen.now))
