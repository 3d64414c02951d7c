"""The town: the items of its site, the true kind of each, and the bytes of each picture."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from common.errors import UserError
from crawler.spiders.demo.town.building import Building
from crawler.spiders.demo.town.design import design, twin
from crawler.spiders.demo.town.dirt import COPIES, PER_1200, Kind, count
from crawler.spiders.demo.town.districts import DISTRICTS
from crawler.spiders.demo.town.draw import jpeg
from crawler.spiders.demo.town.names import AUTHORS, CREDITS, STRANGE_AUTHORS, STRANGE_TITLES, STREETS, TAGS, Credit
from crawler.spiders.demo.town.spoil import spoil

SITE = "http://demo-town.invalid"
"""The host name of the town. It never resolves (RFC 6761, 6.4): an HTTP proxy on loopback serves it."""

ITEMS, WORDS, SPOIL = 3, 4, 5
"""The random streams for the list of items, their texts and the bad data; `design` and `draw` use others."""

EXTENSIONS = {
    Kind.WEBP: "webp",
    Kind.AVIF: "avif",
    Kind.PNG_ALPHA: "png",
    Kind.PALETTE: "png",
    Kind.BOMB: "png",
    Kind.ANIMATED_GIF: "gif",
}
"""File extensions of the kinds that are not `jpg`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture with its page."""

    index: int
    kind: Kind
    building: int  # number of the building that is drawn; for a hard negative, of the original of `twin`
    of: int | None  # index of the item that it copies or resembles
    district: str
    title: str
    author: str  # empty if the page names none
    credit: Credit | None
    rights: str  # a text in place of a licence, or empty
    tags: tuple[str, ...]

    @property
    def page(self) -> str:
        """Path of the detail page."""
        corner = "/private" if self.kind is Kind.PRIVATE else ""
        return f"{corner}/building/{self.district}-{self.index:04d}"

    @property
    def image(self) -> str:
        """Path of the picture, as it is on the page."""
        folder = "/private/images" if self.kind is Kind.PRIVATE else "/images"
        return f"{folder}/{self.district}/{self.index:04d}.{EXTENSIONS.get(self.kind, 'jpg')}"


class Town:
    """A town with that many buildings, and bad data in proportion: at least one item of every kind.

    Raises:
        UserError: there are fewer than 20 buildings; then the copies would have to share originals.
    """

    def __init__(self, seed: int = 7, buildings: int = 1200) -> None:
        if buildings < 20:
            raise UserError(f"buildings: found {buildings}, expected at least 20")
        self.seed = seed
        self.buildings = buildings

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items by index: the buildings first, then the bad data by kind."""
        rng = np.random.default_rng([self.seed, self.buildings, ITEMS])
        kinds = [kind for kind in PER_1200 for _ in range(count(kind, self.buildings))]
        originals = iter(rng.permutation(self.buildings).tolist())
        items = [self._item(index, Kind.BUILDING, index, None) for index in range(self.buildings)]
        for index, kind in enumerate(kinds, start=self.buildings):
            of = next(originals) if kind in COPIES or kind is Kind.HARD_NEGATIVE else None
            items.append(self._item(index, kind, index if of is None else of, of))
        return tuple(items)

    @cached_property
    def districts(self) -> dict[str, tuple[Item, ...]]:
        """The items of each district in the order of its pages."""
        order = np.random.default_rng([self.seed, self.buildings, ITEMS, 1]).permutation(len(self.items)).tolist()
        return {
            district.name: tuple(self.items[index] for index in order if self.items[index].district == district.name)
            for district in DISTRICTS
        }

    def design(self, item: Item) -> Building:
        """Return the building that an item shows."""
        building = design(self.seed, item.building)
        return twin(building, item.index) if item.kind is Kind.HARD_NEGATIVE else building

    def picture(self, item: Item) -> bytes:
        """Return the file of an item's picture, also if the server never sends it. It is the same in every process."""
        rng = np.random.default_rng([self.seed, item.index, SPOIL])
        return spoil(item.kind, jpeg(self.design(item)), rng)

    def _item(self, index: int, kind: Kind, building: int, of: int | None) -> Item:
        rng = np.random.default_rng([self.seed, index, WORDS])
        district = DISTRICTS[building % len(DISTRICTS)]
        title = f"{int(rng.integers(1, 180))} {STREETS[int(rng.integers(len(STREETS)))]}, {district.title}"
        author = AUTHORS[int(rng.integers(len(AUTHORS)))]
        if index % 37 == 5:
            title = STRANGE_TITLES[index // 37 % len(STRANGE_TITLES)]
        if index % 41 == 7:
            author = STRANGE_AUTHORS[index // 41 % len(STRANGE_AUTHORS)]
        closed = kind in (Kind.UNLICENSED, Kind.RESERVED)
        tags = rng.choice(TAGS, int(rng.integers(1, 4)), replace=False).tolist()
        return Item(
            index=index,
            kind=kind,
            building=building,
            of=of,
            district=district.name,
            title=title,
            author="" if rng.random() < 0.04 else author,
            credit=None if closed else CREDITS[int(rng.integers(len(CREDITS)))],
            rights="All rights reserved" if kind is Kind.RESERVED else "",
            tags=(district.name, *tags),
        )
