"""Recheck a crawled source in a separate process, as tests/crawler/drive.py crawls one.

python drive.py FOLDER ENTRY [SETTINGS]: asks about every image in FOLDER/images.parquet and prints the states as JSON.
SINCE in the environment is the `since` of `recheck`.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import TypeAdapter

import crawler.spiders

crawler.spiders.__path__.append(str(Path(__file__).parents[1] / "kinds"))

from common.errors import UserError  # noqa: E402
from crawler.recheck.ask import CrawledSource, recheck  # noqa: E402
from crawler.registry import Entry  # noqa: E402
from crawler.settings import CrawlSettings  # noqa: E402

folder = Path(sys.argv[1])
entry = TypeAdapter(Entry).validate_json(sys.argv[2], strict=True)
settings = CrawlSettings.model_validate_json(sys.argv[3] if len(sys.argv) > 3 else "{}", strict=True)
since = datetime.fromisoformat(os.environ["SINCE"]) if "SINCE" in os.environ else None
rows = pq.read_table(folder / "images.parquet", columns=["image_url", "page_url"]).to_pylist()


def show(done: int, total: int | None, note: str) -> None:
    print(done, total, note, file=sys.stderr)


try:
    found = recheck(
        CrawledSource("test", entry, settings, folder / "archive", folder / "rechecks"),
        {row["image_url"]: row["page_url"] for row in rows},
        show,
        since,
    )
except UserError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)
print(
    json.dumps(
        {
            one.image_url: [
                {"state": seen.state, "was": seen.was, "now": seen.now, "url": seen.url} for seen in one.observations
            ]
            for one in found
        }
    )
)
