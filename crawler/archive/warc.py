"""The WARC files of one archive (ISO 28500, WARC/1.1): appended to while crawling, scanned without reading the bodies.

A fetch is at most four records, one after the other in one file: what was answered (`response`, or `resource` for what
was not asked over HTTP), what was asked (`request`), and last a `metadata` record that says how the fetch ended. What a
server says is unchanged has the `response` of the snapshot before, to the byte, and a `revisit` after it.

Records are put together here and not by warcio, which took a third of all that a crawl of images cost; the tests read
them with warcio, and check the digests.
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
MAX_BYTES = 1 << 30  # a new file is begun past this size
END = b"\r\n\r\n"  # after every record, and after the fields that begin it
BUFFER = 1 << 18  # bytes; most fetches go to the operating system in one piece
HEAD = 1024  # bytes that are read for a record's fields, and once more as long as these do not end

_VERSION_LINE = f"{VERSION}\r\n".encode()
_FIELDS = "application/warc-fields"
_HTTP_REQUEST = "application/http; msgtype=request"
_HTTP_RESPONSE = "application/http; msgtype=response"

Headers: TypeAlias = Iterable[tuple[str, str]]
"""HTTP headers: names and values, the bytes of these as Latin-1."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record, by its place: the block (HTTP headers and body, or fields) is `length` bytes at `offset`."""

    file: str
    start: int  # of the record's own headers
    type: str
    id: str
    url: str
    about: str  # id of the record that it accompanies; empty where it stands alone
    offset: int
    length: int


class TornRecordError(Exception):
    """The file ends inside a record, as a kill leaves it; everything before `offset` is whole."""

    def __init__(self, path: Path, offset: int) -> None:
        super().__init__(f"{path}: the record at byte {offset} is not whole")
        self.offset = offset


def files(folder: Path) -> list[Path]:
    """The WARC files of an archive, in the order in which they were written."""
    return sorted(folder.glob("*.warc"))


def name(number: int) -> str:
    """What the file of that number, from 0, is called."""
    return f"{number:05d}.warc"


def scan(path: Path) -> Iterator[Record]:
    """Every record of one file, in order, seeking past the blocks.

    Raises:
        TornRecordError: where the file ends inside a record.
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
    """The named fields of the record that begins at `start`, leaving `file` at its block; empty at the end of the file.

    Raises:
        TornRecordError: there is no record, or not all of its fields.
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
    """Cut off the record that a kill left unfinished; only the last file can hold one."""
    for path in files(folder)[-1:]:
        try:
            for _ in scan(path):
                pass
        except TornRecordError as torn:
            os.truncate(path, torn.offset)


class Writer:
    """Appends whole fetches to the last file of a folder, and begins another when that is full."""

    def __init__(self, folder: Path, info: Mapping[str, str]) -> None:
        """`info` is written into the `warcinfo` record that opens each file."""
        self._folder = folder
        self._info = info
        self._open(files(folder)[-1] if files(folder) else folder / name(0))

    def begin(self) -> None:
        """Make room for a fetch, so that its records share one file."""
        if self._file.tell() >= MAX_BYTES:
            self.close()
            self._open(self._folder / name(int(self.path.stem) + 1))

    def request(self, url: str, method: str, target: str, headers: Headers, answer: str) -> None:
        """What was asked. `answer` is the id of the record that answered."""
        head = _http(f"{method} {target} HTTP/1.1", headers)
        self._write("request", url, _HTTP_REQUEST, head, b"", {"WARC-Concurrent-To": answer})

    def response(self, url: str, status: str, headers: Headers, body: bytes, sha256: str) -> str:
        """What was answered: `status` such as "200 OK", the headers, the body. Returns the record's id."""
        head = _http(f"HTTP/1.1 {status}", headers)
        return self._write("response", url, _HTTP_RESPONSE, head, body, {"WARC-Payload-Digest": f"sha256:{sha256}"})

    def resource(self, url: str, body: bytes, sha256: str, media_type: str) -> str:
        """Bytes that were not asked for over HTTP. Returns the record's id."""
        return self._write("resource", url, media_type, b"", body, {"WARC-Payload-Digest": f"sha256:{sha256}"})

    def carry(self, record: bytes) -> tuple[str, str]:
        """A whole record of another archive, as it is. Returns its id and its date."""
        headers = _headers(io.BytesIO(record), self.path, 0)
        self._file.write(record)
        return headers["WARC-Record-ID"], headers["WARC-Date"]

    def revisit(self, url: str, status: str, headers: Headers, original: str, date: str) -> str:
        """That `original`, a record of that `date`, is unchanged, as the server says (WARC 1.1, 6.7.3)."""
        fields = {
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
            "WARC-Refers-To": original,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": date,
        }
        return self._write("revisit", url, _HTTP_RESPONSE, _http(f"HTTP/1.1 {status}", headers), b"", fields)

    def metadata(self, url: str, values: Mapping[str, str], about: str | None = None) -> None:
        """`name: value` lines about a URL; `about` is the id of the record that they speak of."""
        self._write("metadata", url, _FIELDS, _lines(values), b"", {"WARC-Concurrent-To": about} if about else {})

    def end(self) -> None:
        """Hand what was written to the operating system: a kill no longer takes it back."""
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
        """A record whose block is `head` and `body`. Returns its id."""
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


def fields(block: bytes) -> dict[str, str]:
    """The `name: value` lines of a metadata record."""
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n") if ": " in line)


def _lines(values: Mapping[str, str]) -> bytes:
    """`name: value` lines, each value in one."""
    return "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in values.items() if value).encode()


def _http(first: str, headers: Headers) -> bytes:
    """The first line and the headers of an HTTP message, as they went over the wire (RFC 9112, 2.1)."""
    return "".join((first, "\r\n", *(f"{name}: {value}\r\n" for name, value in headers), "\r\n")).encode("latin-1")
