"""`facades dataset why`."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from common.safe_text import one_line
from pipelines.audit.provenance import describe_decision
from pipelines.audit.terminal.tables import facts, section
from pipelines.audit.why import Why


def why(found: Why, pictures: Mapping[str, Path]) -> list[RenderableType]:
    """Return the decision on an image, and the result of each filter."""
    row = found.row
    fields = [
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
            result.key,
            f"{result.value:.4g}",
            "off" if result.threshold is None else f"{'≥' if '.min_' in result.key else '≤'} {result.threshold:.4g}",
            "" if result.passed else "rejects",
        )
        for result in found.filters
    ]
    conditions = [(one.key, one_line(one.stated) or "–", "" if one.passed else "rejects") for one in found.conditions]
    return [
        head,
        facts(fields),
        Text(),
        *section("", ("condition", "stated", ""), conditions),
        *section("", ("filter", "measured", "threshold", ""), filters),
    ]
