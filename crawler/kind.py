"""What every kind of source has: parameters, a way to gather its images, a way to find them again in its archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from crawler.archive.fetches import Fetch
    from crawler.archive.schemas import FacadeImage
    from crawler.archive.writer import ArchiveWriter
    from crawler.settings import CrawlSettings


class SourceParams(BaseModel):
    """What every entry of `sources:` has. A kind's own `Params` derive from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(description="one of the kinds that `facades source list` lists")
    snapshot: str = Field(
        "1",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=60,
        description="label; a new one crawls the source again",
    )

    def limited_to(self, images: int) -> Self:
        """The same, for a look at it: about so many images."""
        return self.model_copy(update={"limit": images}) if "limit" in type(self).model_fields else self


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
        """Gather everything into the writer; what it already holds is not asked for again.

        Raises:
            UserError: it cannot go on; what the writer holds stays, and the next call resumes.
        """

    @classmethod
    def replay(cls, params: Any, archive: Path) -> Iterator[tuple[FacadeImage, Fetch]]:
        """Every image that the archive's pages speak of and that was stored, in any order, without the network."""
