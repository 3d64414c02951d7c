"""Crawl and extract in a separate process: a Twisted reactor runs once per process, and a process can be killed.

python drive.py FOLDER ENTRY [SETTINGS]: entry and settings as JSON; leaves archive, images.parquet and signals.parquet
in FOLDER, prints the counts as JSON. PREVIOUS and RETRY in the environment are the `previous` and `retry` of `crawl`.
"""

import json
import os
import resource
import sys
from pathlib import Path

from pydantic import TypeAdapter

import crawler.spiders

crawler.spiders.__path__.append(str(Path(__file__).parent / "kinds"))

from common.errors import UserError  # noqa: E402
from crawler.crawl import Folders, crawl  # noqa: E402
from crawler.extract import extract  # noqa: E402
from crawler.registry import Entry  # noqa: E402
from crawler.settings import CrawlSettings  # noqa: E402

if size := os.environ.get("LARGEST_FILE"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))

folder = Path(sys.argv[1])
entry = TypeAdapter(Entry).validate_json(sys.argv[2], strict=True)
settings = CrawlSettings.model_validate_json(sys.argv[3] if len(sys.argv) > 3 else "{}", strict=True)


def show(done: int, total: int | None, note: str) -> None:
    print(done, total, note, file=sys.stderr)


try:
    summary = crawl(
        "test",
        entry,
        settings,
        Folders(
            folder / "archive", folder / "work", Path(os.environ["PREVIOUS"]) if "PREVIOUS" in os.environ else None
        ),
        show,
        retry="RETRY" in os.environ,
    )
    extract(entry, folder / "archive", folder / "images.parquet", show, signals=folder / "signals.parquet")
except UserError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)
print(json.dumps(summary.counts))
