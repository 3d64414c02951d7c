"""Where everything lies, relative to the root of the repository; DVC runs every stage there."""

from pathlib import Path

PARAMS = Path("params.yaml")
PARAMS_OK = Path("data/params.ok")
EXCLUSIONS = Path("exclusions.csv")
DATASET = Path("data/dataset")
REPORT = Path("report/index.html")
PAIRS = Path(".state/pairs")  # of images that look alike; untracked, for `curate` to be quick next time


def crawling(source: str, snapshot: str) -> Path:
    """The unfinished crawl of one snapshot of a source; untracked, so that it survives a kill."""
    return Path(".crawl") / source / snapshot


def archive(source: str) -> Path:
    return Path("data/archive") / source


def images(source: str) -> Path:
    return Path("data/images") / f"{source}.parquet"


def counts(source: str) -> Path:
    """What a crawl brought, in numbers: a DVC metric."""
    return Path("data/counts") / f"{source}.json"


def prepared(source: str) -> Path:
    return Path("data/prepared") / f"{source}.parquet"


def model(name: str) -> Path:
    return Path("models") / name


def generator(model: str) -> Path:
    return Path("models") / model / "generator.safetensors"


def export(model: str, *parts: str | int | None, suffix: str = "") -> Path:
    """Where a command writes what it makes of a model: a name of `parts`, where a label may contain a slash.

    It is not under models/, whose files DVC compares with their hashes.
    """
    name = "-".join(str(part).replace("%", "%25").replace("/", "%2F") for part in parts if part is not None)
    return Path("exports") / model / f"{name}{suffix}"


def training_state(name: str) -> Path:
    """The unfinished training of a model; untracked, so that it survives a kill."""
    return Path(".state") / name
