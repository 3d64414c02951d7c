"""X-Robots-Tag and meta robots: https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag"""

import pytest

from crawler.rights.finding import Verdict
from crawler.rights.robots_tag import read


@pytest.mark.parametrize(
    "value",
    [
        # one rule, in any case and spelling
        "noai", "NoImageAI", "noml", "no-ai", "DisallowAITraining",
        # beside rules that have a value
        "noimageai, max-snippet:50", "max-snippet: -1, noml", "max-image-preview:large, max-video-preview: 0, noai",
        "unavailable_after: 1 Feb 2031 09:30:00 CET, noai", "noai, unavailable_after: 2031-02-01T09:30:00+01:00",
        "unavailable_after: Saturday, 01-Feb-31 09:30:00 GMT+1:00, noimageai",
        # addressed to every crawler, or to this one
        "*: noai", "facades: noml", "Facades/2.3: noimageai", "FACADES : noai", "bingbot: noindex, facades: noml",
        "bingbot: noindex, *: noai",
        # other separators
        "noindex; noml", "nofollow noai", "noindex | noimageai", "noindex，noai", "noindex、noml", "facades：noai",
        '"noindex, noai"',
    ],
)  # fmt: skip
def test_a_rule_against_training_reserves(value):
    assert read([value]) is Verdict.RESERVED


@pytest.mark.parametrize(
    "value",
    [
        "", "all", "noindex, nofollow", "none", "noarchive, noimageindex, nosnippet", "max-snippet:20",
        "bingbot: noai", "bingbot/2.0: noindex, noml", "bingbot: max-snippet:20, noai", "facades-images: noai",
        "facades: noindex, bingbot: noai", "noaim", "max-image-preview: noaim",
    ],
)  # fmt: skip
def test_rules_about_search_and_rules_for_others_reserve_nothing(value):
    assert read([value]) is Verdict.SILENT


def test_of_several_headers_one_that_reserves_is_enough():
    assert read(["noindex", "bingbot: noai", "facades: noai"]) is Verdict.RESERVED
    assert read(["bingbot: noindex", "noarchive"]) is Verdict.SILENT
    assert read([]) is Verdict.SILENT


def test_an_agent_holds_for_its_own_header_only():
    assert read(["bingbot: noindex", "noai"]) is Verdict.RESERVED
