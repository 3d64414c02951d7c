"""Stage describe@MODEL: write the documents of a model."""

import pyarrow.parquet as pq

from common.errors import UserError
from crawler.archive.reader import FETCHES_FILE
from curate.dataset import dataset_hash, read_manifest
from pipelines import params, paths
from pipelines.documents.facts import FETCHES_COLUMNS, model_facts
from pipelines.documents.write import write_documents
from train.provenance import read_metadata


def run(model: str) -> None:
    """Write the model card and the document on training content of a model.

    Raises:
        UserError: params.yaml is not valid, the model is not evaluated or of another dataset, or an input is missing.
    """
    settings = params.load()
    settings.model(model)
    metrics, generator = paths.model(model) / "metrics.json", paths.generator(model)
    trained_on, present = read_metadata(generator)["dataset"], dataset_hash(paths.DATASET)
    if trained_on != present:
        raise UserError(
            f"{generator}: was trained on dataset {trained_on[:12]}, found {present[:12]} in {paths.DATASET}; "
            "run `dvc repro`"
        )
    if not metrics.is_file():
        raise UserError(f"{metrics}: no such file; evaluate the model first: `dvc repro evaluate@{model}`")
    found = model_facts(
        model,
        generator,
        metrics.read_bytes(),
        read_manifest(paths.DATASET),
        {name: pq.read_table(paths.archive(name) / FETCHES_FILE, columns=FETCHES_COLUMNS) for name in settings.sources},
        params.read(),
    )
    write_documents(found, paths.model(model))
