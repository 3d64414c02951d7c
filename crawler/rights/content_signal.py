"""Cloudflare's content signals: `ai-train=no` in a Content-Signal rule of robots.txt or in the header of that name.

The signals and their values are described at https://contentsignals.org and in draft-romm-aipref-contentsignals
(https://datatracker.ietf.org/doc/draft-romm-aipref-contentsignals/). Any value but `yes` reserves.
"""

import re
from collections.abc import Iterable

from crawler.rights.finding import Verdict

_TRAINING = re.compile(r"(?<![a-z])(?:ai[-_]train(?:ing)?|train[-_]ai)(?![a-z])\s*[=:]?\s*[\"']?([a-z0-9]*)")
_ALLOWED = {"yes", "y", "true", "1", "allow", "allowed"}


def read(values: Iterable[str]) -> Verdict:
    """Return the strictest of the values of all Content-Signal headers or rules that apply."""
    stated = {answer in _ALLOWED for value in values for answer in _TRAINING.findall(value.lower())}
    if not stated:
        return Verdict.SILENT
    return Verdict.PERMITTED if stated == {True} else Verdict.RESERVED
