"""The interface of a kind of source: its parameters, and how it collects images and reads them from its archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from crawler.archive.fetches import Fetch, Key
    from crawler.archive.schemas import FacadeImage
    from crawler.archive.writer import ArchiveWriter
    from crawler.settings import CrawlSettings


class SourceParams(BaseModel):
    """The fields that every entry of `sources:` has. The `Params` of a kind derive from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(description="one of the kinds that `facades source list` lists")
    snapshot: str = Field(
        "1",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=60,
        description="label of the crawl; change it to crawl the source again",
    )

    def limited_to(self, images: int) -> Self:
        """Return a copy of the entry that finds about `images` images, for a trial."""
        return self.model_copy(update={"limit": images}) if "limit" in type(self).model_fields else self


class StoredImage(NamedTuple):
    """An image whose bytes are in an archive."""

    image: FacadeImage
    fetch: Fetch
    page: Fetch | None  # of the page that names it; None if it comes from no page


class Kind(Protocol):
    """A kind of source: a `crawler.spider.FacadeSpider`, or a `FileKind`."""

    name: str
    Params: ClassVar[type[SourceParams]]

    @classmethod
    def expected(cls, params: Any) -> int | None:
        """Return the approximate number of images, for the progress bar; None if it is not known."""


class FileKind(Kind, Protocol):
    """A kind that reads files itself instead of crawling pages with Scrapy."""

    @classmethod
    def collect(cls, source: str, params: Any, settings: CrawlSettings, writer: ArchiveWriter) -> None:
        """Append everything to the archive; skip what it already contains.

        Raises:
            UserError: the source cannot be read further. The archive keeps what it contains; the next call resumes.
        """

    @classmethod
    def replay(cls, params: Any, archive: Path, fetches: Mapping[Key, Fetch]) -> Iterator[StoredImage]:
        """Yield every image that the archived pages link to and that is stored, in any order, offline.

        `fetches` has the last fetch of each role and URL in the archive.
        """
