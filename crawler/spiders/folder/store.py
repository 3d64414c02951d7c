"""Store the files of a folder or an archive: one WARC `resource` record per file."""

import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from common.errors import UserError
from crawler.archive.fetches import Fetch, Key, read
from crawler.archive.schemas import Outcome, Role
from crawler.archive.writer import ArchiveWriter
from crawler.settings import CrawlSettings
from crawler.spiders.folder.download import local
from crawler.spiders.folder.members import members
from crawler.spiders.folder.metadata import read_metadata
from crawler.spiders.folder.params import FolderParams
from crawler.user_agent import user_agent


def store(source: str, params: FolderParams, settings: CrawlSettings, writer: ArchiveWriter) -> None:
    """Store every file as an image, whatever its format, and the metadata as a page. Skip what is already stored.

    Raises:
        UserError: the path cannot be read or trusted; the metadata is missing or malformed.
    """
    is_url = params.path.startswith(("http://", "https://"))
    agent = user_agent(source, settings.contact, is_local=not is_url or params.allow_private)
    largest = settings.limits.max_bytes
    with local(params.path, writer.folder, agent=agent, allow_private=params.allow_private) as path:
        metadata_found = params.metadata is None
        images = 0
        for name, stream in members(path):
            role = Role.PAGE if name == params.metadata else Role.IMAGE
            metadata_found = metadata_found or role is Role.PAGE
            images += role is Role.IMAGE
            if role is Role.IMAGE and params.limit and images > params.limit:
                continue  # the metadata may follow
            if not writer.find(role, url(source, name)):
                _end(role, source, name, stream.read(largest + 1), largest, writer)
        if params.metadata is not None and not metadata_found:
            beside = path.parent / params.metadata
            if is_url or not beside.is_file():
                raise UserError(
                    f"source {source}: metadata: {params.metadata} is neither in {params.path} nor beside it"
                )
            _end(Role.PAGE, source, params.metadata, beside.read_bytes(), largest, writer)


def stored(archive: Path, fetches: Mapping[Key, Fetch]) -> tuple[dict[str, Fetch], dict[str, dict[str, str]]]:
    """Return the fetches of an archive by file name, and the rows of its metadata by file name."""
    files: dict[str, Fetch] = {}
    rows: dict[str, dict[str, str]] = {}
    for fetch in fetches.values():
        name = unquote(urlsplit(fetch.url).path, errors="surrogateescape").removeprefix("/")
        if fetch.stored and fetch.role is Role.IMAGE:
            files[name] = fetch
        elif fetch.stored:
            rows = read_metadata(name, read(archive, fetch)[1])
    return files, rows


def url(source: str, name: str) -> str:
    """Return `folder://SOURCE/name`, which is the same on every machine."""
    return f"folder://{source}/{quote(name.encode('utf-8', 'surrogateescape'))}"


def _end(role: Role, source: str, name: str, body: bytes, largest: int, writer: ArchiveWriter) -> None:
    if role is Role.PAGE:
        read_metadata(name, body)  # report a mistake in it now
    where, now = url(source, name), datetime.now(UTC)
    fetch = Fetch(where, role, Outcome.STORED, first_at=now, last_at=now, final_url=where)
    if len(body) <= largest:
        writer.resource(fetch, body, mimetypes.guess_type(name)[0] or "application/octet-stream")
    else:
        detail = f"the file is larger than crawl.limits.max_bytes, {largest}"
        writer.end(replace(fetch, outcome=Outcome.TOO_LARGE, detail=detail))
