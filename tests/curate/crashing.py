"""Tasks that crash; workers import them by name."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.prepare import PrepareOptions

DEADLY = 666


def doubled(chunk: Sequence[int]) -> list[int]:
    if DEADLY in chunk:
        os._exit(11)
    return [2 * item for item in chunk]


def doubled_later(chunk: Sequence[int]) -> list[int]:
    time.sleep(0.02 * (chunk[0] % 3))
    return [2 * item for item in chunk]


def dies_once(marker: str, chunk: Sequence[int]) -> list[int]:
    """Exit at the first DEADLY item; the file `marker` records that."""
    if DEADLY in chunk and not Path(marker).exists():
        Path(marker).touch()
        os._exit(11)
    return [2 * item for item in chunk]


def refuses(chunk: Sequence[int]) -> list[int]:
    raise ValueError(f"cannot do {chunk[0]}")


def prepare_but_die(archive: Path, options: "PrepareOptions", digests: Sequence[str]) -> object:
    """Like `curate.prepare.prepare_chunk`, with a decoder that crashes on files that contain CRASH."""
    from crawler.archive.reader import ArchiveReader
    from curate.prepare import prepare_chunk

    reader = ArchiveReader(archive)
    if any(b"CRASH" in reader.get(digest) for digest in digests):
        os._exit(11)
    return prepare_chunk(archive, options, digests)
