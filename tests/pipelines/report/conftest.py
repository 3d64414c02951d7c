"""Inputs of a report, and the page that is made of them."""

import pytest

from tests.pipelines.report.page import Page, report
from tests.pipelines.report.report_inputs import Inputs, write_inputs


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="session")
def page(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(inputs, tmp_path_factory.mktemp("report") / "index.html")
