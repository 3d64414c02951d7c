"""Read the Digital Source Type that a file states in its XMP or C2PA metadata.

https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#digital-source-type, and the actions of C2PA 2.2.
"""

import re
from collections.abc import Iterator

from crawler.metadata.source_types import TERMS
from crawler.rights.containers import jumbf, packets

_PROPERTY = re.compile(r"DigitalSourceType\s{0,9}(?:=\s{0,9}[\"']|>)\s{0,9}([A-Za-z:]{1,80})\s{0,9}[\"'<]")
# In CBOR the next byte may be a letter: the length of the text that follows. So only whole terms are read.
_NAMES = "|".join(sorted((*TERMS, "trainedAlgorithmicData"), key=len, reverse=True))
_URI = re.compile(rf"(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/(?:{_NAMES})", re.IGNORECASE)
_NEEDLES = tuple(
    ("igital".encode(encoding).rstrip(b"\0"), encodings)  # in the names of the property and of the vocabulary
    for encoding, encodings in (
        ("latin-1", ("latin-1",)),  # stands for UTF-8: names and values are ASCII
        ("utf-16-le", ("utf-16-le", "utf-16-be")),
        ("utf-32-le", ("utf-32-le", "utf-32-be")),
    )
)
_MAX_HITS = 1000  # in a part of a file
_BEFORE, _AFTER = 40, 160  # characters


def in_file(body: bytes) -> list[str]:
    """Return the types that a file states in XMP or in a C2PA manifest: terms, URIs or QCodes, in any order.

    Every statement counts, also that of a picture which this one was composed of. Signatures are not checked.
    """
    boxes = jumbf(body)
    parts = (*packets(body), *((boxes,) if boxes is not body else ()))
    texts = (text for part in parts for text in _around(part))
    return [found for text in texts for found in (*_URI.findall(text), *_PROPERTY.findall(text))]


def _around(part: bytes) -> Iterator[str]:
    """Yield the text around each place that may name the property or the vocabulary, in every encoding of Unicode."""
    for needle, encodings in _NEEDLES:
        position = part.find(needle)
        for _ in range(_MAX_HITS):
            if position < 0:
                break
            for encoding in encodings:
                # Big-endian characters start before the first byte that is not zero.
                width = len("i".encode(encoding))
                start = position - ("i".encode(encoding).index(b"i"))
                first = max(start - _BEFORE * width, start % width)
                yield part[first : start + _AFTER * width].decode(encoding, "replace")
            position = part.find(needle, position + 1)
