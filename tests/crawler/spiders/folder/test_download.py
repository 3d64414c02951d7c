"""A large file over HTTP, from a server that disconnects, changes the file, or has a private address."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from common.errors import UserError
from crawler.spiders.folder import download as module
from crawler.spiders.folder.download import download

BODY = bytes(range(256)) * 4000
AGENT = "facades/test"


class Files:
    """Serves BODY under an ETag, with ranges, and hangs up after `patience` bytes as often as `hang_ups` says."""

    def __init__(self):
        self.body, self.etag, self.hang_ups, self.patience, self.asked = BODY, '"one"', 0, 100_000, []
        files = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                files.asked.append(
                    (self.headers.get("Range"), self.headers.get("If-Range"), self.headers["User-Agent"])
                )
                start = 0
                if self.headers.get("Range") and self.headers.get("If-Range") == files.etag:
                    start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                if start >= len(files.body):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(files.body)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(files.body) - 1}/{len(files.body)}")
                if files.etag:
                    self.send_header("ETag", files.etag)
                self.send_header("Content-Length", str(len(files.body) - start))
                self.end_headers()
                cut = files.hang_ups > 0
                files.hang_ups -= cut
                self.wfile.write(files.body[start : start + files.patience] if cut else files.body[start:])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/set.zip"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def files(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.01)
    served = Files()
    yield served
    served.server.shutdown()
    served.server.server_close()


def test_a_download_resumes_after_a_lost_connection(files, tmp_path):
    files.hang_ups = 3
    download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    assert (tmp_path / "file").read_bytes() == BODY
    begun = [int((asked[0] or "bytes=0-")[6:-1]) for asked in files.asked]
    assert len(begun) == 4
    assert all(later - earlier > 100_000 - module.CHUNK for earlier, later in pairwise(begun))
    assert {asked[2] for asked in files.asked} == {AGENT}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_the_next_call_resumes_the_download(files, tmp_path):
    files.hang_ups = module.TRIES
    with pytest.raises(UserError, match="what was received is kept"):
        download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    files.asked.clear()
    download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    assert (tmp_path / "file").read_bytes() == BODY
    [(asked, _, _)] = files.asked
    assert int(asked[6:-1]) > (100_000 - module.CHUNK) * module.TRIES


def test_another_version_is_not_joined_to_the_first(files, tmp_path):
    files.hang_ups = module.TRIES
    with pytest.raises(UserError):
        download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    files.body, files.etag = BODY[::-1], '"two"'
    download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    assert (tmp_path / "file").read_bytes() == BODY[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_validator_the_download_starts_again(files, tmp_path, etag):
    files.etag, files.hang_ups = etag, 1
    download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    assert (tmp_path / "file").read_bytes() == BODY
    assert [asked[0] for asked in files.asked] == [None, None]


def test_a_complete_file_is_not_fetched_again(files, tmp_path):
    (tmp_path / "file").write_bytes(BODY)
    (tmp_path / "file.json").write_text('{"%s": "\\"one\\""}' % files.url)  # noqa: UP031  # braces
    download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)
    assert (tmp_path / "file").read_bytes() == BODY


def test_an_error_is_one_line(files, tmp_path):
    del files.server.RequestHandlerClass.do_GET
    with pytest.raises(UserError, match="found HTTP 501, expected the file"):
        download(files.url, tmp_path / "file", agent=AGENT, allow_private=True)


def test_a_private_address_is_refused_before_a_byte_is_sent(files, tmp_path):
    with pytest.raises(UserError, match=r"127\.0\.0\.1.* not a public address"):
        download(files.url, tmp_path / "file", agent=AGENT, allow_private=False)
    assert files.asked == []
