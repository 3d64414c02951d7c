"""From what is shown to HTML, with the report's style, macros and filters."""

from collections.abc import Mapping
from typing import Any

import jinja2

from pipelines.audit.parameters import word
from pipelines.report.foreign import line, web_url
from pipelines.report.render import count, share


def render(template: str, context: Mapping[str, Any]) -> str:
    """A whole page. Everything printed is escaped, the style sheets apart."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader("pipelines.audit"), jinja2.PackageLoader("pipelines.report")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"web_url": web_url, "line": line, "count": count, "share": share, "word": word}
    return environment.get_template(template).render(context)
