"""Stage crawl@SOURCE: the network, once, into a web archive."""

from crawler import crawl
from pipelines import params, paths
from pipelines.progress import progress


def run(source: str) -> None:
    settings = params.load()
    entry = settings.source(source)
    with progress(f"crawl {source}", "images") as report:
        crawl.crawl(
            source,
            entry,
            settings.crawl,
            archive=paths.archive(source),
            work=paths.crawling(source, entry.snapshot),
            progress=report,
        )
