"""Old names of commands, which work for one version."""

import sys
from collections.abc import Sequence

from common.errors import UserError
from pipelines.exports import DatasetFormat, ModelFormat

RENAMED = {
    "sources": "source list",
    "try": "source try",
    "add": "source add",
    "retry": "source retry",
    "new-kind": "source new-kind",
    "why": "dataset why",
    "sample": "model sample",
    "walk": "model interpolate",
    "pick": "model pick",
    "audit log": "dataset log",
    "audit diff": "dataset diff",
    "audit show": "dataset show",
    "audit verify": "dataset verify",
    "audit exclude": "dataset exclude",
    "audit contaminated": "dataset affected",
    "audit memorised": "model memorization",
    "audit": "dataset",
}


def translate(words: Sequence[str]) -> list[str]:
    """Replace an old name at the start of a command line by the new one, and name it on standard error.

    Raises:
        UserError: `export` without a format, which decides which of two commands it is now.
    """
    if words[:1] == ["export"]:
        return _export(words[1:])
    for length in (2, 1):
        old, rest = " ".join(words[:length]), list(words[length:])
        if old in RENAMED:
            new = RENAMED[old]
            if old == "audit show" and "--by" in rest:  # --by author NAME is now --author NAME
                place = rest.index("--by")
                rest[place : place + 2] = ["--author"]
            _note(old, new)
            return [*new.split(), *rest]
    return list(words)


def _export(words: Sequence[str]) -> list[str]:
    """Translate `export WHAT --format FORMAT …`."""
    rest = [part for word in words for part in (word.split("=", 1) if word.startswith("--format=") else [word])]
    place = rest.index("--format") if "--format" in rest[:-1] else None
    format_ = rest[place + 1] if place is not None else ""
    for subject, formats in (("dataset", DatasetFormat), ("model", ModelFormat)):
        if place is not None and format_ in set(formats):
            del rest[place : place + 2]
            _note(f"export --format {format_}", f"{subject} export {format_}")
            return [subject, "export", format_, *rest]
    raise UserError(
        "export: an old name; expected `facades model export FORMAT MODEL` or `facades dataset export FORMAT DIR`"
    )


def _note(old: str, new: str) -> None:
    print(f"note: `facades {old}` is now `facades {new}`; the next version removes the old name", file=sys.stderr)
