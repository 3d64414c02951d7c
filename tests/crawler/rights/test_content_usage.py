"""AIPREF: draft-ietf-aipref-vocab and draft-ietf-aipref-attach."""

import pytest

from crawler.rights.content_usage import read
from crawler.rights.finding import Verdict


@pytest.mark.parametrize(
    "value",
    [
        "train-ai=n", "search=y, train-ai=n", "train-ai=n;reason=sale", 'note="x, train-ai=y", train-ai=n',
        # a key that is repeated: the strictest counts, where a dictionary would keep the last
        "train-ai=n, train-ai=y", "train-ai=y, train-ai=n",
        # no token: a person meant a refusal
        'train-ai="n"', "train-ai=?0", "train-ai=no", "train-ai=0",
        # no dictionary, and it mentions training
        "Train-AI=n", "train-ai: n", "train-ai = n", "TRAIN-AI=N; search=Y!", "train-ai=y; q=\x01",
        # labels of earlier versions of the vocabulary
        "ai=n", "genai=n", "train-genai=n", "tdm=n", "bots=n", "train-ai=y, train-genai=n",
        "train-genai=n;exceptions=cc-cr",
    ],
)  # fmt: skip
def test_no_to_training_reserves(value):
    assert read([value]) is Verdict.RESERVED


@pytest.mark.parametrize(
    "value",
    ["train-ai=y", "search=n, train-ai=y", "train-ai;allow=n, train-ai=y", "ai=y", "tdm=n, train-ai=y"],
)
def test_yes_to_training_permits(value):
    assert read([value]) is Verdict.PERMITTED


@pytest.mark.parametrize(
    "value",
    [
        "",
        "search=n",
        "new-use=n, other=?0",
        "train-ai",
        "train-ai;p=1",
        "search=n, search",
        "tdm=y",
        "?!",
        "chain-air=n",
    ],
)
def test_other_uses_and_keys_alone_say_nothing_about_training(value):
    assert read([value]) is Verdict.SILENT


def test_of_several_headers_the_strictest_counts():
    assert read(["train-ai=y", "train-ai=n"]) is Verdict.RESERVED
    assert read(["train-ai=y", "search=n"]) is Verdict.PERMITTED
    assert read([]) is Verdict.SILENT
