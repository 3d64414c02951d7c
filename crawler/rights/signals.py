"""What an author said against machine learning: in the headers of a response, or inside the picture."""

import re
from collections.abc import Iterable

AGENT = "facades"  # the product token that rules may single out

_RESERVED = re.compile(rb"DataMining\s*(?:=\s*[\"']|>\s*)\s*([A-Za-z0-9:/._#-]+)")


def robots_tag(values: Iterable[str]) -> str:
    """The first objection among X-Robots-Tag headers: `noai` or `noimageai` for everyone or for this crawler; else "".

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
    """What a block of HTTP headers reserves under TDMRep (W3C community group report, 2024), else ""."""
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"tdm-reservation" and value.strip() == b"1":
            return "tdm-reservation: 1"
    return ""


def xmp_data_mining(picture: bytes) -> str:
    """What a picture's XMP says in `plus:DataMining` (PLUS LDF, IPTC Photo Metadata 2023.1) if it prohibits, else "".

    The values are of http://ns.useplus.org/ldf/vocab/: DMI-PROHIBITED, DMI-PROHIBITED-AIMLTRAINING and others;
    DMI-UNSPECIFIED and DMI-ALLOWED object to nothing.
    """
    if b"DataMining" not in picture:
        return ""
    for match in _RESERVED.finditer(picture):
        value = match.group(1).decode("ascii").rsplit("/", 1)[-1]
        if value.upper().startswith("DMI-PROHIBITED"):
            return f"plus:DataMining {value}"
    return ""
