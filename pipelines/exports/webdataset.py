"""Tar files SPLIT-000000.tar with ROW.png and ROW.json of each facade (https://github.com/webdataset/webdataset)."""

import io
import json
import tarfile
from pathlib import Path

from pipelines.exports.facades import SPLITS, Facades

SHARD = 10_000  # facades in a tar file


def write(facades: Facades, out: Path) -> None:
    out.mkdir()
    counts = dict.fromkeys(SPLITS, 0)
    shards: dict[str, tarfile.TarFile] = {}
    try:
        for facade in facades:
            split = facade.metadata["split"]
            if counts[split] % SHARD == 0:
                if split in shards:
                    shards[split].close()
                # USTAR has no access times, so that equal facades give equal bytes.
                path = out / f"{split}-{counts[split] // SHARD:06d}.tar"
                shards[split] = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115  # closed below
            counts[split] += 1
            _add(shards[split], f"{facade.name}.png", facade.png())
            _add(shards[split], f"{facade.name}.json", json.dumps(facade.metadata, ensure_ascii=False).encode())
    finally:
        for shard in shards.values():
            shard.close()
    for name, document in facades.documents.items():
        (out / name).write_bytes(document)


def _add(shard: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    shard.addfile(entry, io.BytesIO(content))
