"""robots.txt by RFC 9309 (https://www.rfc-editor.org/rfc/rfc9309.html): which rules apply to a crawler, and to a URL.

Protego matches paths. Bytes, lines and groups are read here, because Protego 0.7 loses the first line of a file with a
byte order mark, compares agents by prefix, and splits a group at a line that it does not know.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from protego import Protego

from crawler.rights.finding import Verdict
from crawler.rights.text import decode

MAX_BYTES = 4 << 20  # RFC 9309, 2.5, asks for at least 500 KiB
MAX_PREFERENCES = 1000  # of one kind in a group; more are not read, and reserve

_ALIASES = {
    "useragent": "user-agent",
    "user agent": "user-agent",
    "crawl delay": "crawl-delay",
    **dict.fromkeys(("dissallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"),
}
_PATHS = {"allow", "disallow"}
_PREFERENCES = {"content-usage", "content-signal", "disallowaitraining", "allowaitraining"}
_NAMES = {"user-agent", "crawl-delay", "license", *_PATHS, *_PREFERENCES}
_BLANK = " \t\v\f\0\ufeff\u200b\u00a0ï»¿"  # with byte order marks, whole or in parts, and other hidden characters
_END_OF_LINE = re.compile(r"[\r\n]+")
_TOKEN = re.compile(r"[a-z_-]+")  # RFC 9309, 2.2.1: what follows a product token, such as a version, is cut off
_DELAY = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?|[.,]\d{1,9})\s*s?\b", re.IGNORECASE)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Rule(NamedTuple):
    """One line of a group: its name in lower case, and its value."""

    name: str
    value: str


class Preference(NamedTuple):
    """What a rule says about use of the URLs whose path begins with `path`."""

    path: str
    verdict: Verdict
    line: str


class _Groups:
    """The rules of a file by product token in lower case, and those before the first group."""

    def __init__(self, names: set[str], separators: set[str]) -> None:
        self._names = names
        self._separators = separators  # a User-agent line after one of these begins another group
        self._by_agent: dict[str, list[list[Rule]]] = {}
        self._open: list[Rule] | None = None
        self._is_closed = False
        self.ungrouped: list[Rule] = []

    @property
    def agents(self) -> Iterable[str]:
        return self._by_agent.keys()

    def add(self, rule: Rule) -> None:
        if rule.name == "user-agent":
            if self._open is None or self._is_closed:
                self._open, self._is_closed = [], False
            named = self._by_agent.setdefault(product_token(rule.value), [])
            if not named or named[-1] is not self._open:
                named.append(self._open)
            return
        self._is_closed = self._is_closed or rule.name in self._separators
        if rule.name in self._names:
            (self.ungrouped if self._open is None else self._open).append(rule)

    def rules(self, agent: str) -> list[Rule]:
        """Return the rules of all groups that name `agent`, or else of those for every crawler."""
        return [rule for group in self._by_agent.get(agent, self._by_agent.get("*", ())) for rule in group]


class RobotsTxt:
    """A robots.txt: what may be fetched, how fast, and what use of it is reserved."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        # Only Allow and Disallow end the list of agents of a group (RFC 9309, 2.1), but to drafts of preferences their
        # own rules do so too.
        self._fetching = _Groups(_PATHS | {"crawl-delay"}, _PATHS)
        self._preferences = _Groups(_PREFERENCES, _PATHS | _PREFERENCES)
        self._matchers: dict[str, Protego] = {}
        self.licences: list[str] = []
        for rule in rules:
            if rule.name == "license":  # of the file, not of a group
                self.licences.append(rule.value)
            self._fetching.add(rule)
            self._preferences.add(rule)

    @property
    def agents(self) -> Iterable[str]:
        """The product tokens that have a group of their own, in lower case, `*` among them."""
        return self._fetching.agents

    def can_fetch(self, url: str, agent: str) -> bool:
        """Return whether `agent` may fetch `url`: the longest matching path decides, and of equal ones `Allow`."""
        if agent not in self._matchers:
            self._matchers[agent] = _matcher(self._fetching.rules(agent))
        return self._matchers[agent].can_fetch(_without_origin(url), agent)

    def crawl_delay(self, agent: str) -> float | None:
        """Return the longest Crawl-delay for `agent` in seconds; `1,5` and `1.5s` are read too."""
        found = [_DELAY.match(rule.value) for rule in self._fetching.rules(agent) if rule.name == "crawl-delay"]
        return max((float(match[1].replace(",", ".")) for match in found if match), default=None)

    def values(self, name: str, agent: str) -> list[str]:
        """Return the values of preferences with this name for `agent`; those before any group are for every crawler."""
        rules = self._preferences.rules(agent) + self._preferences.ungrouped
        return [rule.value for rule in rules if rule.name == name]


