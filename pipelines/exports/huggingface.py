"""A dataset repository of Hugging Face: data/SPLIT.parquet, and the data card as README.md.

`load_dataset` reads it as it is, locally or uploaded: the columns' types are in the Parquet files' metadata
(https://huggingface.co/docs/datasets/about_dataset_features), so that `image` decodes to a picture.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.documents.write import CARD_FILE
from pipelines.exports.facades import SPLITS, TOLD, Facade, Facades

BATCH = 1000  # facades in a row group: few enough for the dataset viewer

KINDS = {"row": pa.int32(), "tags": pa.list_(pa.string())}
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = [("image", IMAGE), *((name, KINDS.get(name, pa.string())) for name in TOLD)]
FEATURES = {
    "image": {"_type": "Image"},
    **{name: {"dtype": str(KINDS.get(name, pa.string())), "_type": "Value"} for name in TOLD},
    "tags": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"},
}
SCHEMA = pa.schema(COLUMNS, metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})})


def write(facades: Facades, out: Path) -> None:
    (out / "data").mkdir(parents=True)
    writers = {str(split): pq.ParquetWriter(out / "data" / f"{split}.parquet", SCHEMA) for split in SPLITS}
    held: dict[str, list[Facade]] = {str(split): [] for split in SPLITS}
    try:
        for facade in facades:
            waiting = held[facade.told["split"]]
            waiting.append(facade)
            if len(waiting) == BATCH:
                writers[facade.told["split"]].write_table(_table(waiting))
                waiting.clear()
        for split, waiting in held.items():
            writers[split].write_table(_table(waiting))
    finally:
        for writer in writers.values():
            writer.close()
    (out / "README.md").write_text(_readme(facades), encoding="utf-8")
    for name, paper in facades.papers.items():
        if name != CARD_FILE:
            (out / name).write_bytes(paper)


def _table(facades: list[Facade]) -> pa.Table:
    rows = [{"image": {"bytes": one.png(), "path": f"{one.name}.png"}, **one.told} for one in facades]
    return pa.Table.from_pylist(rows, SCHEMA)


def _readme(facades: Facades) -> str:
    """The data card, under the header that tells the hub where each split lies."""
    files = [{"split": str(split), "path": f"data/{split}.parquet"} for split in SPLITS]
    # JSON is YAML, too.
    header = {"configs": [{"config_name": "default", "data_files": files}], "license": "other"}
    lines = (f"{key}: {json.dumps(value)}" for key, value in header.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n" + facades.papers[CARD_FILE].decode()
