"""One zip file of uncompressed PNG files with dataset.json, as the dataset tools of StyleGAN2-ADA and StyleGAN3 write.

Files are named `00000/img00000000.png`, in one sequence, and the label of an image is the number of its source
(https://github.com/NVlabs/stylegan3/blob/main/dataset_tool.py). The format has no splits, so it contains only training
images. StyleGAN ignores the other files: metadata.jsonl and the documents of the dataset.
"""

import json
import zipfile
from pathlib import Path

from curate.schemas import Split
from pipelines.exports.facades import Facades

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip file: equal facades give equal bytes


def write(facades: Facades, out: Path) -> None:
    labels: list[tuple[str, int]] = []
    metadata: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for facade in facades:
            if facade.metadata["split"] == Split.TRAIN:
                number = f"{len(labels):08d}"
                name = f"{number[:5]}/img{number}.png"
                _add(archive, name, facade.png(level=0))
                labels.append((name, facades.sources.index(facade.metadata["source"])))
                metadata.append(json.dumps({"file_name": name, **facade.metadata}, ensure_ascii=False))
        _add(archive, "dataset.json", json.dumps({"labels": labels}).encode())
        _add(archive, "metadata.jsonl", "".join(f"{line}\n" for line in metadata).encode())
        for name, document in facades.documents.items():
            _add(archive, name, document)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
