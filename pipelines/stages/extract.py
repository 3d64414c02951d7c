"""Stage extract@SOURCE: replay the archive offline into tables of images and of signals, and count its content."""

import json

import pyarrow.compute as pc
import pyarrow.parquet as pq

from common.files import replacing
from common.progress import progress
from crawler import extract
from crawler.archive import run_record
from pipelines import params, paths


def run(source: str) -> None:
    """Write the image table of a source, the table of its signals of reserved use, and its counts, a DVC metric.

    Raises:
        UserError: params.yaml is not valid, or the archive is missing or damaged.
    """
    settings = params.load()
    entry = settings.source(source)
    with progress(f"extract {source}", "images") as report:
        extract.extract(
            entry,
            archive=paths.archive(source),
            out=paths.images(source),
            signals=paths.signals(source),
            ai_crawlers=settings.crawl.honor_ai_blocks,
            progress=report,
        )
    with replacing(paths.counts(source)) as draft:
        draft.write_text(json.dumps(_totals(source), indent=2) + "\n", encoding="utf-8")


def _totals(source: str) -> dict[str, object]:
    """Distinct images and their bytes, fetches by role and outcome. No times: equal content gives equal counts."""
    nbytes = pq.read_table(paths.images(source), columns=["nbytes"])["nbytes"]
    fetches = run_record.read(paths.archive(source))["counts"]
    return {"images": len(nbytes), "nbytes": pc.sum(nbytes).as_py() or 0, "fetches": fetches}
