"""A model repository of Hugging Face: the weights, the model card as README.md, the other document, the metrics."""

from pathlib import Path

from common.errors import UserError
from common.files import replacing
from pipelines import paths
from pipelines.documents.write import CARD_FILE
from pipelines.exports.documents import read_documents
from train.provenance import read_metadata


def write(model: str, out: Path) -> Path:
    """Write the folder `out`, completely or not at all, and return it.

    Raises:
        UserError: there is no such model, or it has no model card of its present weights.
    """
    weights = paths.generator(model)
    read_metadata(weights)
    documents = read_documents(model)
    if not documents:
        raise UserError(
            f"{paths.model(model) / CARD_FILE}: found no card of these weights; run `dvc repro describe@{model}`"
        )
    metrics = paths.model(model) / "metrics.json"
    with replacing(out) as draft:
        draft.mkdir()
        (draft / "README.md").write_bytes(documents.pop(CARD_FILE))
        for name, document in documents.items():
            (draft / name).write_bytes(document)
        for file in (weights, metrics):
            (draft / file.name).write_bytes(file.read_bytes())
    return out
