"""fetches.parquet and index.parquet, derived from the WARC files."""

from pathlib import Path

import pyarrow as pa

from common.files import write_table
from crawler.archive.fetches import Fetch, read_fetches
from crawler.archive.reader import FETCHES_FILE, INDEX_FILE
from crawler.archive.schemas import FETCHES, INDEX, Role


def write_tables(folder: Path) -> list[Fetch]:
    """Write both tables beside the WARC files of `folder`, and return the last fetch of each URL."""
    ends: dict[tuple[Role, str], tuple[Fetch, Fetch, int]] = {}  # first fetch, last fetch, attempts in total
    for fetch in read_fetches(folder):
        first, _, attempts = ends.get(fetch.key, (fetch, fetch, 0))
        ends[fetch.key] = first, fetch, attempts + fetch.attempts
    last = [last for _, last, _ in ends.values()]
    write_table(_fetches(list(ends.values())), folder / FETCHES_FILE)
    write_table(_index(last), folder / INDEX_FILE)
    return last


def _fetches(ends: list[tuple[Fetch, Fetch, int]]) -> pa.Table:
    columns = {
        "url": [last.url for _, last, _ in ends],
        "role": [last.role for _, last, _ in ends],
        "outcome": [last.outcome for _, last, _ in ends],
        "status": [last.status for _, last, _ in ends],
        "attempts": [attempts for _, _, attempts in ends],
        "first_at": [first.first_at for first, _, _ in ends],
        "last_at": [last.last_at for _, last, _ in ends],
        "nbytes": [last.length for _, last, _ in ends],
        "final_url": [last.final_url for _, last, _ in ends],
        "detail": [last.detail for _, last, _ in ends],
    }
    return pa.table(columns, schema=FETCHES).sort_by([("url", "ascending"), ("role", "ascending")])


def _index(ends: list[Fetch]) -> pa.Table:
    images = [fetch for fetch in ends if fetch.role is Role.IMAGE and fetch.stored]
    columns = {
        "sha256": [fetch.sha256 for fetch in images],
        "url": [fetch.url for fetch in images],
        "file": [fetch.file for fetch in images],
        "offset": [fetch.offset for fetch in images],
        "length": [fetch.length for fetch in images],
    }
    return pa.table(columns, schema=INDEX).sort_by([("sha256", "ascending"), ("url", "ascending")])
