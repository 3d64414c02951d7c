"""Judge the state of each image by the answers to a recheck. It reads archives, and requests nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crawler.archive.schemas import FacadeImage, Role
from crawler.recheck.archive import Answers
from crawler.recheck.compare import differences
from crawler.recheck.failure import failure
from crawler.recheck.pages import PagesNow, sha1
from crawler.recheck.question import Known, Question, url_of
from crawler.recheck.reservations import Reservations
from crawler.recheck.schemas import GRAVITY, Observation, Rechecked, State
from crawler.rights import licenses


def judge(
    answers: Answers,
    images: Mapping[str, Known | None],
    questions: Sequence[Question],
    reservations: Reservations,
    *,
    answers_for_files: bool,
) -> dict[str, Rechecked]:
    """Return the state of each image, by URL.

    Args:
        answers: the answers that count.
        images: URL to what the archive says of the image; None if no archived page shows it.
        questions: the pages that were requested again.
        reservations: reads the signals in the same answers.
        answers_for_files: `FacadeSpider.answers_for_files`.
    """
    pages = PagesNow(answers, questions)
    judged = {}
    for url, known in images.items():
        found: list[Observation] = []
        if answers_for_files and known:
            found += _of_wiki(pages, known)
        else:
            found += _of_file(answers, url)
            found += _of_page(answers, pages, url, known)
        found += reservations.of(url, pages.pages(url))
        gravest_first = tuple(sorted(dict.fromkeys(found), key=lambda one: GRAVITY[one.state]))
        judged[url] = Rechecked(url, gravest_first, is_license_asked=pages.is_asked(url))
    return judged


def _of_file(answers: Answers, url: str) -> Iterator[Observation]:
    """Yield what the headers of an image say."""
    if failed := failure(answers, Role.IMAGE, url):
        yield failed
        return
    was, now = answers.crawled.get((Role.IMAGE, url)), answers.find(Role.IMAGE, url)
    assert now is not None, "it has not failed"
    if was is None:
        return
    if was.final_url != now.final_url:
        yield Observation(State.MOVED, was.final_url, now.final_url, url)
    for old, new in differences(answers.headers(was), was.length, answers.headers(now)):
        yield Observation(State.CHANGED, old, new, url)


def _of_page(answers: Answers, pages: PagesNow, url: str, known: Known | None) -> Iterator[Observation]:
    """Yield what the page that shows an image says; nothing for images of the user's own list."""
    if known is None:
        yield Observation(State.UNREACHABLE, "", "no page in the archive shows it, so none was asked", url)
    elif pages.is_asked(url):
        page_url = url_of(known.pages[0])
        fetch = answers.find(Role.IMAGE, url)
        if today := pages.image(known.image, fetch.final_url if fetch else ""):
            yield from _of_license(known.image, today, page_url)
        else:
            yield pages.absence(url)


def _of_wiki(pages: PagesNow, known: Known) -> Iterator[Observation]:
    """Yield what a wiki says of a file, which it would name if it still existed."""
    was = known.image
    today = pages.file(was)
    if today is None:
        yield replace(pages.absence(was.image_url), url=was.page_url)
        return
    yield from _of_license(was, today, was.page_url)
    if sha1(was) != sha1(today):
        yield Observation(State.CHANGED, f"SHA-1 {sha1(was)}", f"SHA-1 {sha1(today)}", was.page_url)
    if was.page_url != today.page_url:
        yield Observation(State.MOVED, was.page_url, today.page_url, was.page_url)


def _of_license(was: FacadeImage, today: FacadeImage, page_url: str) -> Iterator[Observation]:
    before, after = (licenses.normalise(image.license, image.license_url) for image in (was, today))
    if before != after:
        yield Observation(State.LICENSE_CHANGED, before, after, page_url)
