"""A written report as a browser parses it."""

from html.parser import HTMLParser
from pathlib import Path

from pipelines.report.write import write_report
from tests.pipelines.report.report_inputs import Inputs


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], inside: tuple[str, ...]) -> None:
        self.tag, self.attributes, self.inside = tag, attributes, inside


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, each with the ids that it lies in; and the text."""

    VOID = frozenset({"meta", "link", "img", "source", "br", "line", "circle", "path"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.text = ""
        self.open: list[tuple[str, str]] = []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(one for _, one in self.open if one)))
        if tag not in self.VOID:
            self.open.append((tag, attributes.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, ()))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1][0] != "style":
            self.text += data

    def all(self, tag: str, inside: str = "") -> list[Element]:
        return [one for one in self.elements if one.tag == tag and (not inside or inside in one.inside)]

    def tiles(self, inside: str) -> list[Element]:
        return [one for one in self.all("span", inside) if "crop" in one.attributes.get("class", "")]


def report(inputs: Inputs, out: Path) -> Page:
    write_report(sources=inputs.sources, dataset=inputs.dataset, models=inputs.models, out=out)
    return Page(out)
