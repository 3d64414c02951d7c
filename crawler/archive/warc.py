"""Write and scan the WARC files of one archive (ISO 28500, WARC/1.1).

A fetch is at most four consecutive records in one file: the `response` (or a `resource`, if it did not use HTTP), the
`request`, and a `metadata` record with the outcome. If the server reports that a URL is unchanged, the `response` of
the previous snapshot is copied byte for byte and followed by a `revisit`.

Records are formatted here and not by warcio, which cost a third of the time of an image crawl. The tests read them
with warcio and check the digests. Scanning seeks past the bodies.
"""

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeAlias
from uuid import uuid4

VERSION = "WARC/1.1"
MAX_BYTES = 1 << 30  # a file that has reached this size is followed by a new one
END = b"\r\n\r\n"  # ends every record, and the fields at its start
BUFFER = 1 << 18  # bytes; most fetches are written in one call
HEAD = 1024  # bytes that are read at a time until a record's fields end

_VERSION_LINE = f"{VERSION}\r\n".encode()
_FIELDS = "application/warc-fields"
_HTTP_REQUEST = "application/http; msgtype=request"
_HTTP_RESPONSE = "application/http; msgtype=response"

Headers: TypeAlias = Iterable[tuple[str, str]]
"""HTTP headers: names and values; values are bytes decoded as Latin-1."""


@dataclass(frozen=True, slots=True)
class Record:
    """The position of one record. Its block (HTTP headers and body, or fields) is `length` bytes at `offset`."""

    file: str
    start: int  # offset of the record's own headers
    type: str
    id: str
    url: str
    about: str  # id of the record that this one refers to, or empty
    offset: int
    length: int


class TornRecordError(Exception):
    """The file ends inside a record, as after a kill. Everything before `offset` is complete."""

    def __init__(self, path: Path, offset: int) -> None:
        super().__init__(f"{path}: the record at byte {offset} is incomplete")
        self.offset = offset


def files(folder: Path) -> list[Path]:
    """Return the WARC files of an archive in the order in which they were written."""
    return sorted(folder.glob("*.warc"))


def name(number: int) -> str:
    """Return the name of file `number`, counted from 0."""
    return f"{number:05d}.warc"


def scan(path: Path) -> Iterator[Record]:
    """Yield every record of one file in order, seeking past the blocks.

    Raises:
        TornRecordError: the file ends inside a record.
    """
    with path.open("rb") as file:
        start = 0
        while headers := _headers(file, path, start):
            try:
                offset, length = file.tell(), int(headers["Content-Length"])
            except (KeyError, ValueError):
                raise TornRecordError(path, start) from None
            file.seek(length, os.SEEK_CUR)
            if file.read(len(END)) != END:
                raise TornRecordError(path, start)
            yield Record(
                file=path.name,
                start=start,
                type=headers.get("WARC-Type", ""),
                id=headers.get("WARC-Record-ID", ""),
                url=headers.get("WARC-Target-URI", ""),
                about=headers.get("WARC-Concurrent-To", ""),
                offset=offset,
                length=length,
            )
            start = offset + length + len(END)


def _headers(file: BinaryIO, path: Path, start: int) -> dict[str, str]:
    """Read the named fields of the record at `start`, leaving `file` at its block. Empty at the end of the file.

    Raises:
        TornRecordError: there is no record at `start`, or its fields are incomplete.
    """
    head = file.read(HEAD)
    if not head:
        return {}
    if not head.startswith(_VERSION_LINE):
        raise TornRecordError(path, start)
    while (end := head.find(END)) < 0:
        if not (more := file.read(HEAD)):
            raise TornRecordError(path, start)
        head += more
    file.seek(start + end + len(END))
    lines = head[len(_VERSION_LINE) : end].decode("utf-8", "replace").split("\r\n")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def cut_torn_tail(folder: Path) -> None:
    """Cut off an incomplete record after a kill; only the last file can contain one."""
    for path in files(folder)[-1:]:
        try:
            for _ in scan(path):
                pass
        except TornRecordError as torn:
            os.truncate(path, torn.offset)


