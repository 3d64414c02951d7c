"""C2PA and CAWG: the assertion on training and data mining in the manifest of an image.

https://cawg.io/training-and-data-mining/1.1/, before that in C2PA 1.0 to 1.4 as `c2pa.training-mining`; boxes by JUMBF,
ISO 19566-5, content in CBOR, RFC 8949. Signatures are not checked: a refusal needs none. Every manifest in the image
counts, also that of an image that it was made from. A manifest that is stored elsewhere is not read, and one that is
compressed by Brotli counts as missing.
"""

import json
import re
from itertools import islice
from typing import Any

import cbor2

from crawler.rights.containers import jumbf
from crawler.rights.finding import Verdict

_LABEL = re.compile(rb"(?:c2pa|cawg)\.training-mining[\w.]{0,32}\0")
_BEFORE_LABEL = 25  # length 4, type 4, UUID 16, toggles 1
_MAX_CONTENT = 1 << 16
_COMPRESSED = b"brob"
_MAX_ASSERTIONS = 256
_USES = {"data_mining", "ai_training", "ai_generative_training"}  # without `ai_inference`, which trains nothing


def read(image: bytes) -> tuple[Verdict, str]:
    """Return the strictest verdict of all assertions in an image, and the entries that decide."""
    if b"jumb" not in image:
        return Verdict.SILENT, ""
    boxes = jumbf(image)
    labels = islice(_LABEL.finditer(boxes), _MAX_ASSERTIONS)
    found = [_judge(_content(boxes, label.start())) for label in labels]
    for verdict in (Verdict.RESERVED, Verdict.PERMITTED):
        for one, value in found:
            if one is verdict:
                return verdict, value
    return Verdict.MISSING if _COMPRESSED in boxes else Verdict.SILENT, ""


def _content(boxes: bytes, label: int) -> Any:
    """Return the content of the assertion whose label is at an offset; None if it cannot be read."""
    start = label - _BEFORE_LABEL
    if start < 0 or boxes[start + 4 : start + 8] != b"jumd":
        return {}  # a mention of the label, as in the list of a claim
    start += int.from_bytes(boxes[start : start + 4], "big")
    length, kind = int.from_bytes(boxes[start : start + 4], "big"), boxes[start + 4 : start + 8]
    content = boxes[start + 8 : start + length]
    if not 8 < length <= _MAX_CONTENT:
        return None
    try:
        return (
            cbor2.loads(content, max_depth=16, allow_duplicate_keys=False) if kind == b"cbor" else json.loads(content)
        )
    except (cbor2.CBORError, ValueError, RecursionError):
        return None


def _judge(content: Any) -> tuple[Verdict, str]:
    entries = content.get("entries", {}) if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        return Verdict.RESERVED, "training-mining: cannot be read"
    uses = {
        name: str(entry.get("use") if isinstance(entry, dict) else entry)
        for name, entry in entries.items()
        if str(name).rpartition(".")[2] in _USES
    }
    refused = {name: use for name, use in uses.items() if use != "allowed"}
    verdict = Verdict.RESERVED if refused else Verdict.PERMITTED if uses else Verdict.SILENT
    return verdict, ", ".join(f"{name}: {use}" for name, use in (refused or uses).items())
