"""All signals by which an owner reserves use for machine learning, by the place where they are looked for.

Each function returns one `Finding` for each signal that it looks for, in the order of `Signal`, whether the place says
something or not. None raises an error, whatever the bytes; the time is linear in the length of the input.
"""

import re
from collections.abc import Iterable, Sequence

from crawler.rights.finding import Finding, Place, Signal, Verdict, strictest

__all__ = ["AGENT", "Finding", "Place", "Signal", "Verdict", "of_headers", "of_image", "of_page", "of_robots_txt",
           "of_tdmrep", "strictest"]  # fmt: skip

AGENT = "facades"  # this crawler's product token in rules


def of_headers(headers: Sequence[tuple[str, str]], place: Place) -> tuple[Finding, ...]:
    """Return what the headers of a response say: X-Robots-Tag, TDMRep, Content-Usage, Content-Signal, RSL.

    Args:
        headers: (name, value) in the order of the response; a name may occur several times.
        place: `IMAGE` or `PAGE`, whichever the response contains.
    """
    raise NotImplementedError


def of_page(body: bytes, encoding: str = "") -> tuple[Finding, ...]:
    """Return what an HTML page says in meta, link and script elements. Anything that is not HTML is silent.

    Args:
        body: the page as the server sent it, without content encoding.
        encoding: the charset of its Content-Type, if there is one.
    """
    raise NotImplementedError


def of_robots_txt(body: bytes | None, url: str, *, ai_crawlers: bool = False) -> tuple[Finding, ...]:
    """Return what the robots.txt of a host says about use of `url`, for every crawler or for this one.

    Args:
        body: the file; empty if the host has none; None if it was never fetched.
        url: the URL of the image.
        ai_crawlers: also count a rule that disallows the URL for a known AI crawler.
    """
    raise NotImplementedError


def of_tdmrep(body: bytes | None, url: str) -> tuple[Finding, ...]:
    """Return what `/.well-known/tdmrep.json` says about `url`.

    Args:
        body: the file; empty if the host has none; None if it was never fetched.
        url: the URL of the image.
    """
    raise NotImplementedError


def of_image(body: bytes) -> tuple[Finding, ...]:
    """Return what the metadata in the bytes of an image say: XMP, C2PA."""
    raise NotImplementedError


# Superseded: until `extract` and the downloader use the functions above.
_RESERVED = re.compile(rb"DataMining\s*(?:=\s*[\"']|>\s*)\s*([A-Za-z0-9:/._#-]+)")


def robots_tag(values: Iterable[str]) -> str:
    """Return the first `noai` or `noimageai` in X-Robots-Tag headers for every crawler or for this one; else "".

    A value is `[agent:] rule, rule, …`. Both rules were introduced by DeviantArt in 2022 and are read by img2dataset.
    """
    for value in values:
        agent, colon, rules = value.partition(":")
        if not colon:
            rules = value
        elif agent.strip().lower() not in (AGENT, "*"):
            continue
        for rule in rules.split(","):
            if rule.strip().lower() in ("noai", "noimageai"):
                return rule.strip().lower()
    return ""


def tdm_reservation(headers: bytes) -> str:
    """Return the TDMRep reservation in a block of HTTP headers (W3C community group report, 2024), else ""."""
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"tdm-reservation" and value.strip() == b"1":
            return "tdm-reservation: 1"
    return ""


def xmp_data_mining(picture: bytes) -> str:
    """Return the `plus:DataMining` value in a picture's XMP if it prohibits use, else "" (IPTC Photo Metadata 2023.1).

    The values are of http://ns.useplus.org/ldf/vocab/: DMI-PROHIBITED, DMI-PROHIBITED-AIMLTRAINING and others;
    DMI-UNSPECIFIED and DMI-ALLOWED reserve nothing.
    """
    if b"DataMining" not in picture:
        return ""
    for match in _RESERVED.finditer(picture):
        value = match.group(1).decode("ascii").rsplit("/", 1)[-1]
        if value.upper().startswith("DMI-PROHIBITED"):
            return f"plus:DataMining {value}"
    return ""
