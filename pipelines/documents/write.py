"""Writes the documents of a model: card.md and training-content.md."""

from collections.abc import Iterable
from pathlib import Path

from common.files import replacing
from pipelines.documents.facts import ModelFacts
from pipelines.documents.model_card import model_card
from pipelines.documents.training_content import training_content

CARD_FILE = "card.md"
TRAINING_CONTENT_FILE = "training-content.md"


def documents(found: ModelFacts) -> dict[str, str]:
    """Return the content of each document by its file name."""
    return {CARD_FILE: _text(model_card(found)), TRAINING_CONTENT_FILE: _text(training_content(found))}


def write_documents(found: ModelFacts, folder: Path) -> None:
    """Write the documents into the folder of the model; equal facts give equal bytes."""
    for name, text in documents(found).items():
        with replacing(folder / name) as draft:
            draft.write_text(text, encoding="utf-8")


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
