"""Stage report: write report/index.html and its tables."""

from common.progress import progress
from pipelines import params, paths
from pipelines.report.inputs import SourcePaths
from pipelines.report.write import write_report


def run() -> None:
    """Write the report on all sources and models of params.yaml.

    Raises:
        UserError: params.yaml is not valid, or an input cannot be read.
    """
    settings = params.load()
    sources = {
        name: SourcePaths(paths.archive(name), paths.images(name), paths.prepared(name)) for name in settings.sources
    }
    with progress("report", "parts") as report:
        write_report(
            sources=sources,
            dataset=paths.DATASET,
            models={name: paths.model(name) for name in settings.models},
            out=paths.REPORT,
            progress=report,
        )
