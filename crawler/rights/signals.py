"""Signals by which an owner reserves use for machine learning, in response headers or inside the picture."""

import re
from collections.abc import Iterable

AGENT = "facades"  # this crawler's product token in rules

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
