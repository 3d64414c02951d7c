"""A dataset repository of Hugging Face: data/SPLIT.parquet, and the dataset card as README.md.

`datasets.load_dataset` reads it, on disk or uploaded. The metadata of the Parquet files declares the types of columns
(https://huggingface.co/docs/datasets/about_dataset_features), so that `image` is decoded.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.documents.write import CARD_FILE
from pipelines.exports.facades import COLUMNS, SPLITS, Facade, Facades

ROW_GROUP = 1000  # facades; the dataset viewer reads a row group at a time

DEGREES = ("latitude", "longitude", "heading")
TYPES = {"row": pa.int32(), "tags": pa.list_(pa.string()), **dict.fromkeys(DEGREES, pa.float64())}
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
FIELDS = [("image", IMAGE), *((name, TYPES.get(name, pa.string())) for name in COLUMNS)]
FEATURES = {
    "image": {"_type": "Image"},
    **{name: {"dtype": str(TYPES.get(name, pa.string())), "_type": "Value"} for name in COLUMNS},
    **{name: {"dtype": "float64", "_type": "Value"} for name in DEGREES},  # Arrow's name is double
    "tags": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"},
}
SCHEMA = pa.schema(FIELDS, metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})})


def write(facades: Facades, out: Path) -> None:
    (out / "data").mkdir(parents=True)
    writers = {str(split): pq.ParquetWriter(out / "data" / f"{split}.parquet", SCHEMA) for split in SPLITS}
    pending: dict[str, list[Facade]] = {str(split): [] for split in SPLITS}
    try:
        for facade in facades:
            rows = pending[facade.metadata["split"]]
            rows.append(facade)
            if len(rows) == ROW_GROUP:
                writers[facade.metadata["split"]].write_table(_table(rows))
                rows.clear()
        for split, rows in pending.items():
            writers[split].write_table(_table(rows))
    finally:
        for writer in writers.values():
            writer.close()
    (out / "README.md").write_text(_readme(facades), encoding="utf-8")
    for name, document in facades.documents.items():
        if name != CARD_FILE:
            (out / name).write_bytes(document)


def _table(facades: list[Facade]) -> pa.Table:
    rows = [{"image": {"bytes": one.png(), "path": f"{one.name}.png"}, **one.metadata} for one in facades]
    return pa.Table.from_pylist(rows, SCHEMA)


def _readme(facades: Facades) -> str:
    """The dataset card below the header in which the hub finds the files of each split."""
    files = [{"split": str(split), "path": f"data/{split}.parquet"} for split in SPLITS]
    # The header is YAML; JSON is a part of YAML.
    header = {"configs": [{"config_name": "default", "data_files": files}], "license": "other"}
    lines = (f"{key}: {json.dumps(value)}" for key, value in header.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n" + facades.documents[CARD_FILE].decode()
