"""A lock on a folder, so that only one crawl works in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import UserError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock `folder`, and create it if it is missing. The lock ends with the process, also after a kill.

    Raises:
        UserError: another process has the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder}: found another crawl in this folder; wait for it, or stop it") from None
        yield
    finally:
        os.close(descriptor)
