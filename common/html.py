"""Pages in one file: their templates, and a content security policy that forbids every request."""

import base64
import hashlib
import re
from collections.abc import Mapping

import jinja2
from markupsafe import Markup, escape

from common.safe_text import one_line, web_url

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{% block meta %}
<meta name="referrer" content="no-referrer">
{% endblock %}
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
{% block style %}
{% endblock %}
</head>
<body>
{% block body %}
{% endblock %}
</body>
</html>
"""

PAGE_WITH_SCRIPT = """\
{% extends "page.html.j2" %}
{% block meta %}
<meta name="color-scheme" content="light dark">
{% endblock %}
{% block title %}{{ title }}{% endblock %}
{% block style %}
<style>{{ style | safe }}</style>
{% endblock %}
{% block body %}
{{ body }}
{% for name, text in blocks.items() %}
<script type="application/octet-stream" id="{{ name }}">{{ text | safe }}</script>
{% endfor %}
<script type="module">{{ script | safe }}</script>
{% endblock %}
"""


def environment(*packages: str) -> jinja2.Environment:
    """Return the template environment of a page.

    It escapes every value, and an unknown name is an error. Templates may extend `page.html.j2` (blocks `meta`,
    `title`, `style` and `body`), whose policy allows inline styles and `data:` images only.
    Filters: `web_url` and `one_line` (see common/safe_text.py), `count`, `percentage`, `inline_code`.

    Args:
        packages: import names of packages with a folder `templates`; the first that has a template is used.
    """
    built_in = jinja2.DictLoader({"page.html.j2": PAGE, "page_with_script.html.j2": PAGE_WITH_SCRIPT})
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([built_in, *map(jinja2.PackageLoader, packages)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"web_url": web_url, "one_line": one_line, "count": count, "percentage": percentage}
    made.filters["inline_code"] = inline_code
    # Of characters to escape it has only single quotes, which are allowed inside double ones.
    made.globals["policy"] = Markup(_policy("img-src data:; style-src 'unsafe-inline'"))  # noqa: S704
    return made


def plain_text_environment(package: str) -> jinja2.Environment:
    """Return the template environment of a text that is not HTML; an unknown name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # nothing here is HTML
    )


def page_with_script(
    title: str, body: Markup, *, style: str, script: str, blocks: Mapping[str, str], webassembly: bool = False
) -> str:
    """Return a page with a script.

    Its policy allows only this script and this style, by their hashes, and `data:` images.

    Args:
        script: an ECMAScript module without imports and exports.
        blocks: data for the script by element id, as text without `<` (base64, or JSON in which it is escaped).
        webassembly: allow the script to compile WebAssembly.

    Raises:
        ValueError: a text contains the end tag of its element.
    """
    for text in (*blocks.values(), style):
        if "<" in text:
            raise ValueError(f"a block or style may not contain '<': …{text[max(0, text.index('<') - 20) :][:40]}…")
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a script may contain neither '</script' nor '<!--'")
    compile_ = " 'wasm-unsafe-eval'" if webassembly else ""
    return (
        environment()
        .get_template("page_with_script.html.j2")
        .render(
            title=title,
            policy=_policy(f"script-src {_hash(script)}{compile_}; style-src {_hash(style)}; img-src data:"),
            style=style,
            body=body,
            blocks=blocks,
            script=script,
        )
    )


def count(number: int) -> str:
    """Format a number with a comma between thousands."""
    return f"{number:,}"


def percentage(part: int, whole: int) -> str:
    """Format `part` of `whole` in whole per cent; only none is "0 %" and only all is "100 %"."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "< 1 %"
    if 99 < percent < 100:
        return "> 99 %"
    return f"{percent:.0f} %"


def inline_code(text: str) -> Markup:
    """Escape a text, and set what is between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


def _policy(sources: str) -> str:
    """A content security policy (CSP level 3) that allows `sources` only."""
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    """The name of an inline script or style in a policy (CSP level 3, § 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
