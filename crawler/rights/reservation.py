"""What all signals together amount to."""

from collections.abc import Iterable, Sequence

from w3lib.encoding import http_content_type_encoding

from crawler.rights.finding import Finding, Place, Signal, Verdict
from crawler.rights.signals import of_headers, of_page

_SIGNALS = {signal: rank for rank, signal in enumerate(Signal)}
_PLACES = {place: rank for rank, place in enumerate(Place)}


def of_page_response(headers: Sequence[tuple[str, str]], body: bytes, url: str = "") -> tuple[Finding, ...]:
    """Return what the headers and the HTML of a page say.

    Args:
        headers: (name, value) in the order of the response.
        body: without content encoding.
        url: of the page.
    """
    kind = next((value for name, value in headers if name.lower() == "content-type"), None)
    return *of_headers(headers, Place.PAGE, url), *of_page(body, http_content_type_encoding(kind) or "", url)


def reservation(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding that reserves, or None. Of several, the first by signal, place and value."""
    reserved = (finding for finding in findings if finding.verdict is Verdict.RESERVED)
    return min(reserved, key=_rank, default=None)


def missing(findings: Iterable[Finding]) -> list[str]:
    """Return `place signal` of what was not looked at, in a fixed order."""
    unread = {order(finding): finding for finding in findings if finding.verdict is Verdict.MISSING}
    return [f"{finding.place} {finding.signal}" for _, finding in sorted(unread.items())]


def describe(finding: Finding) -> str:
    """Return signal and value on one line: `x_robots_tag: noai`."""
    return f"{finding.signal}: {finding.value}"


def order(finding: Finding) -> tuple[int, int]:
    """Return the rank of a finding in tables: by place, then by signal."""
    return _PLACES[finding.place], _SIGNALS[finding.signal]


def _rank(finding: Finding) -> tuple[int, int, str, str]:
    return _SIGNALS[finding.signal], _PLACES[finding.place], finding.value, finding.policy
