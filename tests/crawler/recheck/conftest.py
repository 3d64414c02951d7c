"""Rechecks in separate processes."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.conftest import FAST, Crawls, Site, crawl, site

__all__ = ["crawl", "site"]  # fixtures

DRIVE = Path(__file__).parent / "drive.py"


@dataclass
class Done:
    """The result of a recheck."""

    returncode: int
    errors: str  # standard error without the progress lines
    progress: list[str]
    found: dict[str, list[dict[str, str]]]  # path of each image to what was observed

    @property
    def states(self) -> dict[str, str]:
        return {path: seen[0]["state"] if seen else "unchanged" for path, seen in self.found.items()}


class Rechecks:
    """Rechecks every image of a crawl in a folder."""

    def __init__(self, crawls: Crawls) -> None:
        self._crawls = crawls

    def __call__(self, entry: dict[str, Any], settings: dict[str, Any] = FAST, **env: str) -> Done:
        """Recheck to the end."""
        return self.finish(self.start(entry, settings, **env))

    def start(self, entry: dict[str, Any], settings: dict[str, Any] = FAST, **env: str) -> "subprocess.Popen[str]":
        return self._crawls.run(DRIVE, entry, settings, "crawl", **env)

    def finish(self, process: "subprocess.Popen[str]") -> Done:
        output, errors = process.communicate(timeout=120)
        lines = errors.splitlines()
        is_progress = [line.split(" ", 1)[0].isdecimal() for line in lines]
        found = {"/" + url.split("/", 3)[3]: seen for url, seen in json.loads(output or "{}").items()}
        return Done(
            process.returncode,
            "\n".join(line for line, is_one in zip(lines, is_progress, strict=True) if not is_one),
            [line for line, is_one in zip(lines, is_progress, strict=True) if is_one],
            found,
        )


HOST_FILES = ("/robots.txt", "/.well-known/tdmrep.json")


def asked(site: Site) -> list[tuple[str, str]]:
    """Return (method, path) of each request, but for those of the files of a host."""
    return [(method, path) for method, path in site.asked if path not in HOST_FILES]


def forget(site: Site) -> None:
    """Forget the requests so far."""
    site.asked.clear()
    site.sent.clear()
    site.log.clear()
    site.bodies = 0


def copied(first_crawl: tuple[Site, Path], crawl: Crawls) -> Site:
    """Copy a crawl to where a test rechecks it; return its site, all requests forgotten."""
    served, folder = first_crawl
    shutil.copytree(folder, crawl.root / "crawl")
    forget(served)
    return served


@pytest.fixture
def recheck(crawl: Crawls) -> Rechecks:
    return Rechecks(crawl)
