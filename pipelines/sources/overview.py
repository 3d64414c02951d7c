"""`facades source list`: print the kinds with their parameters, and the sources of params.yaml with their counts."""

import inspect
import json
from importlib import import_module
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crawler.archive.failures import failed_downloads
from crawler.archive.reader import INDEX_FILE
from crawler.archive.schemas import Role
from crawler.registry import KINDS, kind
from curate.schemas import Decision
from pipelines import params, paths
from pipelines.sources.decisions import count_decisions

COMMON = ("kind", "snapshot")
"""Parameters of every kind, which are not listed again."""


def show(only: str | None) -> None:
    """Print all kinds and then the sources of params.yaml, or the kind `only`.

    Raises:
        UserError: there is no such kind, or params.yaml is not valid.
    """
    console = Console()
    for name in [only] if only else KINDS:
        console.print(_kind(name))
        console.print(Text(f"  example: {example(name)}\n", "dim"), soft_wrap=True)
    if only is None:
        console.print(_sources())


def example(name: str) -> str:
    """Return an example entry of a kind: the docstring of its Params."""
    return (kind(name).Params.__doc__ or "").strip().strip("`")


def _kind(name: str) -> Group:
    """Name, description and parameters of a kind, its own parameters first."""
    found = kind(name)
    about = inspect.getdoc(import_module(found.__module__)) or ""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    described_by_key = found.Params.model_json_schema()["properties"]
    own = found.Params.__annotations__
    for key in sorted(described_by_key, key=lambda key: key not in own):
        described = described_by_key[key]
        if key not in COMMON:
            table.add_row(Text(key, "bold"), _type(described), _default(found.Params, key), described["description"])
    return Group(
        Text.assemble((name, "bold"), "  ", about.splitlines()[0]),
        Padding(table, (0, 0, 0, 2)),
    )


def _type(described: dict[str, Any]) -> Text:
    options = [one for one in described.get("anyOf", [described]) if one.get("type") != "null"]
    names = {"string": "text", "integer": "number", "boolean": "true or false", "array": "list", "object": "map"}
    shown = [", ".join(map(str, one["enum"])) if "enum" in one else names.get(one["type"], "") for one in options]
    return Text(" or ".join(shown))


def _default(model: Any, key: str) -> Text:
    field = model.model_fields[key]
    if field.is_required():
        return Text("required", "yellow")
    return Text("" if field.default in ("", None, [], {}) else json.dumps(field.default, ensure_ascii=False), "green")


def _sources() -> Table:
    table = Table("source", "kind", "snapshot", box=None, padding=(0, 2, 0, 0))
    for column in ("images", "MB", "failed", "kept"):
        table.add_column(column, justify="right")
    decisions = count_decisions()
    for name, entry in params.load().sources.items():
        table.add_row(name, entry.kind, entry.snapshot, *_counts(name), str(decisions[name, Decision.KEPT] or ""))
    return table


def _counts(name: str) -> tuple[str, str, str]:
    """Distinct images, their megabytes, and failed image URLs of a source; dashes if it is not crawled."""
    archive = paths.archive(name)
    if not (archive / INDEX_FILE).is_file():
        return "–", "–", "–"
    index = pq.read_table(archive / INDEX_FILE, columns=["sha256", "length"]).group_by("sha256")
    lengths = index.aggregate([("length", "min")])["length_min"]
    failed = pc.sum(pc.equal(failed_downloads(archive)["role"], str(Role.IMAGE))).as_py() or 0
    return str(len(lengths)), f"{(pc.sum(lengths).as_py() or 0) / 1e6:.1f}", str(failed)
