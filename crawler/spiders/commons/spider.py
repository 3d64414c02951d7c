"""Wikimedia Commons and any other MediaWiki: the files of a category, of a search, or of a page."""

from collections.abc import Iterable, Iterator
from typing import Literal, Self

from pydantic import Field, model_validator
from scrapy.http import Request, Response

from crawler.recheck.question import Known, Question
from crawler.recheck.schemas import State
from crawler.sequential import AnyHostParams, SequentialSpider
from crawler.spider import Found, Page
from crawler.spiders.commons.mediawiki import (
    BATCH,
    BUSY,
    Object,
    answer,
    batches,
    facade_image,
    files_url,
    merged,
    older_url,
    title_of,
)

CATEGORY = 14  # number of the namespace


class CommonsParams(AnyHostParams):
    """`{kind: commons, category: Facades in Paris, depth: 1, limit: 500}`"""

    api: str = Field(
        "https://commons.wikimedia.org/w/api.php", pattern=r"^https?://", description="URL of a wiki's api.php"
    )
    category: str = Field("", description="take the files of this category")
    search: str = Field("", description="or the files that this search finds, best match first")
    page: str = Field("", description="or the files on this page")
    depth: int = Field(0, ge=0, le=20, description="levels of subcategories to include")
    width: Literal[120, 250, 330, 500, 960, 1280, 1920] = Field(
        330, description="width of the pictures in pixels, one of the sizes that Wikimedia serves"
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if [self.category, self.search, self.page].count("") != 2:
            raise ValueError("one of category, search and page")
        return self


class Commons(SequentialSpider[CommonsParams]):
    """Requests are sequential and use maxlag, as https://www.mediawiki.org/wiki/API:Etiquette asks."""

    name = "commons"
    Params = CommonsParams
    documented_apis = ("https://commons.wikimedia.org/w/api.php",)
    slots = {"upload.wikimedia.org": {"concurrency": 2}}  # noqa: RUF012

    answers_for_files = True

    def questions(self, images: Iterable[Known]) -> Iterator[Question]:
        """Ask for the files by title, as many in a request as the API allows."""
        by_title: dict[str, list[Known]] = {}
        for known in images:
            by_title.setdefault(title_of(known.image.page_url), []).append(known)
        for titles in batches(by_title):
            request = self._ask({"titles": "|".join(titles), "redirects": 1})
            those = tuple(known for title in titles for known in by_title[title])
            yield Question(request, those, follow=None, absent=State.GONE)

    def starts(self) -> Iterator[Request]:
        if self.params.category:
            yield self._category(f"Category:{self.params.category.removeprefix('Category:')}", self.params.depth)
        elif self.params.search:
            yield self._ask(
                {"generator": "search", "gsrsearch": self.params.search, "gsrnamespace": 6, "gsrlimit": BATCH}
            )
        else:
            yield self._ask({"generator": "images", "titles": self.params.page, "redirects": 1, "gimlimit": BATCH})

    def status(self, response: Response) -> int:
        error = response.headers.get("MediaWiki-API-Error") or b""
        return 503 if error.decode("latin-1") in BUSY else response.status

    def older_urls(self, url: str) -> tuple[str, ...]:
        return (older_url(url),)

    def parse(self, response: Page, query: Object, depth: int, batch: Object) -> Found:
        """Parse one response; `batch` contains what earlier responses returned for the same files."""
        values = answer(response.text)
        batch, more = merged(batch, values), values.get("continue", {})
        complete = "batchcomplete" in values or not more
        for page in sorted(batch.values(), key=lambda page: page.get("index", 0)) if complete else ():
            if page["ns"] == CATEGORY and depth > 0:
                yield self._category(page["title"], depth - 1)
            elif image := facade_image(page):
                yield image
        if more:
            yield self._ask(query, depth, more, {} if complete else batch)

    def _category(self, title: str, depth: int) -> Request:
        # Equal for all requests, so that a category that is reached twice has the same URL.
        members = "file|subcat" if self.params.depth else "file"
        query = {"generator": "categorymembers", "gcmtitle": title, "gcmtype": members, "gcmlimit": BATCH}
        return self._ask(query, depth)

    def _ask(self, query: Object, depth: int = 0, more: Object | None = None, batch: Object | None = None) -> Request:
        return Request(
            files_url(self.params.api, self.params.width, {**query, **(more or {})}),
            self.parse,
            cb_kwargs={"query": query, "depth": depth, "batch": batch or {}},
            priority=1 if more else 0,  # finish a listing before the categories that it contains
        )
