"""The registry of kinds: each module or package in crawler/spiders/ is a kind with that name."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union

from pydantic import Discriminator, Tag

from common.errors import UserError, expected_one_of
from crawler import spiders
from crawler.kind import FileKind, SourceParams
from crawler.spider import FacadeSpider

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(spiders.__path__)))
"""The names of all kinds."""


@cache
def kind(name: str) -> type[FacadeSpider[Any]] | type[FileKind]:
    """Return the kind called `name`.

    Raises:
        UserError: there is no such kind.
    """
    if name not in KINDS:
        raise UserError(f"kind: found {name!r}, {expected_one_of(KINDS, name)}")
    module = import_module(f"{spiders.__name__}.{name}")
    found: list[type[FacadeSpider[Any]] | type[FileKind]] = [
        value for value in vars(module).values() if getattr(value, "name", None) == name and hasattr(value, "Params")
    ]
    return found[0]


def _tag(entry: Any) -> Any:
    return entry.get("kind") if isinstance(entry, dict) else getattr(entry, "kind", None)


if TYPE_CHECKING:
    Entry: TypeAlias = SourceParams
else:
    Entry = Annotated[
        Union[tuple(Annotated[kind(name).Params, Tag(name)] for name in KINDS)],  # noqa: UP007
        Discriminator(_tag),
    ]
"""An entry of `sources:` as a pydantic type; its `kind` selects the `Params` that validate it."""
