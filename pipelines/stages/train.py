"""Stage train@MODEL."""

from common.progress import progress
from pipelines import params, paths
from train import trainer


def run(model: str) -> None:
    recipe = params.load().model(model)
    with progress(f"train {model}", "steps") as report:
        trainer.train(paths.DATASET, recipe, out=paths.model(model), state=paths.training_state(model), progress=report)
