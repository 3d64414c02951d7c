from pathlib import Path

import pyarrow as pa

from common.files import write_table
from crawler.archive.failures import failed, failed_downloads
from crawler.archive.reader import FETCHES_FILE
from crawler.archive.schemas import FETCHES, HOST_FILES, Outcome, Role


def test_every_outcome_without_a_body_has_failed(tmp_path: Path) -> None:
    rows = [{"url": f"{role}/{outcome}", "role": role, "outcome": outcome} for role in Role for outcome in Outcome]
    fetches = pa.Table.from_pylist(sorted(rows, key=lambda row: row["url"]), FETCHES)
    bodies = {Outcome.STORED, Outcome.UNCHANGED}
    assert failed(fetches)["url"].to_pylist() == sorted(row["url"] for row in rows if row["outcome"] not in bodies)
    write_table(fetches, tmp_path / FETCHES_FILE)
    downloads = failed_downloads(tmp_path)["url"].to_pylist()
    of_hosts = tuple(HOST_FILES)
    assert downloads == [url for url in failed(fetches)["url"].to_pylist() if not url.startswith(of_hosts)]
