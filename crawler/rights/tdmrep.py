"""TDMRep, the TDM Reservation Protocol (W3C community group, 2024): header, meta element, and the file of a host.

https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/

Stricter than the report: a value other than 0 and 1 is a protocol error there and counts as unset; here it reserves,
because nobody writes it to permit.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
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


class _Rule(NamedTuple):
    location: str
    statement: Statement

    @property
    def is_stated(self) -> bool:
        return self.statement.verdict is not Verdict.SILENT


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
    """Return what the rule of a `tdmrep.json` that matches `url` states.

    The report lets "the most specific match" decide and calls it "the first in sequence". Where the first match and the
    longest one differ, the stricter counts. A file that mentions a reservation and has no rule that can be read
    reserves; a page in place of the file says nothing.
    """
    rules = _read_rules(body)
    if rules is None:
        return Statement(Verdict.RESERVED, "tdmrep.json cannot be read")
    matching = [rule for rule in rules if _applies(rule.location, url)]
    if not matching:
        return Statement(Verdict.SILENT)
    deciding = (matching[0], max(matching, key=lambda rule: len(rule.location)))
    return next(
        (rule.statement for rule in deciding if rule.statement.verdict is Verdict.RESERVED), deciding[0].statement
    )


@lru_cache(maxsize=1024)
def _read_rules(body: bytes) -> list[_Rule] | None:
    """Return the rules that state something; None if the file may reserve and cannot be read."""
    text = decode(body[:MAX_BYTES]).strip("\ufeff \t\r\n\0")
    if not text or text.startswith("<"):
        return []
    try:
        rules = list(islice(_rules(json.loads(text)), _MAX_RULES + 1))
    except (ValueError, RecursionError):
        rules = []
    is_unread = not rules and "reserv" in text.lower()
    return None if is_unread or len(rules) > _MAX_RULES else [rule for rule in rules if rule.is_stated]


def _verdict(value: str) -> Verdict:
    """Return what one value states; quotes and parameters, as in `"1"` and `1; q=1`, are taken off."""
    plain = value.partition(";")[0].strip(" \t\"'").lower()
    if not plain:
        return Verdict.SILENT
    return Verdict.PERMITTED if plain in _PERMITTED else Verdict.RESERVED


def _rules(parsed: Any) -> Iterator[_Rule]:
    """Yield every object with a `tdm-reservation`, in the order of the file, at whatever depth."""
    waiting = [parsed]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += reversed(found)
        elif isinstance(found, dict):
            properties = {re.sub("[^a-z]", "", key.lower()): value for key, value in found.items()}
            if "tdmreservation" in properties:
                yield from _of_object(properties)
            else:
                waiting += reversed(found.values())


def _of_object(properties: dict[str, Any]) -> Iterator[_Rule]:
    reservation, policy = properties["tdmreservation"], properties.get("tdmpolicy")
    verdict = Verdict.PERMITTED if reservation in (0, False) else _verdict(str(reservation or ""))
    stated = properties.get("location")
    for location in stated if isinstance(stated, list) else [stated]:
        path = location.strip() if isinstance(location, str) else ""
        value = f"{path or '/'}: tdm-reservation {reservation}"
        yield _Rule(path, Statement(verdict, value, policy if isinstance(policy, str) else ""))


def _applies(path: str, url: str) -> bool:
    """Return whether a location matches; a rule without one applies to the whole host."""
    if not path.startswith(("/", "*")):
        path = "/" + (path.partition("://")[2].partition("/")[2] if "://" in path else path)
    return matches(path, url)
