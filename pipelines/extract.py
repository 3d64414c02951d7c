"""Stage extract@SOURCE: the archive, replayed offline, into the table of its images."""

from crawler import extract
from pipelines import params, paths
from pipelines.progress import progress


def run(source: str) -> None:
    entry = params.load().source(source)
    with progress(f"extract {source}", "images") as report:
        extract.extract(entry, archive=paths.archive(source), out=paths.images(source), progress=report)
