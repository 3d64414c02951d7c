"""changes.json: what is new, gone and other in an archive than in the one whose place it takes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from common.files import replacing
from crawler.archive import run_record
from crawler.archive.fetches import Fetch
from crawler.archive.previous import PreviousArchive
from crawler.archive.schemas import Outcome, Role

CHANGES_FILE = "changes.json"


def changes(previous: PreviousArchive, fetches: Iterable[Fetch]) -> dict[str, Any]:
    """The image URLs that brought bytes now and not before (`added`), before and not now (`gone`, with the outcome of
    now, or null where no page shows it any more), or other bytes than before (`changed`), each sorted.

    `same` counts the others, `downloaded` the bytes of all bodies, pages included, that came over the network.
    """
    fetches = list(fetches)
    now = {fetch.url: fetch for fetch in fetches if fetch.role is Role.IMAGE}
    after = {url: fetch.sha256 for url, fetch in now.items() if fetch.stored}
    before = {url: fetch.sha256 for (role, url), fetch in previous.fetches.items() if role is Role.IMAGE}
    gone = {url: str(now[url].outcome) if url in now else None for url in sorted(before.keys() - after.keys())}
    both = sorted(before.keys() & after.keys())
    changed = [url for url in both if before[url] != after[url]]
    record = run_record.read(previous.folder)
    return {
        "since": {"snapshot": record["entry"]["snapshot"], "finished": record["finished"]},
        "added": sorted(after.keys() - before.keys()),
        "gone": gone,
        "changed": changed,
        "same": len(both) - len(changed),
        "downloaded": sum(fetch.length for fetch in fetches if fetch.outcome is Outcome.STORED),
    }


def write_changes(found: dict[str, Any], folder: Path) -> None:
    with replacing(folder / CHANGES_FILE) as draft:
        draft.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
