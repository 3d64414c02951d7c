"""Stage train@MODEL: train a model, or resume its interrupted training."""

from common.progress import progress
from pipelines import params, paths
from train import trainer


def run(model: str) -> None:
    """Train a model of params.yaml on the dataset.

    Raises:
        UserError: params.yaml is not valid, or the dataset cannot be used.
    """
    recipe = params.load().model(model)
    with progress(f"train {model}", "steps") as report:
        trainer.train(paths.DATASET, recipe, out=paths.model(model), state=paths.training_state(model), progress=report)
