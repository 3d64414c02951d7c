"""Stage extract@SOURCE: the archive, replayed offline, into the table of its images, and what it holds in numbers."""

import json

import pyarrow.compute as pc
import pyarrow.parquet as pq

from common.files import replacing
from common.progress import progress
from crawler import extract
from crawler.archive import run_record
from pipelines import params, paths


def run(source: str) -> None:
    entry = params.load().source(source)
    with progress(f"extract {source}", "images") as report:
        extract.extract(entry, archive=paths.archive(source), out=paths.images(source), progress=report)
    with replacing(paths.counts(source)) as draft:
        draft.write_text(json.dumps(_counts(source), indent=2) + "\n", encoding="utf-8")


def _counts(source: str) -> dict[str, object]:
    """Different images and their bytes; fetches by role and outcome. No times: equal content gives equal numbers."""
    nbytes = pq.read_table(paths.images(source), columns=["nbytes"])["nbytes"]
    fetches = run_record.read(paths.archive(source))["counts"]
    return {"images": len(nbytes), "nbytes": pc.sum(nbytes).as_py() or 0, "fetches": fetches}
