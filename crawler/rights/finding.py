"""What a place says about use for machine learning: the types that all parsers of signals share."""

from dataclasses import dataclass

from common.described import DescribedEnum

AGENT = "facades"
"""This crawler's product token in rules that are addressed to one crawler."""


class Signal(DescribedEnum):
    """A standard or convention by which an owner reserves use for machine learning. A closed list."""

    X_ROBOTS_TAG = "x_robots_tag", "`noai`, `noimageai` or `noml` in the HTTP header X-Robots-Tag."
    META_ROBOTS = "meta_robots", "The same rules in `<meta name=robots>` or `<meta name=facades>`."
    ROBOTS_TXT = "robots_txt", "robots.txt disallows the URL for this crawler."
    ROBOTS_TXT_AGENTS = "robots_txt_agents", "robots.txt disallows the URL for a known AI crawler."
    AI_TRAINING_RULE = "ai_training_rule", "`DisallowAITraining` in robots.txt."
    TDM_HEADER = "tdm_header", "TDMRep: the HTTP header TDM-Reservation."
    TDM_META = "tdm_meta", "TDMRep: `<meta name=tdm-reservation>`."
    TDMREP_JSON = "tdmrep_json", "TDMRep: `/.well-known/tdmrep.json`."
    CONTENT_USAGE_HEADER = "content_usage_header", "AIPREF: `train-ai` in the HTTP header Content-Usage."
    CONTENT_USAGE_ROBOTS = "content_usage_robots", "AIPREF: `train-ai` in a Content-Usage rule of robots.txt."
    CONTENT_SIGNAL = "content_signal", "`ai-train` in a Content-Signal rule of robots.txt, or in the header."
    RSL_ROBOTS = "rsl_robots", "RSL: a `License` rule in robots.txt."
    RSL_LINK = "rsl_link", "RSL: an HTTP header Link with `rel=license` and the type application/rsl+xml."
    RSL_PAGE = "rsl_page", "RSL: a link of that kind in a page, or a licence in a script element."
    XMP_DATA_MINING = "xmp_data_mining", "IPTC/PLUS: `plus:DataMining` in the XMP of an image."
    C2PA_TRAINING_MINING = "c2pa_training_mining", "C2PA/CAWG: a training and data mining assertion in an image."


class Place(DescribedEnum):
    """Where a signal was looked for."""

    IMAGE = "image", "The response with the image: headers and bytes."
    PAGE = "page", "The response with the page that shows the image: headers and HTML."
    HOST = "host", "A file that applies to a whole host: robots.txt or `/.well-known/tdmrep.json`."


class Verdict(DescribedEnum):
    """What a signal amounts to. `reserved` outweighs every other."""

    RESERVED = "reserved", "Use is reserved, or may be: content that mentions the rule and cannot be read counts too."
    PERMITTED = "permitted", "Use is expressly allowed."
    SILENT = "silent", "The place was read and says nothing about such use."
    MISSING = "missing", "The place was never fetched, or is in a form that is not read."


@dataclass(frozen=True, slots=True)
class Finding:
    """What one place says by one signal.

    `value` is the text that reserves or permits, on one line of at most 500 characters; empty if nothing does.
    `policy` is the URL of a licence or policy that the owner names with it; empty if there is none.
    """

    signal: Signal
    place: Place
    verdict: Verdict
    value: str = ""
    policy: str = ""
