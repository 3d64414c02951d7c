"""Kind `iiif`: any library that serves IIIF manifests."""

from crawler.spiders.iiif.spider import Iiif

__all__ = ["Iiif"]
