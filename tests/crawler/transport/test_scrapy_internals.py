"""Every undocumented member of Scrapy that the crawler uses exists, and has the form that the crawler expects.

After an upgrade of Scrapy a failure here names the member that changed. The uses are in
crawler/transport/scrapy_internals.py and in the few overrides of documented classes.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.core.downloader.middleware import DownloaderMiddlewareManager
from scrapy.core.engine import ExecutionEngine
from scrapy.core.scheduler import Scheduler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.resolver import CachingHostnameResolver
from scrapy.settings import Settings
from scrapy.spidermiddlewares.referer import RefererMiddleware

ROOT = Path(__file__).parents[3]


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Downloader.__init__, ["self", "crawler"]),
        (Downloader.fetch, ["self", "request", "spider"]),
        (Downloader.needs_backout, ["self"]),
        (Downloader.close, ["self"]),
        (DownloaderMiddlewareManager.download_async, ["self", "download_func", "request"]),
        (DownloadHandlers.download_request_async, ["self", "request"]),
        (ExecutionEngine.__init__, ["self", "crawler", "spider_closed_callback"]),
        (ExecutionEngine._handle_downloader_output, ["self", "result", "request"]),
        (Crawler._create_engine, ["self"]),
        (RedirectMiddleware.process_response, ["self", "request", "response", "spider"]),
        (RetryMiddleware.__init__, ["self", "settings"]),
        (RetryMiddleware.process_response, ["self", "request", "response", "spider"]),
        (RetryMiddleware.process_exception, ["self", "request", "exception", "spider"]),
        (RefererMiddleware.get_processed_request, ["self", "request", "response"]),
        (CachingHostnameResolver.__init__, ["self", "reactor", "cache_size"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_signature(function: Callable[..., Any], expected: list[str]) -> None:
    assert parameters(function) == expected


@pytest.mark.parametrize(
    "function", [DownloaderMiddlewareManager.download_async, DownloadHandlers.download_request_async]
)
def test_is_a_coroutine_function(function: Callable[..., Any]) -> None:
    assert inspect.iscoroutinefunction(function)


@pytest.mark.parametrize("attribute", ["active", "middleware", "handlers"])
def test_downloader_has_the_attribute(attribute: str) -> None:
    assert re.search(rf"self\.{attribute}\b.* = ", inspect.getsource(Downloader.__init__))


def test_the_engine_closes_no_crawl_while_the_downloader_has_active_requests() -> None:
    assert "self.downloader.active" in inspect.getsource(ExecutionEngine.spider_is_idle)


def test_the_engine_calls_fetch_with_the_request_alone() -> None:
    assert "self.downloader.fetch(request)" in inspect.getsource(ExecutionEngine._download)


def test_the_engine_passes_each_download_to_the_method_that_is_overridden() -> None:
    assert "self._handle_downloader_output" in inspect.getsource(ExecutionEngine._start_scheduled_request)


def test_a_crawler_makes_its_engine_by_the_method_that_is_overridden() -> None:
    assert "self._create_engine()" in inspect.getsource(Crawler.crawl_async)
    assert "ExecutionEngine(self, lambda _: self.stop_async())" in inspect.getsource(Crawler._create_engine)


def test_the_engine_s_scheduler_is_public_and_has_a_length() -> None:
    assert isinstance(inspect.getattr_static(ExecutionEngine, "scheduler"), property)
    assert callable(Scheduler.__len__)


def test_downloader_is_made_from_the_setting() -> None:
    assert Settings().get("DOWNLOADER") == "scrapy.core.downloader.Downloader"


def test_a_redirect_looks_for_a_referer_middleware_and_finds_ours() -> None:
    assert "get_spider_middleware" in inspect.getsource(RedirectMiddleware._engine_started)
    assert callable(Crawler.get_spider_middleware)


def test_no_other_module_uses_the_core_of_scrapy_or_its_private_members() -> None:
    pattern = r"(from|import) scrapy\.core|\b(engine|crawler|downloader|scheduler|slot|scraper)\._\w"
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "crawler").rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert users == {"crawler/transport/scrapy_internals.py"}
