"""What a page states of the rights in its pictures: beside a picture, in its JSON-LD, and for the whole page."""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property
from itertools import chain, islice
from typing import Any, NamedTuple

from lxml import etree
from parsel import Selector

from crawler.rights.licenses import RESERVED, Statement, leaves, mentions, nearest, normalise, states
from crawler.rights.rsl import is_licence_type

_META = re.compile(r"(?:dc|dcterms)\.(?:rights|license|rights\.license)", re.IGNORECASE)
_WITHOUT_TEXT = ("script", "style", "noscript", "template")
_LICENSES = ("creativecommons.org/licenses/", "creativecommons.org/publicdomain/", "rightsstatements.org/")
_BADGES = ("i.creativecommons.org/", "licensebuttons.net/")
_STRUCK = {"del", "s", "strike"}
# Elements that begin a new text. The others, such as <span> and the cells of a row, are part of a sentence.
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr",
    "html", "img", "li", "link", "main", "meta", "nav", "ol", "p", "picture", "pre", "section", "summary", "table",
    "tbody", "tfoot", "thead", "title", "tr", "ul",
}  # fmt: skip
_PARTS = {
    "a",
    "article",
    "center",
    "dd",
    "div",
    "figure",
    "img",
    "li",
    "p",
    "picture",
    "section",
    "source",
    "span",
    "td",
}
_APART = frozenset({"aside", "footer", "header", "nav"})
_PICTURES = re.compile(
    r"\b(?:photo|picture|image|illustration|foto|bild|abbildung|im[aá]g|immagin|afbeelding|obr[aá]z|zdj[eę]c|фото)"
    r"|写真|图片|圖片|사진",
    re.IGNORECASE,
)


class _Run(NamedTuple):
    """A text that no block interrupts, and the links to licences in it."""

    text: str
    links: list[etree._Element]


class PageRights:
    """The rights in the pictures of one page.

    The nearest statement counts: JSON-LD of the picture, figure and caption, then the page. What is said for the page
    counts only where it is clear that it is said of its pictures, and alike.

    Args:
        page: the page.
        css: a selector of the licence; empty for the usual HTML.
    """

    def __init__(self, page: Selector, css: str = "") -> None:
        self._page, self._css = page, css

    def of(self, pictures: Iterable[Selector], own: Statement = Statement()) -> Statement:  # noqa: B008  # immutable
        """Return what is stated of a picture.

        Args:
            pictures: the elements that show it.
            own: what its JSON-LD states.
        """
        return nearest((_together((own, *map(self._beside, pictures))), self._everywhere))

    def _beside(self, element: Selector) -> Statement:
        part = _part(element.root)
        if part is None:
            return Statement()
        if self._css and any(inside := [one for one in self._chosen if _contains(part, one.root)]):
            return _alike(map(_of_element, inside))
        skipped = frozenset() if part.tag == "figure" else _APART
        return _together(_spoken(run) for run in _runs(part, skipped) if run.links or mentions(run.text))

    @cached_property
    def _chosen(self) -> list[Selector]:
        return list(self._page.css(self._css)) if self._css else []

    @cached_property
    def _parts(self) -> set[etree._Element]:
        """The parts of the page that belong to one picture each: what is in them is not said of the others."""
        images = (one for one in self._page.root.iter("img") if not any(map(_is_aside, one.iterancestors())))
        return {part for part in map(_part, images) if part is not None}

    @cached_property
    def _everywhere(self) -> Statement:
        """What is stated for all pictures of the page; nothing if its statements differ or are of something else."""
        if self._css:
            return _alike(map(_of_element, self._chosen))
        metas = (meta for meta in self._page.xpath("//meta[@name][@content]") if _META.fullmatch(meta.attrib["name"]))
        found: list[Statement | None] = [Statement(url=meta.attrib["content"].strip()) for meta in metas]
        for run in _runs(self._page.root, parts=self._parts):
            if run.links:
                found.append(_of_links(run))
            elif mentions(run.text) and (_PICTURES.search(run.text) or normalise(run.text) == RESERVED):
                found.append(Statement(run.text))
        clear = [one for one in found if one is not None]
        return _alike(clear) if len(clear) == len(found) else Statement()


def of_linked_data(node: Mapping[str, Any]) -> Statement:
    """Return what the JSON-LD of a picture states (https://schema.org/license, https://schema.org/copyrightNotice)."""
    licenses = list(_texts(node.get("license")))
    urls = [one for one in licenses if re.match(r"(?:https?:)?/", one)]
    said = [one for one in licenses if one not in urls]
    return Statement("; ".join((*said, *_texts(node.get("copyrightNotice")), *urls[1:])), urls[0] if urls else "")


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a value of JSON-LD: a text, an object with a URL or a name, or a list of these."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Mapping):
        yield from _texts([value[name] for name in ("url", "@id", "name", "@value") if name in value][:1])
    elif isinstance(value, str) and value.strip():
        yield value.strip()


def _together(statements: Iterable[Statement]) -> Statement:
    """Return several statements of one picture as one, of which the strictest licence counts."""
    found = list(dict.fromkeys(one for one in statements if any(one)))
    urls = list(dict.fromkeys(one.url for one in found if one.url))
    texts = dict.fromkeys(one.text for one in found if one.text)
    return Statement("; ".join((*texts, *urls[1:])), urls[0] if urls else "")


