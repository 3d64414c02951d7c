"""Kind `site`: the pictures of any web gallery."""

from crawler.spiders.site.spider import Site

__all__ = ["Site"]
