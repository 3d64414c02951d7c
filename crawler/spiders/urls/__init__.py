"""Kind `urls`: a list of image URLs."""

from crawler.spiders.urls.spider import Urls

__all__ = ["Urls"]
