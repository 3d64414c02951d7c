"""The meta, link and script elements of an HTML page that can state a reservation."""

from dataclasses import dataclass, field

from lxml import etree

from crawler.rights.finding import AGENT
from crawler.rights.rsl import is_licence_type
from crawler.rights.text import decode

MAX_BYTES = 8 << 20

_ASCII_COMPATIBLE = ("utf-8", "iso-8859", "windows", "ascii", "us-ascii")
_RULES = (b"noai", b"noimageai", b"noml", b"disallowaitraining")  # of crawler.rights.robots_tag, without hyphens
_TAG = 400  # bytes around a name
_ROBOTS = ("robots", AGENT, "x-robots-tag")


@dataclass
class Elements:
    """What was found, in the order of the page."""

    robots: list[str] = field(default_factory=list)
    reservations: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    licence_links: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)


def may_reserve(body: bytes, encoding: str = "") -> bool:
    """Return whether `elements` may find more than rules about search. Quick, and True for any page that reserves."""
    start = body[:MAX_BYTES].lower()
    if b"\0" in start[:256] or not (encoding or "utf-8").lower().startswith(_ASCII_COMPATIBLE):
        return True
    if b"tdm" in start or b"rsl+xml" in start:
        return True
    letters = start.translate(None, b"-_")
    return any(word in letters for word in _RULES) or _has_reference(start)


def _has_reference(page: bytes) -> bool:
    """Return whether a tag that may contain rules has a character reference, in which a rule could be written."""
    for name in (b"robots", AGENT.encode()):
        position = page.find(name)
        while position >= 0:
            before, after = page[max(0, position - _TAG) : position], page[position : position + _TAG]
            if before.rfind(b"<") > before.rfind(b">") and b"&#" in before + after.partition(b">")[0]:
                return True
            position = page.find(name, position + 1)
    return False


def elements(body: bytes, encoding: str = "") -> Elements:
    """Return the elements of an HTML page; of anything else, such as JSON, none."""
    text = decode(body[:MAX_BYTES], encoding)
    found = Elements()
    if text.lstrip("\ufeff \t\r\n\0")[:1] not in ("{", "["):
        parser = etree.HTMLParser(target=_Collector(found), encoding="utf-8", huge_tree=True)  # no tree is built
        try:
            parser.feed(text.replace("\0", "").encode("utf-8", "replace"))
            parser.close()
        except etree.LxmlError:
            pass  # what was found before the damage counts
    return found


class _Collector:
    """Receives the events of the parser, so that no tree is built."""

    def __init__(self, found: Elements) -> None:
        self._found = found
        self._script: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "meta":
            self._meta(attributes)
        elif tag in ("link", "a", "area") and is_licence_type(attributes.get("type", "")):
            self._found.licence_links.append(attributes.get("href", "").strip())
        elif tag == "script" and is_licence_type(attributes.get("type", "")):
            self._script = []

    def data(self, text: str) -> None:
        if self._script is not None:
            self._script.append(text)

    def end(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self._found.licences.append("".join(self._script))
            self._script = None

    def close(self) -> None:
        if self._script is not None:
            self.end("script")

    def _meta(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name") or attributes.get("http-equiv") or attributes.get("property") or ""
        name, content = name.strip().lower().replace(":", "-"), attributes.get("content", "")
        if name in _ROBOTS:
            self._found.robots.append(content)
        elif name == "tdm-reservation":
            self._found.reservations.append(content)
        elif name == "tdm-policy":
            self._found.policies.append(content.strip())
