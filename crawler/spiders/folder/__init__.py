"""Kind `folder`: an existing folder or archive of image files."""

from crawler.spiders.folder.kind import Folder

__all__ = ["Folder"]
