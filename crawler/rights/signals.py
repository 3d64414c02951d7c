"""All signals by which an owner reserves use for machine learning, by the place where they are looked for.

Each function returns one `Finding` for each signal that it looks for, in the order of `Signal`, whether the place says
something or not. None raises an error, whatever the bytes; the time is linear in the length of the input.
The grammar of each standard is in a module of its own.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import urljoin

from crawler.rights import c2pa, content_signal, content_usage, robots_tag, robots_txt, rsl, tdmrep, xmp
from crawler.rights.ai_crawlers import AI_CRAWLERS
from crawler.rights.finding import AGENT, Finding, Place, Signal, Verdict
from crawler.rights.page import Elements, elements, may_reserve
from crawler.rights.text import clean


def of_headers(headers: Sequence[tuple[str, str]], place: Place, url: str = "") -> tuple[Finding, ...]:
    """Return what the headers of a response say: X-Robots-Tag, TDMRep, Content-Usage, Content-Signal, RSL.

    Args:
        headers: (name, value) in the order of the response; a name may occur several times.
        place: `IMAGE` or `PAGE`, whichever the response contains.
        url: the URL of the response, for a relative URL of a policy.
    """
    found = tuple((lower, value) for name, value in headers if (lower := name.strip().lower()) in HEADERS)
    return _of_headers(found, place, url if found else "")


@lru_cache(maxsize=1024)
def _of_headers(headers: tuple[tuple[str, str], ...], place: Place, url: str) -> tuple[Finding, ...]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    tags, usage, signals = (values.get(name, []) for name in ("x-robots-tag", "content-usage", "content-signal"))
    tdm = tdmrep.read(values.get("tdm-reservation", ()), values.get("tdm-policy", ()))
    links = [(link, *rsl.read_link(link)) for link in values.get("link", ())]
    licence = next((link for link in links if link[1] is Verdict.RESERVED), ("", Verdict.SILENT, ""))
    return (
        _finding(Signal.X_ROBOTS_TAG, place, robots_tag.read(tags), ", ".join(tags)),
        _finding(Signal.TDM_HEADER, place, *tdm, base=url),
        _finding(Signal.CONTENT_USAGE_HEADER, place, content_usage.read(usage), ", ".join(usage)),
        _finding(Signal.CONTENT_SIGNAL, place, content_signal.read(signals), ", ".join(signals)),
        _finding(Signal.RSL_LINK, place, licence[1], licence[0], licence[2], base=url),
    )


def of_page(body: bytes, encoding: str = "", url: str = "") -> tuple[Finding, ...]:
    """Return what an HTML page says in meta, link and script elements. Anything that is not HTML is silent.

    Args:
        body: the page as the server sent it, without content encoding.
        encoding: the charset of its Content-Type, if there is one.
        url: the URL of the page, for a relative URL of a policy.
    """
    found = elements(body, encoding) if may_reserve(body, encoding) else Elements()
    tdm = tdmrep.read(found.reservations, found.policies)
    link = next(iter(found.licence_links), "")
    licences = [rsl.read_licence(licence) for licence in found.licences]
    if found.licence_links or Verdict.RESERVED in licences:
        verdict = Verdict.RESERVED
    else:
        verdict = Verdict.PERMITTED if licences else Verdict.SILENT
    return (
        _finding(Signal.META_ROBOTS, Place.PAGE, robots_tag.read(found.robots), ", ".join(found.robots)),
        _finding(Signal.TDM_META, Place.PAGE, *tdm, base=url),
        _finding(Signal.RSL_PAGE, Place.PAGE, verdict, link or next(iter(found.licences), ""), link, base=url),
    )


def of_robots_txt(body: bytes | None, url: str, *, ai_crawlers: bool = False) -> tuple[Finding, ...]:
    """Return what the robots.txt of a host says about `url`, for every crawler or for this one.

    Args:
        body: the file; empty if the host has none; None if it was never fetched.
        url: the URL of the image.
        ai_crawlers: also count a rule that disallows the URL for a known AI crawler.
    """
    signals = _IN_ROBOTS_TXT if ai_crawlers else _WITHOUT_AGENTS
    if body is None:
        return _all(signals, Place.HOST, Verdict.MISSING)
    rules = _rules(body)
    found = {}
    for signal, preferences in rules.preferences:
        if stated := robots_txt.deciding(preferences, url):
            found[signal] = (stated.verdict, stated.line)
    if not rules.robots.can_fetch(url, AGENT):
        found[Signal.ROBOTS_TXT] = (Verdict.RESERVED, "Disallow")
    if ai_crawlers and (blocked := [one for one in rules.ai_crawlers if not rules.robots.can_fetch(url, one)]):
        found[Signal.ROBOTS_TXT_AGENTS] = (Verdict.RESERVED, ", ".join(blocked))
    if rules.licence:
        found[Signal.RSL_ROBOTS] = (Verdict.RESERVED, f"License: {rules.licence}")
    if not found:
        return _all(signals, Place.HOST, Verdict.SILENT)
    silent = (Verdict.SILENT, "")
    policies = {Signal.RSL_ROBOTS: rules.licence}
    return tuple(
        _finding(signal, Place.HOST, *found.get(signal, silent), policies.get(signal, ""), base=url)
        for signal in signals
    )


def reserves_nothing(robots: bytes, tdmrep: bytes | None) -> bool:
    """Return whether the files of a host reserve use of no URL whatever, so that URLs need not be matched.

    Args:
        robots: its robots.txt; empty if it has none. Who may fetch a URL is another question.
        tdmrep: its tdmrep.json; empty if it has none; None if that is not known.
    """
    rules = _rules(robots)
    return not (tdmrep or rules.preferences or rules.licence)


def of_tdmrep(body: bytes | None, url: str) -> tuple[Finding, ...]:
    """Return what `/.well-known/tdmrep.json` says about `url`.

    Args:
        body: the file; empty if the host has none; None if it was never fetched.
        url: the URL of the image.
    """
    stated = tdmrep.Statement(Verdict.MISSING) if body is None else tdmrep.read_file(body, url)
    return (_finding(Signal.TDMREP_JSON, Place.HOST, *stated, base=url),)


def of_image(body: bytes) -> tuple[Finding, ...]:
    """Return what the metadata in the bytes of an image say: XMP, C2PA."""
    return (
        _finding(Signal.XMP_DATA_MINING, Place.IMAGE, *xmp.read(body)),
        _finding(Signal.C2PA_TRAINING_MINING, Place.IMAGE, *c2pa.read(body)),
    )


HEADERS = {"x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal", "link"}
_IN_ROBOTS_TXT = (Signal.ROBOTS_TXT, Signal.ROBOTS_TXT_AGENTS, Signal.AI_TRAINING_RULE, Signal.CONTENT_USAGE_ROBOTS,
                  Signal.CONTENT_SIGNAL, Signal.RSL_ROBOTS)  # fmt: skip
_WITHOUT_AGENTS = tuple(signal for signal in _IN_ROBOTS_TXT if signal is not Signal.ROBOTS_TXT_AGENTS)


class _Rules(NamedTuple):
    """What a robots.txt says that does not depend on a URL."""

    robots: robots_txt.RobotsTxt
    preferences: tuple[tuple[Signal, list[robots_txt.Preference]], ...]  # for this crawler; only where there are some
    ai_crawlers: list[str]  # the known ones that have a group of their own
    licence: str


@lru_cache(maxsize=1024)
def _rules(body: bytes) -> _Rules:
    robots = robots_txt.parse(body)
    usage, signals = (robots.values(name, AGENT) for name in ("content-usage", "content-signal"))
    preferences = (
        (Signal.AI_TRAINING_RULE, robots_txt.training_rules(robots, AGENT)),
        (Signal.CONTENT_USAGE_ROBOTS, robots_txt.preferences("Content-Usage", usage, content_usage.read)),
        (Signal.CONTENT_SIGNAL, robots_txt.preferences("Content-Signal", signals, content_signal.read)),
    )
    ai_crawlers = {robots_txt.product_token(name) for name in AI_CRAWLERS}.intersection(robots.agents)
    licence = next((value for value in robots.licences if rsl.read_rule(value) is Verdict.RESERVED), "")
    return _Rules(robots, tuple(one for one in preferences if one[1]), sorted(ai_crawlers), licence)


def _finding(
    signal: Signal, place: Place, verdict: Verdict, value: str = "", policy: str = "", base: str = ""
) -> Finding:
    if verdict in (Verdict.SILENT, Verdict.MISSING):
        return _without_value(signal, place, verdict)
    return Finding(signal, place, verdict, clean(value), clean(_absolute(policy, base)))


@cache
def _without_value(signal: Signal, place: Place, verdict: Verdict) -> Finding:
    return Finding(signal, place, verdict)


@cache
def _all(signals: tuple[Signal, ...], place: Place, verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(_without_value(signal, place, verdict) for signal in signals)


def _absolute(policy: str, base: str) -> str:
    try:
        return urljoin(base, policy) if policy else ""
    except ValueError:
        return policy
