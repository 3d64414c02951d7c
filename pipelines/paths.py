"""Paths of all files of the pipeline, relative to the root of the repository, in which DVC runs every stage."""

from pathlib import Path

PARAMS = Path("params.yaml")
PARAMS_OK = Path("data/params.ok")
EXCLUSIONS = Path("exclusions.csv")
DATASET = Path("data/dataset")
REPORT = Path("report/index.html")
PAIRS = Path(".state/pairs")
"""Cache of similar pairs, not tracked: it makes the next `curate` fast."""


def crawling(source: str, snapshot: str) -> Path:
    """Return the folder of an unfinished crawl; it is no output of DVC, so that it survives a kill."""
    return Path(".crawl") / source / snapshot


def rechecks(source: str) -> Path:
    """Return the archive of a source's rechecks; it is no output of DVC, which a recheck leaves as it is."""
    return Path(".state/recheck") / source


def archive(source: str) -> Path:
    return Path("data/archive") / source


def images(source: str) -> Path:
    return Path("data/images") / f"{source}.parquet"


def signals(source: str) -> Path:
    """Return the table of every signal of reserved use that was looked at for an image of a source."""
    return Path("data/signals") / f"{source}.parquet"


def counts(source: str) -> Path:
    """Return the file with the counts of a source, a DVC metric."""
    return Path("data/counts") / f"{source}.json"


def prepared(source: str) -> Path:
    return Path("data/prepared") / f"{source}.parquet"


def model(name: str) -> Path:
    return Path("models") / name


def generator(model: str) -> Path:
    return Path("models") / model / "generator.safetensors"


def export(model: str, *parts: str | int | None, suffix: str = "") -> Path:
    """Return the default path of a file that is made from a model, with `parts` joined by hyphens as its name.

    A slash or per cent sign in a part (a label) is written as %2F or %25. The path is not below models/, whose content
    DVC compares with its hashes.
    """
    name = "-".join(str(part).replace("%", "%25").replace("/", "%2F") for part in parts if part is not None)
    return Path("exports") / model / f"{name}{suffix}"


def training_state(name: str) -> Path:
    """Return the folder of an unfinished training; it is no output of DVC, so that it survives a kill."""
    return Path(".state") / name
