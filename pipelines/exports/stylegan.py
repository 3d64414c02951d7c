"""One zip of uncompressed PNG files with dataset.json, as the dataset tools of StyleGAN2-ADA and StyleGAN3 write it.

https://github.com/NVlabs/stylegan3/blob/main/dataset_tool.py: `00000/img00000000.png`, numbered through; a label for
each, here the number of its source. Held-out facades are left out: the tools know no splits. Beside these files lie
the papers, and metadata.jsonl with what is told of each; StyleGAN's reader passes over what is no image.
"""

import json
import zipfile
from pathlib import Path

from curate.schemas import Split
from pipelines.exports.facades import Facades

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can name


def write(facades: Facades, out: Path) -> None:
    labels: list[tuple[str, int]] = []
    told: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for facade in facades:
            if facade.told["split"] == Split.TRAIN:
                number = f"{len(labels):08d}"
                name = f"{number[:5]}/img{number}.png"
                _add(archive, name, facade.png(level=0))
                labels.append((name, facades.sources.index(facade.told["source"])))
                told.append(json.dumps({"file_name": name, **facade.told}, ensure_ascii=False))
        _add(archive, "dataset.json", json.dumps({"labels": labels}).encode())
        _add(archive, "metadata.jsonl", "".join(f"{line}\n" for line in told).encode())
        for name, paper in facades.papers.items():
            _add(archive, name, paper)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
