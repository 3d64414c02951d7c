"""Tests that are skipped: an error where CI=true and a peer is missing, one line at the end elsewhere.

The hooks of pytest that conftest.py takes over.
"""

import os
from collections import Counter
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

STRICT = os.environ.get("CI") == "true"
"""Fail instead of skipping where a peer is missing, so that CI cannot test less without anyone noticing."""

PEERS = {"photographs": "FACADES_DATA", "servers": "FACADES_SERVERS"}
"""Peers that cannot be installed, and the variable that the reason of such a skip names."""

NOT_INSTALLABLE = (
    "no GPU",
    "root, and no mounts",
    *(PEERS[name] for name in os.environ.get("FACADES_ABSENT_PEERS", "").split()),
)
"""Parts of the reasons for which a test may be skipped in CI, too."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _strict((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum up in one line which tests were skipped, and why."""
    skipped = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if skipped:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in skipped.most_common())
        terminalreporter.write_line(f"skipped: {reasons}", yellow=True)


def _strict(report: Report) -> Report:
    """Turn a skip for a missing peer into a failure where CI=true."""
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        reason = _reason(report)
        if not any(part in reason for part in NOT_INSTALLABLE):
            report.outcome = "failed"
            report.longrepr = f"CI=true, and a peer is missing: {reason}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
