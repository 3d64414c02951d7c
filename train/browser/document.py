"""A page in one file: nothing is fetched, and its content security policy lets nothing be."""

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("train", "browser"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def source(name: str) -> str:
    """The text of a style sheet or script that lies beside this module."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def body(template: str, values: Mapping[str, Any]) -> Markup:
    """A part of a page from its template; every value is escaped."""
    return Markup(_ENVIRONMENT.get_template(template).render(values))  # noqa: S704  # escaped by the template


def document(
    title: str, body: Markup, *, style: str, script: str, blocks: Mapping[str, str], webassembly: bool = False
) -> str:
    """The whole page.

    Only the very script and style that are given here may run: the policy names their hashes, and no other source of
    anything but `data:` images.

    Args:
        script: an ECMAScript module without imports or exports.
        blocks: data for the script by element id, as text without `<` (base64, or JSON in which it is escaped).
        webassembly: whether the script compiles WebAssembly.

    Raises:
        ValueError: a text would end the element that holds it.
    """
    for text in (*blocks.values(), style):
        if "<" in text:
            raise ValueError(f"a block or style may not hold '<': …{text[max(0, text.index('<') - 20) :][:40]}…")
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a script may hold neither '</script' nor '<!--'")
    compile_ = " 'wasm-unsafe-eval'" if webassembly else ""
    policy = (
        f"default-src 'none'; script-src {_hash(script)}{compile_}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _ENVIRONMENT.get_template("document.html.j2")
    return page.render(title=title, policy=policy, style=style, body=body, blocks=blocks, script=script)


def _hash(text: str) -> str:
    """What a content security policy calls an inline text by (CSP level 3, § 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
