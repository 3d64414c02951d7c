"""The mark of a picture, read in the plainest way: the packet in its file is not compressed."""

import re


def source_type(file: bytes) -> str:
    """Return the digital source type of a file that the product wrote; "" without a mark."""
    values = re.findall(rb"<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/(\w+)<", file)
    assert len(values) <= 1
    return values[0].decode() if values else ""
