"""Stage prepare@SOURCE: all that is local to one image and expensive."""

from curate import prepare
from pipelines import params, paths
from pipelines.progress import progress


def run(source: str) -> None:
    settings = params.load()
    settings.source(source)
    with progress(f"prepare {source}", "images") as report:
        prepare.prepare(
            paths.archive(source),
            paths.prepared(source),
            image_size=settings.curate.image_size,
            workers=settings.curate.workers,
            progress=report,
        )
