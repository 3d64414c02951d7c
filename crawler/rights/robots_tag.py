"""Robots rules of one response or page: the header X-Robots-Tag and `<meta name=robots>`.

The grammar is `[agent:] rule, rule, …`, where some rules have a value after a colon. Google documents it
(https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag), and so does MDN
(https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Robots-Tag). `noai` and `noimageai` were
introduced by DeviantArt in 2022, `noml` by Mojeek in 2023 (https://noml.info), `DisallowAITraining` by
https://datatracker.ietf.org/doc/html/draft-canel-robots-ai-control-00.

`noindex`, `none`, `noimageindex` and `noarchive` are about search results, so they reserve nothing here.
"""

import re
from collections.abc import Iterable

from crawler.rights.finding import AGENT, Verdict

_RESERVING = {"noai", "noimageai", "noml", "disallowaitraining"}
_WITH_VALUE = {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after", "unavailable-after"}
# Separators seen in the field besides the comma: semicolon, bar, space, quotes, and the commas of Chinese and Japanese.
_TOKEN = re.compile(r"([^\s,;|:\"'，；、：]+)(\s*[:：](?!//))?")
_AGENT_NAME = re.compile(r"([a-z_-]*[a-z*])(?:[/.\d].*)?")


def read(values: Iterable[str], agent: str = AGENT) -> Verdict:
    """Return `RESERVED` if a header or meta value reserves use by every crawler or by `agent`, else `SILENT`."""
    return Verdict.RESERVED if any(_reserves(value.lower(), agent) for value in values) else Verdict.SILENT


def _reserves(value: str, agent: str) -> bool:
    """Return whether a lower-case value reserves. Rules after `name:` are for that agent, up to the next such name."""
    addressed = "*"
    for name, colon in _TOKEN.findall(value):
        is_reserving = re.sub("[-_]", "", name) in _RESERVING
        if is_reserving and addressed in ("*", agent):
            return True
        if colon and not is_reserving and name not in _WITH_VALUE and (match := _AGENT_NAME.fullmatch(name)):
            addressed = match[1]
    return False
