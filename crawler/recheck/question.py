"""What a recheck asks: pages to request again, and the images whose licence they state."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag

from scrapy.http import Request, Response

from crawler.archive.schemas import FacadeImage
from crawler.recheck.schemas import State


@dataclass(frozen=True, slots=True)
class Known:
    """An image as the archived pages describe it."""

    image: FacadeImage  # its `image_url` as it was requested
    pages: tuple[Request, ...]  # the page that shows it, after those that its details come from; empty if there is none


@dataclass(frozen=True, slots=True)
class Question:
    """A page to request again."""

    request: Request
    images: tuple[Known, ...]  # whose state it shows
    follow: frozenset[str] | None = frozenset()  # URLs of further pages that belong to it; None: all that it leads to
    absent: State = State.UNLISTED  # the state of an image that no page shows, although all were read

    def read(self, request: Request, answer: Response) -> Iterator[FacadeImage | Request]:
        """Yield the images on a page of this question, and the requests of further pages that belong to it.

        Args:
            request: the request as the kind made it, with its parse function.
            answer: the response to it.

        Raises:
            Exception: the parse function cannot read the page.
        """
        parse: Any = request.callback
        for found in parse(answer, **request.cb_kwargs):
            if isinstance(found, FacadeImage) or self.follow is None or url_of(found) in self.follow:
                yield found


def url_of(request: Request) -> str:
    """Return the URL of a request as the archive names it."""
    return urldefrag(request.url)[0]


def page_questions(images: Iterator[Known]) -> Iterator[Question]:
    """Return a question for each page, with all images that it shows.

    A page that was not fetched over HTTP, such as the user's own list, is not asked.
    """
    by_page: dict[str, list[Known]] = {}
    for known in images:
        if known.pages and known.pages[0].url.startswith(("http://", "https://")):
            by_page.setdefault(url_of(known.pages[0]), []).append(known)
    for those in by_page.values():
        further = frozenset(url_of(page) for known in those for page in known.pages[1:])
        yield Question(those[0].pages[0], tuple(those), further)
