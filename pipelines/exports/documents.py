"""Puts the documents of a model beside what is made from it."""

import hashlib
import sys
from pathlib import Path

from common.files import replacing
from pipelines import paths
from pipelines.documents.write import CARD_FILE, TRAINING_CONTENT_FILE

NAMES = (CARD_FILE, TRAINING_CONTENT_FILE)


def add_documents(model: str, out: Path) -> None:
    """Write the documents of a model into the folder `out`, or beside the file `out`: NAME.card.md.

    Documents of other weights are not written, and earlier ones are removed. A note says so.
    """
    found = read_documents(model)
    for name in NAMES:
        path = out / name if out.is_dir() else out.with_name(f"{out.stem}.{name}")
        if name in found:
            with replacing(path) as draft:
                draft.write_bytes(found[name])
        else:
            path.unlink(missing_ok=True)
    if not found and (paths.model(model) / CARD_FILE).is_file():
        print(f"note: the card of {model} is of other weights; run `dvc repro describe@{model}`", file=sys.stderr)


def read_documents(model: str) -> dict[str, bytes]:
    """Return the documents of a model by file name; none if one is missing or the card is of other weights."""
    folder = paths.model(model)
    found = {name: (folder / name).read_bytes() for name in NAMES if (folder / name).is_file()}
    sha256 = hashlib.sha256(paths.generator(model).read_bytes()).hexdigest()
    whole = len(found) == len(NAMES) and all(sha256.encode() in document for document in found.values())
    return found if whole else {}
