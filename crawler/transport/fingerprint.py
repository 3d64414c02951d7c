"""Request fingerprint for de-duplication: role, method and exact URL."""

from hashlib import blake2b
from urllib.parse import urldefrag

from scrapy.http import Request

from crawler.archive.schemas import Role


class ExactFingerprinter:
    """Compares URLs exactly. Scrapy's fingerprinter treats ?a=1&b=2 and ?b=2&a=1 as equal, and drops the second."""

    def fingerprint(self, request: Request) -> bytes:
        role = request.meta.get("role", Role.PAGE)
        return blake2b(f"{role} {request.method} {urldefrag(request.url)[0]}".encode(), digest_size=16).digest()
