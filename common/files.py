"""Atomic files: every output is written beside its destination, fsynced and renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Provide a path beside `path` for a file or a directory; on a clean exit it replaces `path`.

    On an exception the new file is removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.writing")
    _remove(draft)
    try:
        yield draft
    except BaseException:
        _remove(draft)
        raise
    for file in sorted(draft.rglob("*")) if draft.is_dir() else [draft]:
        if file.is_file():
            _fsync(file)
    if path.is_dir():
        # A directory cannot be renamed over one that contains files.
        _remove(path)
    draft.replace(path)
    _fsync(path.parent)


def write_table(table: pa.Table, path: Path) -> None:
    """Write `table` to `path` as Parquet, so that equal tables give equal bytes."""
    with replacing(path) as draft:
        pq.write_table(table.replace_schema_metadata(None), draft, compression="zstd", row_group_size=65_536)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
