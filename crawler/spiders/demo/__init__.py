"""Kind `demo`: a small town of drawn facades, served on loopback."""

from crawler.spiders.demo.spider import Demo

__all__ = ["Demo"]
