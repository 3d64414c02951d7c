"""`facades dataset why`."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from pipelines.audit.provenance import describe_decision
from pipelines.audit.terminal.tables import facts, section
from pipelines.audit.why import Why


def why(found: Why, pictures: Mapping[str, Path]) -> list[RenderableType]:
    row = found.row
    said = [
        ("source", row["source"]),
        ("title", row["title"]),
        ("image", row["image_url"]),
        ("licence", row["license"]),
        ("rule", found.rule),
        ("excluded", found.request and str(found.request)),
        ("keeper", found.keeper and f"{found.keeper['sha256'][:16]}, row {found.keeper['row']}"),
        ("bits apart", row["distance"]),
        *((name, str(path)) for name, path in pictures.items()),
    ]
    color = "red" if found.rule else "green"
    head = Text.assemble((describe_decision(row), f"bold {color}"), f"  {found.sha256[:16]} at {found.version}")
    filters = [
        (
            held.key,
            f"{held.value:.4g}",
            "off" if held.threshold is None else f"{'≥' if '.min_' in held.key else '≤'} {held.threshold:.4g}",
            "" if held.passed else "objects",
        )
        for held in found.held
    ]
    return [head, facts(said), Text(), *section("", ("filter", "measured", "asked for", ""), filters)]
