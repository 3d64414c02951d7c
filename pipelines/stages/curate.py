"""Stage curate: decide on the images of all sources and build one dataset of them."""

from common.progress import progress
from curate import build
from curate.documents.card import Origin
from pipelines import params, paths
from pipelines.documents.entries import description


def run() -> None:
    """Write data/dataset from the sources of params.yaml; files of other sources are ignored.

    Raises:
        UserError: params.yaml or exclusions.csv is not valid, or a table is missing.
    """
    settings = params.load()
    sources = {name: (paths.images(name), paths.prepared(name)) for name in settings.sources}
    with progress("curate", "images") as report:
        build.build(
            sources,
            paths.DATASET,
            settings.curate,
            licenses=settings.crawl.licenses,
            unknown=settings.crawl.unknown,
            exclusions=paths.EXCLUSIONS,
            origin=Origin(
                {name: description(entry) for name, entry in params.read()["sources"].items()},
                settings.crawl.contact or "",
            ),
            pair_cache=paths.PAIRS,
            progress=report,
        )
