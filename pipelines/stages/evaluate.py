"""Stage evaluate@MODEL: compare generated images with held-out real images."""

from common.progress import progress
from pipelines import params, paths
from train import evaluate


def run(model: str) -> None:
    """Write the metrics of a model and its nearest training images.

    Raises:
        UserError: params.yaml is not valid, or the model or the dataset cannot be used.
    """
    settings = params.load()
    settings.model(model)
    folder = paths.model(model)
    with progress(f"evaluate {model}", "images") as report:
        evaluate.evaluate(
            paths.DATASET,
            folder / "generator.safetensors",
            settings.evaluate,
            out=folder / "metrics.json",
            neighbours=folder / "neighbours",
            progress=report,
        )
