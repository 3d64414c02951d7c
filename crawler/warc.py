"""The WARC files of one archive (ISO 28500, WARC/1.1): appended to while crawling, scanned without reading the bodies.

A fetch is at most four records, one after the other in one file: what was answered (`response`, or `resource` for what
was not asked over HTTP), what was asked (`request`), and last a `metadata` record that says how the fetch ended. What a
server says is unchanged has the `response` of the snapshot before, to the byte, and a `revisit` after it.
"""

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

VERSION = "WARC/1.1"
MAX_BYTES = 1 << 30  # a new file is begun past this size
END = b"\r\n\r\n"  # after every record


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
    parser = StatusAndHeadersParser([VERSION])
    with path.open("rb") as file:
        start = 0
        while True:
            try:
                headers = parser.parse(file)
                offset, length = file.tell(), int(headers["Content-Length"])
            except EOFError:
                return
            except (StatusAndHeadersParserException, TypeError, ValueError):
                raise TornRecordError(path, start) from None
            file.seek(offset + length)
            if file.read(len(END)) != END:
                raise TornRecordError(path, start)
            yield Record(
                file=path.name,
                start=start,
                type=headers["WARC-Type"],
                id=headers["WARC-Record-ID"],
                url=headers.get("WARC-Target-URI", ""),
                about=headers.get("WARC-Concurrent-To", ""),
                offset=offset,
                length=length,
            )
            start = offset + length + len(END)


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

    def request(self, url: str, method: str, target: str, headers: Iterable[tuple[str, str]], answer: str) -> None:
        """What was asked. `answer` is the id of the record that answered."""
        http = StatusAndHeaders(f"{method} {target} HTTP/1.1", list(headers), is_http_request=True)
        self._write(url, "request", b"", http=http, fields={"WARC-Concurrent-To": answer})

    def response(self, url: str, status: str, headers: Iterable[tuple[str, str]], body: bytes, sha256: str) -> str:
        """What was answered: `status` such as "200 OK", the headers, the body. Returns the record's id."""
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        return self._write(url, "response", body, http=http, fields={"WARC-Payload-Digest": f"sha256:{sha256}"})

    def resource(self, url: str, body: bytes, sha256: str, media_type: str) -> str:
        """Bytes that were not asked for over HTTP. Returns the record's id."""
        fields = {"WARC-Payload-Digest": f"sha256:{sha256}"}
        return self._write(url, "resource", body, fields=fields, media_type=media_type)

    def carry(self, record: bytes) -> tuple[str, str]:
        """A whole record of another archive, as it is. Returns its id and its date."""
        headers = StatusAndHeadersParser([VERSION]).parse(io.BytesIO(record))
        self._file.write(record)
        return headers["WARC-Record-ID"], headers["WARC-Date"]

    def revisit(self, url: str, status: str, headers: Iterable[tuple[str, str]], original: str, date: str) -> str:
        """That `original`, a record of that `date`, is unchanged, as the server says (WARC 1.1, 6.7.3)."""
        fields = {
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
            "WARC-Refers-To": original,
            "WARC-Refers-To-Target-URI": url,
            "WARC-Refers-To-Date": date,
        }
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        return self._write(url, "revisit", b"", http=http, fields=fields)

    def metadata(self, url: str, values: Mapping[str, str], about: str | None = None) -> None:
        """`name: value` lines about a URL; `about` is the id of the record that they speak of."""
        block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in values.items())
        self._write(url, "metadata", block.encode(), fields={"WARC-Concurrent-To": about} if about else {})

    def end(self) -> int:
        """Where in the file the body of the record just written ends."""
        return self._file.tell() - len(END)

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _open(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab")
        self._warc = WARCWriter(self._file, gzip=False, warc_version=VERSION)
        if not self._file.tell():
            self._warc.write_record(self._warc.create_warcinfo_record(path.name, dict(self._info)))

    def _write(
        self,
        url: str,
        kind: str,
        body: bytes,
        *,
        http: StatusAndHeaders | None = None,
        fields: Mapping[str, str],
        media_type: str = "",
    ) -> str:
        record = self._warc.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=http,
            warc_headers_dict=dict(fields),
            warc_content_type=media_type,
        )
        self._warc.write_record(record)
        return str(record.rec_headers["WARC-Record-ID"])


def fields(block: bytes) -> dict[str, str]:
    """The `name: value` lines of a metadata record."""
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n") if ": " in line)
