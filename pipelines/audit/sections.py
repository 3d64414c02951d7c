"""The tables of an image's provenance, for the terminal and the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.rights.finding import Verdict
from pipelines.audit.provenance import Provenance, describe_decision


@dataclass(frozen=True)
class Section:
    """A table of cells; None stands for an empty cell."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def without(self, column: str) -> "Section":
        """Return the same table without a column."""
        kept = [index for index, name in enumerate(self.columns) if name != column]
        return Section([self.columns[index] for index in kept], [[row[index] for index in kept] for row in self.rows])


def fetched(found: Provenance) -> Section:
    """Return the fetches of the image and of its page."""
    return Section(
        ("source", "what", "URL", "outcome", "status", "when (UTC)", "tries"),
        [
            (
                f["source"],
                f["role"],
                f["url"],
                f["outcome"],
                f["status"],
                f"{f['last_at']:%Y-%m-%d %H:%M}",
                f["attempts"],
            )
            for f in found.fetches
        ],
    )


def signals(found: Provenance) -> Section:
    """Return what the signals of reserved use say, the strictest first; those that say nothing share a row a record."""
    ranks = {verdict.value: rank for rank, verdict in enumerate(Verdict)}
    rows: dict[tuple[object, ...], list[str]] = {}
    for row in sorted(found.signals, key=lambda row: ranks[row["verdict"]]):
        record = f"{row['file']}:{row['offset']}" if row["file"] else None
        words = " ".join(filter(None, (row["value"], row["policy"])))
        listed = rows.setdefault((row["verdict"], row["place"], record, words), [])
        if row["signal"] not in listed:
            listed.append(row["signal"])
    return Section(
        ("verdict", "place", "signal", "record"),
        [
            (verdict, place, f"{', '.join(listed)}: {words}" if words else ", ".join(listed), record)
            for (verdict, place, record, words), listed in rows.items()
        ],
    )


def archived(found: Provenance) -> Section:
    """Return where the archives contain the bytes of the image."""
    columns = ("source", "file", "offset", "length")
    return Section(columns, [[location[name] for name in columns] for location in found.locations])


def decided(found: Provenance) -> Section:
    """Return the decision on the image in each source."""
    return Section(
        ("source", "decision", "row", "split", "rules"),
        [
            (row["source"], describe_decision(row), row["row"], row["split"], row["rule_version"])
            for row in found.decisions
        ],
    )


def in_versions(found: Provenance) -> Section:
    """Return the decision on the image in each dataset version."""
    return Section(
        ("version", "source", "decision", "split"),
        [
            (one.version, one.source, (one.reason or one.decision).replace("_", " "), one.split)
            for one in found.appearances
        ],
    )


def in_models(found: Provenance) -> Section:
    """Return the models that were trained on a dataset with the image."""
    return Section(("model", "recorded in", "split"), [(use.model, use.recorded, use.split) for use in found.trainings])


def measured(found: Provenance) -> list[tuple[str, str]]:
    """Return the name and the value of each measure, with the pHash in hexadecimal at the end."""
    values = {name: value for name, value in found.measures.items() if value is not None and name != "sha256"}
    phash = values.pop("phash", None)
    named = [(name, f"{value:.4g}" if isinstance(value, float) else str(value)) for name, value in values.items()]
    return named + ([("phash", f"{phash:016x}")] if phash is not None else [])
