"""Stage prepare@SOURCE: decode, measure, hash and crop each image of a source."""

from common.progress import progress
from curate import prepare
from curate.executors.executor import Executor
from curate.executors.processes import Processes
from pipelines import params, paths


def run(source: str) -> None:
    """Write the prepared table of a source.

    Raises:
        UserError: params.yaml is not valid, or the archive is missing or damaged.
    """
    settings = params.load()
    settings.source(source)
    with progress(f"prepare {source}", "images") as report:
        prepare.prepare(
            paths.archive(source),
            paths.prepared(source),
            image_size=settings.curate.image_size,
            score_facades=settings.curate.score_facades,
            trim=settings.curate.trim,
            executor=_executor(settings),
            progress=report,
        )


def _executor(settings: params.Params) -> Executor:
    curate = settings.curate
    if curate.executor == "processes":
        return Processes(curate.workers)
    from curate.executors.ray import RayCluster

    return RayCluster(curate.ray_address)
