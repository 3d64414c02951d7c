"""The truth about the demo town: the true kind of each URL, and the outcome that a crawl of it must have."""

from dataclasses import dataclass

from crawler.archive.schemas import Outcome
from crawler.spiders.demo.town.dirt import Kind
from crawler.spiders.demo.town.items import SITE, Town

OUTCOMES = {
    Kind.NOT_FOUND: Outcome.HTTP_ERROR,
    Kind.GONE: Outcome.HTTP_ERROR,
    Kind.REDIRECT_LOOP: Outcome.REDIRECT_LOOP,
    Kind.ENDLESS: Outcome.TOO_LARGE,
    Kind.CUT_OFF: Outcome.INCOMPLETE,
    Kind.NOAI: Outcome.OPT_OUT,
    Kind.PRIVATE: Outcome.ROBOTS,
}
"""The outcome of the kinds that are not stored."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth about one item."""

    url: str  # the one whose fetch has `outcome`: of the picture, but of the page for PRIVATE
    page_url: str
    kind: Kind
    of: str | None  # picture URL of the original of a copy or near duplicate, or of a hard negative's look-alike
    outcome: Outcome
    license: str  # normalised id, or `unknown`


def truth_of(town: Town) -> list[Truth]:
    """Return the truth about every item, by index."""
    return [
        Truth(
            url=SITE + (item.page if item.kind is Kind.PRIVATE else item.image),
            page_url=SITE + item.page,
            kind=item.kind,
            of=None if item.of is None else SITE + town.items[item.of].image,
            outcome=OUTCOMES.get(item.kind, Outcome.STORED),
            license=item.credit.id if item.credit else "unknown",
        )
        for item in town.items
    ]
