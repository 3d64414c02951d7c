"""When two requests are one."""

from hashlib import blake2b
from urllib.parse import urldefrag

from scrapy.http import Request

from crawler.archive.schemas import Role


class ExactFingerprinter:
    """Same role, same URL to the letter. Scrapy's would take ?a=1&b=2 and ?b=2&a=1 for one, and drop the second."""

    def fingerprint(self, request: Request) -> bytes:
        role = request.meta.get("role", Role.PAGE)
        return blake2b(f"{role} {request.method} {urldefrag(request.url)[0]}".encode(), digest_size=16).digest()
