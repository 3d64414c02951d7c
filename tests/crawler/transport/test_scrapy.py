"""Scrapy's own commands work in this project: check and shell here, list and crawl in test_registry."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawler.conftest import Site

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


def scrapy(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "scrapy"), *words]
    environment = {**{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}, **env}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


def test_check_finds_nothing_wrong() -> None:
    done = scrapy("check")
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("OK")


def test_shell_tries_selectors_on_a_page(site: Site) -> None:
    """Through a proxy, so that it is a public name that is asked for."""
    site.pages["http://gallery.example/"] = site.html("/a.jpg", "/b.jpg")
    code = "response.css('img::attr(src)').getall()"
    done = scrapy("shell", "-c", code, "http://gallery.example/", http_proxy=site.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['/a.jpg', '/b.jpg']"
    assert [path for _, path in site.log] == ["http://gallery.example/robots.txt", "http://gallery.example/"]


def test_shell_obeys_the_address_rule(site: Site) -> None:
    site.pages["/"] = site.html("/a.jpg")
    done = scrapy("shell", "-c", "response", f"{site.url}/")
    assert "127.0.0.1, not a public address" in done.stderr
    assert site.log == []


def test_shell_obeys_robots_txt(site: Site) -> None:
    site.pages["http://gallery.example/robots.txt"] = site.answer(b"User-agent: *\nDisallow: /private/\n")
    site.pages["http://gallery.example/private/"] = site.html("/a.jpg")
    done = scrapy("shell", "-c", "response", "http://gallery.example/private/", http_proxy=site.url)
    assert "disallowed by http://gallery.example/robots.txt" in done.stderr
    assert [path for _, path in site.log] == ["http://gallery.example/robots.txt"]
