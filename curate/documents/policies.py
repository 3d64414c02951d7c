"""The terms of a licence for machines: ODRL offers with the actions that Creative Commons defined.

https://www.w3.org/TR/odrl-model/, https://www.w3.org/TR/odrl-vocab/ (actions of Creative Commons: ccREL,
https://www.w3.org/submissions/ccREL/), and the chapter on data use conditions of the Croissant specification 1.1.
"""

import re
from typing import Any

from crawler.rights.licenses import name_of, url_of

CONTEXT = {"odrl": "http://www.w3.org/ns/odrl/2/", "cc": "http://creativecommons.org/ns#"}
"""The prefixes of a document with offers."""

_FREE = re.compile(r"(?:CC0|PDM)-[0-9.]+")
_CC = re.compile(r"CC-BY((?:-(?:NC|ND|SA))*)-[0-9].*")
_COPY = ("Reproduction", "Distribution")


def offer(license_id: str, facades: int) -> dict[str, Any]:
    """Return the terms of a licence as a node of `usageInfo`.

    Licences whose terms are not certain (`unknown`, statements that grant nothing, rare licences) have a name and a
    link, but no permission.

    Args:
        license_id: a normalised id (`crawler.rights.licenses`).
        facades: the number of facades under this licence.
    """
    permitted, duties, prohibited = _terms(license_id)
    node: dict[str, Any] = {
        "@id": f"licences/{license_id}",
        "@type": ["CreativeWork", "odrl:Offer"] if permitted else "CreativeWork",
        "name": name_of(license_id),
        "identifier": license_id,
        "description": f"The terms of the facades whose column `license` is {license_id}: {facades}.",
    }
    if url := url_of(license_id):
        node["url"] = url
    if permitted:
        permission = {"@type": "odrl:Permission", "odrl:action": _actions(permitted)}
        if duties:
            permission["odrl:duty"] = [{"@type": "odrl:Duty", "odrl:action": action} for action in _actions(duties)]
        node["odrl:permission"] = permission
    if prohibited:
        node["odrl:prohibition"] = [
            {"@type": "odrl:Prohibition", "odrl:action": action} for action in _actions(prohibited)
        ]
    return node


def _terms(license_id: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return what a licence permits, what it requires in return, and what it prohibits, as terms of ccREL."""
    if _FREE.fullmatch(license_id):
        return (*_COPY, "DerivativeWorks"), (), ()
    if not (match := _CC.fullmatch(license_id)):
        return (), (), ()
    elements = match[1].split("-")
    permitted = _COPY if "ND" in elements else (*_COPY, "DerivativeWorks")
    duties = ("Notice", "Attribution", *(("ShareAlike",) if "SA" in elements else ()))
    prohibited = [term for element, term in (("NC", "CommercialUse"), ("ND", "DerivativeWorks")) if element in elements]
    return permitted, duties, tuple(prohibited)


def _actions(terms: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"@id": f"cc:{term}"} for term in terms]
