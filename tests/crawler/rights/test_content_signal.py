"""Content signals: https://contentsignals.org"""

import pytest

from crawler.rights.content_signal import read
from crawler.rights.finding import Verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("ai-train=no", Verdict.RESERVED),
        ("search=yes,ai-train=no,ai-input=yes", Verdict.RESERVED),
        ("search=yes ; AI-Train = NO", Verdict.RESERVED),
        ("ai-train: no", Verdict.RESERVED),
        ("ai_train='no'", Verdict.RESERVED),
        ("ai-training=no", Verdict.RESERVED),
        ("ai-train=conditional", Verdict.RESERVED),
        ("ai-train", Verdict.RESERVED),
        ("ai-train=yes, ai-train=no", Verdict.RESERVED),
        ("search=no, ai-train=yes", Verdict.PERMITTED),
        ("AI-TRAIN=Yes", Verdict.PERMITTED),
        ("search=no, ai-input=no", Verdict.SILENT),
        ("ai-trainer=no", Verdict.SILENT),
        ("", Verdict.SILENT),
    ],
)
def test_ai_train_decides(value, verdict):
    assert read([value]) is verdict


def test_of_several_headers_the_strictest_counts():
    assert read(["ai-train=yes", "ai-train=no"]) is Verdict.RESERVED
    assert read(["ai-train=yes", "search=no"]) is Verdict.PERMITTED
    assert read([]) is Verdict.SILENT
