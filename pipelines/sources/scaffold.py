"""`facades source new-kind`: write the first files of a new kind. The contract test lists what is missing."""

import json
import re
from pathlib import Path

from common.errors import UserError
from common.files import replacing
from common.html import plain_text_environment
from crawler.registry import KINDS

SPIDERS = Path("crawler/spiders")
FIXTURES = Path("tests/crawler/fixtures")
DOCS = Path("docs/sources.md")
BEFORE = "### How far a crawl goes"
"""The heading in DOCS below the sections on kinds."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CASES = ("first", "last", "empty", "unlicensed", "malformed")


def scaffold(name: str) -> list[Path]:
    """Write a spider, its test cases and its section in the docs, all with marks where work is left.

    Returns:
        The paths of the files, relative to the working directory.

    Raises:
        UserError: the name is not valid or exists, or this is not the root of the repository.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"new-kind: found {name!r}, expected lower-case letters, digits and _ only, a letter first")
    spider, cases = SPIDERS / f"{name}.py", FIXTURES / name / "cases.json"
    if name in KINDS or spider.exists():
        raise UserError(f"new-kind: found an existing kind {name}, expected a new name")
    docs = DOCS.read_text(encoding="utf-8") if DOCS.is_file() else ""
    if BEFORE not in docs or not SPIDERS.is_dir():
        raise UserError(f"{DOCS}: found no {BEFORE!r}; run this in the root of the repository")
    templates = plain_text_environment("pipelines.sources")
    values = {"name": name, "title": "".join(part.capitalize() for part in name.split("_"))}
    section = templates.get_template("section.md.j2").render(values)
    written = {
        spider: templates.get_template("kind.py.j2").render(values),
        cases: json.dumps(_cases(name), indent=2) + "\n",
        DOCS: docs.replace(BEFORE, section + BEFORE, 1),
    }
    for path, text in written.items():
        with replacing(path) as draft:
            draft.write_text(text, encoding="utf-8")
    return list(written)


def _cases(name: str) -> dict[str, object]:
    case: dict[str, object] = {"pages": {}, "images": {}, "asks": []}
    return {
        "entry": {"kind": name, "start": "TODO"},
        **dict.fromkeys(_CASES, case),
        "busy": {"page": "busy.html", "status": 429, "headers": {"Retry-After": "30"}},
    }
