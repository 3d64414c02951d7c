"""Kind `commons`: Wikimedia Commons and any other MediaWiki."""

from crawler.spiders.commons.spider import Commons

__all__ = ["Commons"]
