"""The signals by which an owner reserves an image now, in the answers to a recheck."""

from collections.abc import Iterator, Mapping

from scrapy.http import Response

from crawler.recheck.archive import Answers
from crawler.recheck.schemas import Observation


def reservations(answers: Answers, url: str, pages: Mapping[str, Response]) -> Iterator[Observation]:
    """Yield every signal that reserves the image at `url`: in its headers, on its pages, and of their hosts.

    Args:
        answers: the answers that count.
        url: of the image.
        pages: the pages that describe the image, by URL.
    """
    yield from ()
