"""Folders of PNG files, SPLIT/SOURCE/ROW.png, as torchvision.datasets.ImageFolder reads them: the source is the class.

Beside each split's folders lies metadata.csv, by which Hugging Face's `imagefolder` loader finds what is told of each.
"""

import csv
from pathlib import Path

from pipelines.exports.facades import SPLITS, TOLD, Facades


def write(facades: Facades, out: Path) -> None:
    for split in SPLITS:
        for source in facades.sources:  # all classes in each split, so that they are numbered alike
            (out / split / source).mkdir(parents=True)
    for facade in facades:
        (out / _place(facade.told)).write_bytes(facade.png())
    for split in SPLITS:
        with (out / split / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ("file_name", *TOLD), lineterminator="\n")
            table.writeheader()
            for told in facades.rows:
                if told["split"] == split:
                    name = str(_place(told).relative_to(split).as_posix())
                    table.writerow({**told, "file_name": name, "tags": "; ".join(told["tags"] or ())})
    for name, paper in facades.papers.items():
        (out / name).write_bytes(paper)


def _place(told: dict[str, object]) -> Path:
    return Path(str(told["split"]), str(told["source"]), f"{told['row']:08d}.png")
