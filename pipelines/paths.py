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


def training_state(name: str) -> Path:
    """The unfinished training of a model; untracked, so that it survives a kill."""
    return Path(".state") / name
