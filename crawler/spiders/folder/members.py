"""Read the files of a folder, a zip or a tar one by one, without unpacking them to disk.

Archives are not trusted. A member whose name points out of the archive, a link, a device, or an implausible number of
unpacked bytes is an error that names the member.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from common.errors import UserError

MAX_MEMBERS = 2_000_000
MAX_RATIO = 100  # unpacked bytes per packed byte; pictures barely compress, bombs exceed a thousand
FLOOR = 256 << 20  # bytes that every archive may unpack to

_JUNK = {"__MACOSX", "Thumbs.db", "desktop.ini"}
_DECOMPRESSORS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"", Path.open),
)
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError)


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield (name, open stream) of every regular file; the name is relative, with forward slashes.

    A folder is sorted by name, an archive keeps its order. Hidden files and system files (.DS_Store, Thumbs.db,
    __MACOSX) are skipped. A stream is valid until the next one is requested.

    Raises:
        UserError: the path does not exist, is none of these, is damaged or not trustworthy.
    """
    seen: set[str] = set()
    for name, stream in _all(path):
        if name in seen:
            raise UserError(f"{path}: member {name!r} occurs twice")
        if len(seen) >= MAX_MEMBERS:
            raise UserError(f"{path}: member {name!r} exceeds the limit; expected at most {MAX_MEMBERS}")
        seen.add(name)
        if not any(part.startswith(".") or part in _JUNK for part in PurePosixPath(name).parts):
            yield name, stream


def count(path: Path) -> int | None:
    """Return the approximate number of files, or None if counting them would be slow."""
    if path.is_dir():
        return sum(len(files) for _, _, files in os.walk(path))
    if path.is_file() and _is_zip(path):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as packed:
            return len(packed.infolist())
    return None


def _all(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file or folder; expected a folder, a .zip or a .tar(.gz, .bz2, .xz)")
    return _zip(path) if _is_zip(path) else _tar(path)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _folder(root: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        kind = path.lstat().st_mode
        if stat.S_ISREG(kind):
            with path.open("rb") as stream:
                yield name, stream
        elif not stat.S_ISDIR(kind):
            raise UserError(f"{root}: {name!r} is a link or a device, expected only files and folders")


def _zip(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    name = ""
    try:
        with zipfile.ZipFile(path) as packed:
            total, bound = 0, _bound(path)
            for info in packed.infolist():
                name = _trusted(path, info.filename)
                total += info.file_size
                if total > bound:
                    raise _bomb(path, name, bound)
            for info in packed.infolist():
                name = _trusted(path, info.filename)
                mode = info.external_attr >> 16
                if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise UserError(f"{path}: member {name!r} is a link or a device, expected only files and folders")
                if info.flag_bits & 0x1:
                    raise UserError(f"{path}: member {name!r} is encrypted")
                if not info.is_dir():
                    with packed.open(info) as stream:
                        yield name, stream
    except _DAMAGE as error:
        raise _damaged(path, name, error) from error


def _tar(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    name = ""
    try:
        # One pass without seeking; every unpacked byte counts, including headers.
        with _Bounded(path) as unpacked, tarfile.open(fileobj=cast(IO[bytes], unpacked), mode="r|") as packed:
            for info in packed:
                name = _trusted(path, info.name)
                unpacked.name = name
                if info.isdir():
                    continue
                stream = packed.extractfile(info) if info.isreg() and not info.issparse() else None
                if stream is None:
                    raise UserError(f"{path}: member {name!r} is a link or a device, expected only files and folders")
                yield name, stream
    except _DAMAGE as error:
        raise _damaged(path, name, error) from error


class _Bounded:
    """The unpacked content of a file, up to a bound; the part of the file interface that tarfile's stream mode uses."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            head = file.read(8)
        unpack = next(unpack for magic, unpack in _DECOMPRESSORS if head.startswith(magic))
        self._path = path
        self._file: IO[bytes] = unpack(path, "rb")
        self._left = self._bound = _bound(path)
        self.name = ""  # of the current member

    def read(self, size: int) -> bytes:
        read = self._file.read(size)
        self._left -= len(read)
        if self._left < 0:
            raise _bomb(self._path, self.name, self._bound)
        return read

    def __enter__(self) -> "_Bounded":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _bound(path: Path) -> int:
    return max(FLOOR, MAX_RATIO * path.stat().st_size)


def _trusted(path: Path, name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if not name or "\0" in name or name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
        raise UserError(f"{path}: member {name!r} points out of the archive, expected a relative name without '..'")
    return PurePosixPath(name).as_posix()


def _bomb(path: Path, name: str, bound: int) -> UserError:
    return UserError(
        f"{path}: member {name!r} takes it past {bound} bytes, more than {MAX_RATIO} times its size; "
        "expected no archive bomb"
    )


def _damaged(path: Path, name: str, error: Exception) -> UserError:
    where = f"member {name!r}" if name else "the beginning"
    return UserError(f"{path}: damaged at {where} ({error}); expected a folder, a .zip or a .tar(.gz, .bz2, .xz)")
