"""What may be published of the entries of `sources:` in params.yaml."""

from collections.abc import Mapping
from typing import Any

from common.published import public_parameter


def description(entry: Mapping[str, Any]) -> str:
    """Return kind and parameters of an entry on one line, in the order of their names, without its snapshot.

    Credentials, queries of URLs and folders of the user's own disk are left out (`common.published`).

    Args:
        entry: the values in params.yaml.
    """
    values = sorted(
        (name, public_parameter(value)) for name, value in entry.items() if name not in ("kind", "snapshot")
    )
    return ", ".join([str(entry["kind"]), *(f"{name} {value}" for name, value in values)])
