"""The parameters of an entry of kind `folder`."""

from pydantic import Field

from crawler.kind import SourceParams


class FolderParams(SourceParams):
    """`{kind: folder, path: ~/pictures/facades, license: CC0-1.0, author: Ada Example}`"""

    path: str = Field(min_length=1, description="a folder, .zip or .tar(.gz, .bz2, .xz): a path or an http(s) URL")
    license: str = Field("", description="of every image for which the metadata names none")
    license_url: str = Field("", description="the URL of that licence")
    author: str = Field("", description="of every image for which the metadata names none")
    metadata: str | None = Field(None, description="CSV in the folder or beside it: file, title, author, license, …")
    limit: int | None = Field(None, ge=1, description="at most this many files, the first ones found")
    allow_private: bool = Field(False, description="whether the URL may be on your own network")
