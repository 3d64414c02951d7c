"""Folders of PNG files, SPLIT/SOURCE/ROW.png, for torchvision.datasets.ImageFolder; the source is the class.

Each split has a metadata.csv, which the `imagefolder` loader of Hugging Face datasets reads.
"""

import csv
from pathlib import Path

from pipelines.exports.facades import COLUMNS, SPLITS, Facades


def write(facades: Facades, out: Path) -> None:
    for split in SPLITS:
        for source in facades.sources:  # all classes in each split, for equal class numbers
            (out / split / source).mkdir(parents=True)
    for facade in facades:
        (out / _path(facade.metadata)).write_bytes(facade.png())
    for split in SPLITS:
        with (out / split / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ("file_name", *COLUMNS), lineterminator="\n")
            table.writeheader()
            for row in facades.rows:
                if row["split"] == split:
                    name = _path(row).relative_to(split).as_posix()
                    table.writerow({**row, "file_name": name, "tags": "; ".join(row["tags"] or ())})
    for name, document in facades.documents.items():
        (out / name).write_bytes(document)


def _path(row: dict[str, object]) -> Path:
    return Path(str(row["split"]), str(row["source"]), f"{row['row']:08d}.png")
