"""An existing set of images: a local folder, zip or tar, or one at a URL. Sub-folders become tags."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from crawler.archive.schemas import PLACE_DATE_AND_KIND, FacadeImage
from crawler.kind import StoredImage
from crawler.spiders.folder.params import FolderParams

if TYPE_CHECKING:
    from crawler.archive.fetches import Fetch, Key
    from crawler.archive.writer import ArchiveWriter
    from crawler.settings import CrawlSettings

log = logging.getLogger(__name__)


class Folder:
    name = "folder"
    Params = FolderParams

    @classmethod
    def expected(cls, params: FolderParams) -> int | None:
        from crawler.spiders.folder.members import count

        files = count(Path(params.path).expanduser())
        return min(files, params.limit) if files and params.limit else files

    @classmethod
    def collect(cls, source: str, params: FolderParams, settings: CrawlSettings, writer: ArchiveWriter) -> None:
        from crawler.spiders.folder.store import store

        store(source, params, settings, writer)

    @classmethod
    def replay(cls, params: FolderParams, archive: Path, fetches: Mapping[Key, Fetch]) -> Iterator[StoredImage]:
        from crawler.spiders.folder.store import stored

        files, rows = stored(archive, fetches)
        licensed = {fetch.sha256 for name, fetch in files.items() if _is_licensed(rows.get(name, {}))}
        for name, fetch in files.items():
            # The licence of the entry is for files of which the metadata says nothing, under no name.
            default = params.license, params.license_url
            license = ("", "") if fetch.sha256 in licensed else default
            yield StoredImage(_image(params, name, fetch, rows.get(name, {}), license), fetch, None)
        if absent := sorted(rows.keys() - files.keys()):
            log.warning("%s: names %d missing files, the first is %r", params.metadata, len(absent), absent[0])


def _image(params: FolderParams, name: str, fetch: Fetch, row: dict[str, str], default: tuple[str, str]) -> FacadeImage:
    license, license_url = (row["license"], row["license_url"]) if _is_licensed(row) else default
    return FacadeImage(
        image_url=row.get("url") or fetch.url,
        page_url=row.get("page_url", ""),
        title=row.get("title", ""),
        author=row.get("author") or params.author,
        license=license,
        license_url=license_url,
        tags=(*PurePosixPath(name).parts[:-1], *(tag.strip() for tag in row.get("tags", "").split(";"))),
        **{field: row.get(field, "") for field in PLACE_DATE_AND_KIND},
    )


def _is_licensed(row: dict[str, str]) -> bool:
    return bool(row.get("license") or row.get("license_url"))
