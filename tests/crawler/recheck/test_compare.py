"""Headers of an image, at the crawl and now."""

import pytest
from scrapy.http import Headers

from crawler.recheck.compare import differences

WAS = {"Content-Type": "image/jpeg", "ETag": '"a"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}
LATER = "Tue, 03 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({**WAS, "Content-Length": "100"}, []),
        ({}, []),
        ({**WAS, "ETag": 'W/"a"'}, []),
        ({**WAS, "Content-Length": "100", "ETag": '"of another server"'}, []),
        ({**WAS, "Content-Type": "image/webp; q=1"}, []),
        ({**WAS, "Last-Modified": LATER}, []),
        ({"Content-Length": "70", "Content-Encoding": "gzip"}, []),
        ({**WAS, "Content-Length": "101"}, [("100 bytes", "101 bytes")]),
        ({**WAS, "ETag": '"b"'}, [('ETag "a"', 'ETag "b"')]),
        ({"Last-Modified": LATER}, [(WAS["Last-Modified"], LATER)]),
        ({**WAS, "Content-Type": "text/html; charset=utf-8"}, [("image/jpeg", "text/html")]),
        (
            {"ETag": '"b"', "Last-Modified": LATER, "Content-Length": "100"},
            [('ETag "a"', 'ETag "b"'), (WAS["Last-Modified"], LATER)],
        ),
    ],
)
def test_only_what_is_known_and_differs_is_a_difference(now, expected):
    assert list(differences(Headers(WAS), 100, Headers(now))) == expected
