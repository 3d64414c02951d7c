"""Stage curate: the images of all sources into one dataset, with a decision for each."""

from curate import build
from pipelines import params, paths
from pipelines.progress import progress


def run() -> None:
    settings = params.load()
    # The sources of params.yaml, not the files that happen to lie there: one that was taken out is out.
    sources = {name: (paths.images(name), paths.prepared(name)) for name in settings.sources}
    with progress("curate", "images") as report:
        build.build(
            sources,
            paths.DATASET,
            settings.curate,
            licenses=settings.crawl.licenses,
            unknown=settings.crawl.unknown,
            exclusions=paths.EXCLUSIONS,
            progress=report,
        )