@lru_cache(maxsize=1024)
def parse(body: bytes) -> RobotsTxt:
    """Parse a robots.txt of any encoding. What is not a rule is skipped, so any bytes are a valid file."""
    text = decode(body[:MAX_BYTES])
    is_page = text.lstrip(_BLANK + "\r\n").startswith("<")  # in place of the file
    return RobotsTxt(rule for rule in _lines(text) if not is_page or rule.name in _PATHS or rule.name == "user-agent")


def product_token(value: str) -> str:
    """Return the token that a User-agent line names, in lower case; `*` for all; empty if it names none."""
    if value.startswith("*"):
        return "*" if len(value) == 1 or value[1].isspace() else ""
    match = _TOKEN.match(value.lower())
    return match[0] if match else ""


def training_rules(robots: RobotsTxt, agent: str) -> list[Preference]:
    """Return the rules `DisallowAITraining: path` and `AllowAITraining: path`, those that decide first.

    https://datatracker.ietf.org/doc/html/draft-canel-robots-ai-control-00
    """
    found = []
    for name, verdict in (("DisallowAITraining", Verdict.RESERVED), ("AllowAITraining", Verdict.PERMITTED)):
        for value in robots.values(name.lower(), agent):
            path = value if value.startswith(("/", "*")) else "/" * bool(value)
            found += [Preference(_escape(path), verdict, f"{name}: {value}")] * bool(path)
    return _ordered(found)


def preferences(name: str, values: list[str], read: Callable[[list[str]], Verdict]) -> list[Preference]:
    """Return what rules `name: [/path] value` state, those that decide first: longest path, then the strictest."""
    found = []
    for value in values:
        path, _, text = value.replace("\t", " ").partition(" ") if value.startswith("/") else ("", "", value)
        if (verdict := read([text])) is not Verdict.SILENT:
            found.append(Preference(_escape(path), verdict, f"{name}: {value}"))
    return _ordered(found)


def _ordered(found: list[Preference]) -> list[Preference]:
    if len(found) > MAX_PREFERENCES:
        return [Preference("", Verdict.RESERVED, f"more than {MAX_PREFERENCES} rules")]
    return sorted(found, key=lambda one: (-len(one.path), one.verdict is not Verdict.RESERVED))


def deciding(ordered: Iterable[Preference], url: str) -> Preference | None:
    """Return the first of `preferences` whose path matches `url`."""
    return next((one for one in ordered if not one.path or matches(one.path, url)), None)


def matches(path: str, url: str) -> bool:
    """Return whether a path of robots.txt, with `*` and `$`, matches `url` (RFC 9309, 2.2.2 and 2.2.3)."""
    return not _matcher_of(path).can_fetch(_without_origin(url), "*")


@lru_cache(maxsize=4096)
def _matcher_of(path: str) -> Protego:
    return _matcher([Rule("disallow", path)])


def _matcher(rules: list[Rule]) -> Protego:
    lines = [f"{rule.name}: {path}" for rule in rules if rule.name in _PATHS for path in _octets(rule.value)]
    return Protego.parse("\n".join(["user-agent: *", *lines]))


def _lines(text: str) -> Iterator[Rule]:
    for line in _END_OF_LINE.split(text):
        content = line.partition("#")[0].strip(_BLANK)
        name, colon, value = content.partition(":")
        name = _name(name)
        if not colon or name not in _NAMES:  # the colon may be forgotten, or be that of a URL
            first, _, value = content.replace("\t", " ").partition(" ")
            name = _name(first)
        if name in _NAMES:
            yield Rule(name, value.strip(_BLANK))


def _name(text: str) -> str:
    lower = text.strip(_BLANK).lower()
    return _ALIASES.get(lower, lower)


def _octets(path: str) -> list[str]:
    """Return a path with its octets escaped, as UTF-8 and, if it can be meant, as Latin-1."""
    escaped = [_escape(path)]
    if not path.isascii():
        with suppress(UnicodeEncodeError):
            escaped.append(quote(path.encode("latin-1"), safe=_PRINTABLE))
    return escaped


def _escape(path: str) -> str:
    return quote(path.encode("utf-8", "replace"), safe=_PRINTABLE)


def _without_origin(url: str) -> str:
    """Return `url` at a host that every parser accepts, for a rule never depends on it."""
    return "http://host/" + _ORIGIN.sub("", url, count=1).removeprefix("/")
