"""Stage curate: the images of all sources into one dataset, with a decision for each."""

from pydantic import BaseModel

from common.progress import progress
from curate import build
from curate.documents.card import Origin
from pipelines import params, paths


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
            origin=Origin(
                {name: _asked(entry) for name, entry in settings.sources.items()}, settings.crawl.contact or ""
            ),
            pair_cache=paths.PAIRS,
            progress=report,
        )


def _asked(entry: BaseModel) -> str:
    """What a source was asked for. Not its snapshot: the same images make the same dataset, whenever they came."""
    told = entry.model_dump(mode="json", exclude={"snapshot"}, exclude_unset=True)
    kind = told.pop("kind")
    return ", ".join([kind, *(f"{name} {value}" for name, value in told.items())])
