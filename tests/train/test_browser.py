import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from common.errors import UserError
from train.browser import contact, runtime
from train.latents import LatentsFile
from train.mark import Mark


def test_titles_and_names_from_outside_are_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    made = contact.page(hostile, LatentsFile(torch.zeros(0, 2), "ab", None), [], Mark(), size=64)
    assert "<script>alert" not in made


def test_a_label_is_kept_on_the_contact_sheet_whatever_is_in_it() -> None:
    hostile = "</script><!--"
    made = contact.page("facade", LatentsFile(torch.zeros(1, 2), "ab", hostile), [b""], Mark(), size=64)
    (block,) = re.findall(r'id="latents"[^>]*>([^<]*)</script>', made)
    assert json.loads(block)["label"] == hostile


def test_the_page_refers_to_nothing_outside_itself() -> None:
    class Links(HTMLParser):
        found: list[str] = []  # noqa: RUF012  # of one parser only

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [value or "" for name, value in attrs if name in ("src", "href")]

    parser = Links()
    parser.feed(contact.page("facade", LatentsFile(torch.zeros(1, 2), "ab", None), [b""], Mark(), size=64))
    assert parser.found == ["data:,", "data:image/png;base64,"]


def test_the_runtime_is_pinned_alike_for_npm_and_for_us() -> None:
    package = (Path(runtime.__file__).parent / "package.json").read_text()
    assert f'"onnxruntime-web": "{runtime.VERSION}"' in package


def test_a_missing_runtime_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(f"expected onnxruntime-web {runtime.VERSION}, installed by: npm ci")):
        runtime.read(tmp_path)


def test_another_runtime_is_refused_by_its_hash(tmp_path: Path) -> None:
    (tmp_path / runtime.SCRIPT).write_text("alert(1)")
    with pytest.raises(UserError, match=r"found sha256 [0-9a-f]{64}, expected [0-9a-f]{64}"):
        runtime.read(tmp_path)
