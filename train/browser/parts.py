"""The parts of the pages: templates, style sheets and scripts of this folder."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from markupsafe import Markup

from common.html import environment


def source(name: str) -> str:
    """Return the text of a style sheet or script."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def body(template: str, values: Mapping[str, Any]) -> Markup:
    """Return the body of a page from its template; every value is escaped."""
    return Markup(environment("train.browser").get_template(template).render(values))  # noqa: S704  # escaped above
