"""RSL 1.0, Really Simple Licensing (https://rslstandard.org/rsl): licences for AI use, as XML or as a link to it.

A linked licence is not fetched, so a link reserves: RSL asks a crawler to read the licence before it uses anything. An
inline licence permits if it grants training to everybody and for nothing.
"""

from xml.parsers import expat

from crawler.rights.finding import Verdict

MEDIA_TYPE = "application/rsl+xml"
MAX_CHARACTERS = 1 << 20

_UNCONDITIONAL = {"permits": "usage", "prohibits": "usage", "payment": "free"}  # the types that add no condition
_TRAINING = {"all", "ai-all", "ai-train", "train-ai", "train-genai"}


def is_licence_type(media_type: str) -> bool:
    """Return whether a `type` attribute or parameter names an RSL licence; such a link is no licence of the content."""
    return media_type.partition(";")[0].strip().lower() == MEDIA_TYPE


def read_link(value: str) -> tuple[Verdict, str]:
    """Return the verdict on one `Link` header, and the URL of the RSL licence in it (RFC 8288, section 3)."""
    position = value.lower().find(MEDIA_TYPE)
    if position < 0:
        return Verdict.SILENT, ""
    start = value.rfind("<", 0, position)
    return Verdict.RESERVED, value[start + 1 : position].partition(">")[0].strip() if start >= 0 else ""


def read_rule(value: str) -> Verdict:
    """Return the verdict on the value of a `License` rule in robots.txt, which is a URL by the standard."""
    is_url = "/" in value or value.lower().endswith((".xml", ".rsl"))
    return Verdict.RESERVED if is_url else Verdict.SILENT


def read_licence(xml: str) -> Verdict:
    """Return `PERMITTED` if every licence of an RSL document grants training freely; else `RESERVED`."""
    if len(xml) > MAX_CHARACTERS:
        return Verdict.RESERVED
    document = _Document()
    try:
        document.parse(xml)
    except (expat.ExpatError, ValueError):
        return Verdict.RESERVED
    return Verdict.PERMITTED if document.licences and all(document.licences) else Verdict.RESERVED


class _Document:
    """Collects, for each licence, whether it grants training to everybody and for nothing."""

    def __init__(self) -> None:
        self.licences: list[bool] = []
        self._granted = self._refused = self._has_condition = self._has_server = False
        self._use: list[str] = []

    def parse(self, xml: str) -> None:
        """Raise ExpatError for text that is not XML, ValueError for a declared entity."""
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse
        parser.Parse(xml.strip().encode("utf-8", "replace"), True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._use = []
        if local == "content":
            self._has_server = "server" in attributes
        elif local == "license":
            self._granted = self._refused = False
            self._has_condition = self._has_server
        elif local in _UNCONDITIONAL:
            self._has_condition = self._has_condition or attributes.get("type", "free") != _UNCONDITIONAL[local]

    def _text(self, text: str) -> None:
        self._use.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        uses = set("".join(self._use).lower().replace(",", " ").split())
        if local == "permits":
            self._granted = self._granted or bool(uses & _TRAINING)
        elif local == "prohibits":
            self._refused = self._refused or bool(uses & _TRAINING)
        elif local == "license":
            self.licences.append(self._granted and not self._refused and not self._has_condition)
        self._use = []


def _refuse(*_: object) -> None:
    raise ValueError("an entity is declared")