def _alike(statements: Iterable[Statement]) -> Statement:
    """Return the statement that all are; nothing if they name several licences."""
    found = [one for one in statements if any(one)]
    names = {normalise(*one) if states(*one) else one.url for one in found}
    if len(names) != 1:
        return Statement()
    return Statement(next((one.text for one in found if one.text), ""), next((one.url for one in found if one.url), ""))


def _of_element(element: Selector) -> Statement:
    """Return the statement in an element, a text or an attribute that a selector chose."""
    if isinstance(element.root, str):
        text = element.root.strip()
        return Statement("", text) if re.match(r"(?:https?:)?/", text) else Statement(text)
    return _together(_spoken(run) for run in _runs(element.root, links=True))


def _spoken(run: _Run) -> Statement:
    """Return what a text beside a picture states. Around a link a caption may say anything that limits nothing."""
    if not run.links:
        return Statement(run.text)
    around, linked = _around(run), _together(Statement(_said(link), _url(link)) for link in run.links)
    return linked if leaves(around, strictly=False) else _together((linked, Statement(around)))


def _of_links(run: _Run) -> Statement | None:
    """Return the licence that a text links to; None if it is not clear that it is one of the page's pictures."""
    plain = not any(_is_named(link) for link in run.links)
    if not leaves(_around(run), strictly=plain):
        return None
    return _alike(Statement(_said(link), _url(link)) for link in run.links)


def _around(run: _Run) -> str:
    """Return a text without those of its links to licences."""
    text = run.text
    for link in run.links:
        text = text.replace(_line(link), " ", 1)
    return text


def _part(root: Any) -> etree._Element | None:
    """Return the part of a page that belongs to one picture: its figure, or the smallest with a text and no other."""
    if not isinstance(root, etree._Element):
        return None
    around = [root, *root.iterancestors()]
    for element in around:
        if element.tag == "figure" or element.get("itemtype", "").endswith("/ImageObject"):
            return element
    most = max(1, sum(1 for _ in root.iter("img")))
    pictures = 0
    inside: etree._Element | None = None  # the element before: what is in it has been counted and read
    for element in around:
        if element.tag not in _PARTS:
            return None
        others = chain.from_iterable(child.iter("img") for child in element if child is not inside)
        pictures += (element.tag == "img") + sum(1 for _ in islice(others, most + 1))
        if pictures > most:
            return None
        read = set() if inside is None or inside is root else {inside}  # of `root` itself nothing was read
        if element is not root and any(run.text or run.links for run in _runs(element, parts=read)):
            return element
        inside = element
    return None


def _runs(
    root: etree._Element,
    skipped: Set[str] = frozenset(),
    parts: Set[etree._Element] = frozenset(),
    *,
    links: bool = False,
) -> Iterator[_Run]:
    """Yield the texts in an element in order, with the links to licences in them.

    Args:
        skipped: names of elements to leave out.
        parts: elements to leave out.
        links: whether every link counts as one to a licence.
    """
    text: list[str] = []
    found: list[etree._Element] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event in ("comment", "pi"):
            text.append(element.tail or "")
            continue
        if event == "start" and (tag in skipped or tag in _WITHOUT_TEXT or tag in _STRUCK or element in parts):
            text.append(" ? " if tag in _STRUCK else "")
            walk.skip_subtree()
            continue
        if tag in _BLOCKS and (text or found):
            yield _Run(" ".join("".join(text).split()), found)
            text, found = [], []
        if event == "start":
            if (links and element.get("href")) or is_license(element):
                found.append(element)
            text.append(element.text or "")
        elif element is not root:
            text.append(element.tail or "")
    if text or found:
        yield _Run(" ".join("".join(text).split()), found)


def _is_aside(element: etree._Element) -> bool:
    """Return whether an image in this element is none of the page's pictures: a logo, or the badge of a licence."""
    return element.tag in _APART or is_license(element)


def is_license(element: etree._Element) -> bool:
    """Return whether an element is a link to a licence, or the badge of one."""
    url = _url(element)
    if is_licence_type(element.get("type", "")):  # RSL: a reservation of use, and no licence of the pictures
        return False
    places = _LICENSES if element.tag == "a" else _BADGES if element.tag == "img" else ()
    return bool(url) and (_is_named(element) or any(place in url for place in places))


def _is_named(element: etree._Element) -> bool:
    return "license" in element.get("rel", "").lower().split() or element.get("itemprop") == "license"


def _url(element: etree._Element) -> str:
    return str(element.get("href") or element.get("content") or element.get("src") or "").strip()


def _line(element: etree._Element) -> str:
    return " ".join(str(element.xpath("string()")).split())


def _said(link: etree._Element) -> str:
    """Return the text of a link, and the texts that stand for images in it."""
    return " ".join(filter(None, (_line(link), *(image.get("alt", "").strip() for image in link.iter("img")))))


def _contains(part: etree._Element, root: Any) -> bool:
    return isinstance(root, etree._Element) and any(one is part for one in (root, *root.iterancestors()))