class Writer:
    """Appends complete fetches to the last file of a folder, and starts a new file when that one is full."""

    def __init__(self, folder: Path, info: Mapping[str, str]) -> None:
        """`info` is written into the `warcinfo` record at the start of each file."""
        self._folder = folder
        self._info = info
        self._open(files(folder)[-1] if files(folder) else folder / name(0))

    def begin(self) -> None:
        """Start a fetch: all of its records go into one file."""
        if self._file.tell() >= MAX_BYTES:
            self.close()
            self._open(self._folder / name(int(self.path.stem) + 1))

    def request(self, url: str, method: str, target: str, headers: Headers, answer: str) -> None:
        """Write a `request` record. `answer` is the id of its response record."""
        head = _http(f"{method} {target} HTTP/1.1", headers)
        self._write("request", url, _HTTP_REQUEST, head, b"", {"WARC-Concurrent-To": answer})

    def response(self, url: str, status: str, headers: Headers, body: bytes, sha256: str) -> str:
        """Write a `response` record and return its id. `status` is for example "200 OK"."""
        head = _http(f"HTTP/1.1 {status}", headers)
        return self._write("response", url, _HTTP_RESPONSE, head, body, {"WARC-Payload-Digest": f"sha256:{sha256}"})

    def resource(self, url: str, body: bytes, sha256: str, media_type: str) -> str:
        """Write a `resource` record, for bytes that did not come over HTTP, and return its id."""
        return self._write("resource", url, media_type, b"", body, {"WARC-Payload-Digest": f"sha256:{sha256}"})

    def carry(self, record: bytes) -> tuple[str, str]:
        """Append a whole record of another archive unchanged, and return its id and its date."""
        self._file.write(record)
        return identity(record)

    def revisit(self, url: str, status: str, headers: Headers, original: str, date: str) -> str:
        """Write a `revisit` record: the server reported `original`, of `date`, as unchanged (WARC 1.1, 6.7.3)."""
        fields = {
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
            "WARC-Refers-To": original,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": date,
        }
        return self._write("revisit", url, _HTTP_RESPONSE, _http(f"HTTP/1.1 {status}", headers), b"", fields)

    def metadata(self, url: str, values: Mapping[str, str], about: str | None = None) -> None:
        """Write a `metadata` record of `name: value` lines; `about` is the id of the record that it describes."""
        self._write("metadata", url, _FIELDS, _lines(values), b"", {"WARC-Concurrent-To": about} if about else {})

    def end(self) -> None:
        """Flush to the operating system, so that a kill of this process loses nothing."""
        self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _open(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=BUFFER)
        if not self._file.tell():
            self._write("warcinfo", "", _FIELDS, _lines(self._info), b"", {"WARC-Filename": path.name})

    def _write(self, kind: str, url: str, media_type: str, head: bytes, body: bytes, fields: Mapping[str, str]) -> str:
        """Write one record whose block is `head` followed by `body`, and return its id."""
        block = sha256(head)
        block.update(body)
        number = f"<urn:uuid:{uuid4()}>"
        named = {
            "WARC-Type": kind,
            "WARC-Record-ID": number,
            "WARC-Target-URI": url,
            "WARC-Date": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            **fields,
            "WARC-Block-Digest": f"sha256:{block.hexdigest()}",
            "Content-Type": media_type,
            "Content-Length": str(len(head) + len(body)),
        }
        self._file.writelines((_VERSION_LINE, _lines(named), b"\r\n", head, body, END))
        return number


def identity(record: bytes) -> tuple[str, str]:
    """Return the id and the date of a whole record."""
    headers = _headers(io.BytesIO(record), Path(), 0)
    return headers["WARC-Record-ID"], headers["WARC-Date"]


def fields(block: bytes) -> dict[str, str]:
    """Parse the `name: value` lines of a metadata record."""
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n") if ": " in line)


def _lines(values: Mapping[str, str]) -> bytes:
    """Format `name: value` lines; line breaks in values become spaces."""
    return "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in values.items() if value).encode()


def _http(first: str, headers: Headers) -> bytes:
    """Format the start line and the headers of an HTTP message (RFC 9112, section 2.1)."""
    return "".join((first, "\r\n", *(f"{name}: {value}\r\n" for name, value in headers), "\r\n")).encode("latin-1")
