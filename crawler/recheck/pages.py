"""What the pages that were requested again say now."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from scrapy.http import Request, Response

from crawler.archive.responses import address
from crawler.archive.schemas import SHA1_TAG, FacadeImage, Role
from crawler.recheck.archive import Answers
from crawler.recheck.failure import failure
from crawler.recheck.question import Question, url_of
from crawler.recheck.schemas import Observation, State

_ABSENT = {
    State.GONE: "the wiki has no such file",
    State.UNLISTED: "its page does not show it",
    State.UNREACHABLE: "the search does not find it",
}


class PagesNow:
    """The images on the pages of all questions."""

    def __init__(self, answers: Answers, questions: Iterable[Question]) -> None:
        """Parse the pages again, as they are now."""
        self._answers = answers
        self._by_url: dict[str, list[FacadeImage]] = {}
        self._by_sha1: dict[str, FacadeImage] = {}
        self._by_page: dict[str, list[FacadeImage]] = {}
        self._failures: dict[str, Observation] = {}
        self._pages: dict[str, dict[str, Response]] = {}
        self._questions: dict[str, Question] = {}
        for question in questions:
            self._read(question)

    def pages(self, image_url: str) -> dict[str, Response]:
        """Return the pages that describe an image, as far as they could be read, by URL."""
        return self._pages.get(image_url, {})

    def is_asked(self, image_url: str) -> bool:
        """Return whether a question is about an image."""
        return image_url in self._questions

    def absence(self, image_url: str) -> Observation:
        """Return what it means that no page shows an image, or that a page that describes it could not be read."""
        question = self._questions[image_url]
        absent = Observation(question.absent, "", _ABSENT[question.absent], url_of(question.request))
        return self._failures.get(image_url, absent)

    def image(self, known: FacadeImage, moved_to: str = "") -> FacadeImage | None:
        """Return what the pages say of an image, its own page first; None if none shows it.

        `moved_to` is the URL that its URL redirects to now, by which the pages may show it.
        """
        found = self._by_url.get(known.image_url) or self._by_url.get(moved_to, [])
        return next((image for image in found if image.page_url == known.page_url), next(iter(found), None))

    def file(self, known: FacadeImage) -> FacadeImage | None:
        """Return what a wiki says of a file, which it names by its SHA-1 or by its page, too."""
        of_page = self._by_page.get(known.page_url, ())
        return self.image(known) or self._by_sha1.get(sha1(known)) or (of_page[0] if len(of_page) == 1 else None)

    def _read(self, question: Question) -> None:
        pages: dict[str, Response] = {}
        waiting = deque([question.request])
        while waiting:
            request = waiting.popleft()
            url = url_of(request)
            if url in pages:
                continue
            fetch = self._answers.find(Role.PAGE, url)
            if (failed := failure(self._answers, Role.PAGE, url)) or fetch is None:
                self._fail(question, failed)
                continue
            pages[url] = self._answers.response(fetch, request)
            try:
                for found in question.read(request, pages[url]):
                    if isinstance(found, Request):
                        waiting.append(found)
                    else:
                        self._add(found)
            except Exception as error:  # a parse function may raise anything
                now = f"its page cannot be parsed: {error!r}"
                self._fail(question, Observation(State.UNREACHABLE, "", now, url))
        for known in question.images:
            self._pages[known.image.image_url] = pages
            self._questions[known.image.image_url] = question

    def _fail(self, question: Question, failed: Observation | None) -> None:
        if failed:
            for known in question.images:
                self._failures.setdefault(known.image.image_url, failed)

    def _add(self, image: FacadeImage) -> None:
        with suppress(ValueError):  # not a URL
            self._by_url.setdefault(address(image.image_url), []).append(image)
        self._by_page.setdefault(image.page_url, []).append(image)
        if digest := sha1(image):
            self._by_sha1.setdefault(digest, image)


def sha1(image: FacadeImage) -> str:
    """Return the SHA-1 of the original of a wiki's file; empty for other images."""
    return next((tag.removeprefix(SHA1_TAG) for tag in image.tags if tag.startswith(SHA1_TAG)), "")
