"""changes.json: the differences between an archive and the one that it replaces."""

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
    """Compare the images of two archives of one source.

    Returns:
        `added`: image URLs that are stored now and were not before. `gone`: URLs that were stored before and are not
        now, each with its outcome now, or null if no page shows it any more. `changed`: URLs with different bytes.
        All are sorted by URL. `same` counts the remaining URLs; `downloaded` is the number of bytes of all bodies,
        pages included, that were transferred.
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
