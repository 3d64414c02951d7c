"""TDMRep, the TDM Reservation Protocol (W3C community group, 2024): header, meta element, and the file of a host.

https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/

Stricter than the report in one point: a value other than 0 and 1 is a protocol error there and counts as unset; here it
reserves, because nobody writes it to permit.
"""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from crawler.rights.finding import Verdict
from crawler.rights.robots_txt import matches
from crawler.rights.text import decode

MAX_BYTES = 4 << 20
_MAX_RULES = 1000

_PERMITTED = {"0", "false", "no"}


class Statement(NamedTuple):
    """A reservation with its policy, as one place states it."""

    verdict: Verdict
    value: str = ""
    policy: str = ""


def read(reservations: Iterable[str], policies: Iterable[str] = ()) -> Statement:
    """Return what the values of all `tdm-reservation` and `tdm-policy` headers, or meta elements, state together."""
    stated = [reservation.strip() for reservation in reservations if reservation.strip()]
    policy = next((policy for policy in policies if policy), "")
    verdicts = {_verdict(part) for value in stated for part in value.split(",")}
    for verdict in (Verdict.RESERVED, Verdict.PERMITTED):
        if verdict in verdicts:
            return Statement(verdict, f"tdm-reservation: {', '.join(stated)}", policy)
    return Statement(Verdict.SILENT, "", policy)


def read_file(body: bytes, url: str) -> Statement:
    """Return what the first rule of a `tdmrep.json` whose location matches `url` states.

    A file that mentions a reservation and is not JSON reserves; a page in place of the file says nothing.
    """
    rules = _read_rules(body)
    if rules is None:
        return Statement(Verdict.RESERVED, "tdmrep.json cannot be read")
    for location, statement in rules:
        if _applies(location, url):
            return statement
    return Statement(Verdict.SILENT)


@lru_cache(maxsize=64)
def _read_rules(body: bytes) -> list[tuple[object, Statement]] | None:
    """Return locations with what they state; None for a file that mentions a reservation and cannot be read."""
    text = decode(body[:MAX_BYTES]).strip("\ufeff \t\r\n\0")
    if not text or text.startswith("<"):
        return []
    try:
        rules = list(_rules(json.loads(text)))
    except (ValueError, RecursionError):
        return None if "reservation" in text.lower() else []
    return rules if len(rules) <= _MAX_RULES else None


def _verdict(value: str) -> Verdict:
    """Return what one value states; quotes and parameters, as in `"1"` and `1; q=1`, are taken off."""
    plain = value.partition(";")[0].strip(" \t\"'").lower()
    if not plain:
        return Verdict.SILENT
    return Verdict.PERMITTED if plain in _PERMITTED else Verdict.RESERVED


def _rules(parsed: Any) -> Iterator[tuple[object, Statement]]:
    """Yield the rules that state something; a single rule without the array is read too.

    Raises:
        ValueError: the file contains something else.
    """
    for rule in parsed if isinstance(parsed, list) else [parsed]:
        if not isinstance(rule, dict):
            raise ValueError("not a rule")
        properties = {key.lower().replace("_", "-"): value for key, value in rule.items()}
        reservation = properties.get("tdm-reservation")
        verdict = Verdict.PERMITTED if reservation in (0, False) else _verdict(str(reservation or ""))
        if verdict is Verdict.SILENT:
            continue
        location, policy = properties.get("location"), properties.get("tdm-policy")
        for one in location if isinstance(location, list) else [location]:
            value = f"{one or '/'}: tdm-reservation {reservation}"
            yield one, Statement(verdict, value, policy if isinstance(policy, str) else "")


def _applies(location: object, url: str) -> bool:
    """Return whether a location matches; a rule without one applies to the whole host."""
    if not isinstance(location, str) or not location.strip():
        return True
    path = location.strip()
    if not path.startswith(("/", "*")):
        path = "/" + (path.partition("://")[2].partition("/")[2] if "://" in path else path)
    return matches(path, url)
