"""All signals by which an owner reserves use for machine learning, by the place where they are looked for.

Each function returns one `Finding` for each signal that it looks for, in the order of `Signal`, whether the place says
something or not. None raises an error, whatever the bytes; the time is linear in the length of the input.
The grammar of each standard is in a module of its own.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urljoin

from crawler.rights import c2pa, content_signal, content_usage, robots_tag, robots_txt, rsl, tdmrep, xmp
from crawler.rights.ai_crawlers import AI_CRAWLERS
from crawler.rights.finding import AGENT, Finding, Place, Signal, Verdict, strictest
from crawler.rights.page import elements
from crawler.rights.text import clean

__all__ = ["AGENT", "Finding", "Place", "Signal", "Verdict", "of_headers", "of_image", "of_page", "of_robots_txt",
           "of_tdmrep", "strictest"]  # fmt: skip


def of_headers(headers: Sequence[tuple[str, str]], place: Place, url: str = "") -> tuple[Finding, ...]:
    """Return what the headers of a response say: X-Robots-Tag, TDMRep, Content-Usage, Content-Signal, RSL.

    Args:
        headers: (name, value) in the order of the response; a name may occur several times.
        place: `IMAGE` or `PAGE`, whichever the response contains.
        url: the URL of the response, for a relative URL of a policy.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.strip().lower(), []).append(value)
    tags = values.get("x-robots-tag", [])
    tdm = tdmrep.read(values.get("tdm-reservation", ()), values.get("tdm-policy", ()))
    usage = values.get("content-usage", [])
    signals = values.get("content-signal", [])
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
    found = elements(body, encoding)
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
    findings = _MISSING_RULES if body is None else tuple(_of_rules(body, url))
    return tuple(finding for finding in findings if ai_crawlers or finding.signal is not Signal.ROBOTS_TXT_AGENTS)


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


_OF_HOST = (Signal.ROBOTS_TXT, Signal.ROBOTS_TXT_AGENTS, Signal.AI_TRAINING_RULE, Signal.CONTENT_USAGE_ROBOTS,
            Signal.CONTENT_SIGNAL, Signal.RSL_ROBOTS)  # fmt: skip
_MISSING_RULES = tuple(Finding(signal, Place.HOST, Verdict.MISSING) for signal in _OF_HOST)


def _of_rules(body: bytes, url: str) -> Iterator[Finding]:
    rules = robots_txt.parse(body)
    refused = not rules.can_fetch(url, AGENT)
    verdict = Verdict.RESERVED if refused else Verdict.SILENT
    yield _finding(Signal.ROBOTS_TXT, Place.HOST, verdict, "Disallow" if refused else "")
    blocked = [agent for agent in _ai_crawlers(body) if not rules.can_fetch(url, agent)]
    verdict = Verdict.RESERVED if blocked else Verdict.SILENT
    yield _finding(Signal.ROBOTS_TXT_AGENTS, Place.HOST, verdict, ", ".join(blocked))
    for signal, preferences in _preferences(body):
        stated = robots_txt.deciding(preferences, url)
        yield _finding(signal, Place.HOST, *((stated.verdict, stated.line) if stated else (Verdict.SILENT,)))
    policy = next((value for value in rules.licences if rsl.read_rule(value) is Verdict.RESERVED), "")
    verdict = Verdict.RESERVED if policy else Verdict.SILENT
    value = f"License: {policy}" if policy else ""
    yield _finding(Signal.RSL_ROBOTS, Place.HOST, verdict, value, policy, base=url)


@lru_cache(maxsize=64)
def _ai_crawlers(body: bytes) -> tuple[str, ...]:
    """Return the known AI crawlers that have a group of their own."""
    return tuple(sorted({robots_txt.product_token(name) for name in AI_CRAWLERS} & set(robots_txt.parse(body).agents)))


@lru_cache(maxsize=64)
def _preferences(body: bytes) -> tuple[tuple[Signal, list[robots_txt.Preference]], ...]:
    """Return the preferences of a robots.txt for this crawler by signal, those that decide first."""
    rules = robots_txt.parse(body)
    return (
        (Signal.AI_TRAINING_RULE, robots_txt.training_rules(rules, AGENT)),
        (
            Signal.CONTENT_USAGE_ROBOTS,
            robots_txt.preferences("Content-Usage", rules.values("content-usage", AGENT), content_usage.read),
        ),
        (
            Signal.CONTENT_SIGNAL,
            robots_txt.preferences("Content-Signal", rules.values("content-signal", AGENT), content_signal.read),
        ),
    )


def _finding(
    signal: Signal, place: Place, verdict: Verdict, value: str = "", policy: str = "", base: str = ""
) -> Finding:
    return Finding(signal, place, verdict, clean(value), clean(_absolute(policy, base)))


def _absolute(policy: str, base: str) -> str:
    try:
        return urljoin(base, policy) if policy else ""
    except ValueError:
        return policy
