"""Text of unknown encoding, and clean values for findings."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 256  # bytes in which zeros show UTF-16 without a byte order mark

VALUE_LENGTH = 500  # characters


def decode(body: bytes, declared: str = "") -> str:
    """Decode `body` by its byte order mark, by `declared`, as UTF-16 by its zeros, as UTF-8, or else as Latin-1."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    if is_text_encoding(declared):
        return body.decode(declared, "replace")
    sample = body[:_SAMPLE]
    for encoding, zeros in (("utf-16-be", sample[0::2]), ("utf-16-le", sample[1::2])):
        if zeros.count(0) * 4 > len(sample):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def is_text_encoding(name: str) -> bool:
    """Return whether Python decodes text of this encoding; a name from a response may be anything."""
    try:
        return bool(name) and isinstance(b"a".decode(name, "replace"), str)
    except (LookupError, UnicodeError, ValueError):
        return False


def clean(value: str) -> str:
    """Return `value` on one line of at most `VALUE_LENGTH` printable characters."""
    line = " ".join(value[: 4 * VALUE_LENGTH].split())
    return "".join(char for char in line if char.isprintable())[:VALUE_LENGTH]
