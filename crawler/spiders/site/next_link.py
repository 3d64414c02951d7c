"""Find the link to the next page of a listing, in the languages of the web."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from parsel import Selector

from crawler.spiders.site.addresses import leads

_LANGUAGES = tomllib.loads(Path(__file__).with_name("next_words.toml").read_text(encoding="utf-8")).values()
_NEXT = {word for one in _LANGUAGES for word in one["words"].split()}
_BESIDE = {word for one in _LANGUAGES for word in one["beside"].split()}
_MORE = {phrase for one in _LANGUAGES for phrase in one["more"]}
_ARROWS = re.compile(r"[\s»›→>≫⟩▶►⇒❯]+")
_CLASSES = {
    "a", "album", "block", "btn", "button", "gallery", "image", "images", "is", "item", "li", "link", "links", "list",
    "nav", "navigation", "numbers", "page", "pager", "pages", "paging", "pagination", "paginator", "photo", "photos",
    "post", "posts", "query", "result", "results", "wp",
}  # fmt: skip
_BOX = ("li", "span", "div", "p", "td", "strong", "b", "em", "i")


def next_link(page: Selector) -> str:
    """Return the link to the next page, or "".

    `rel=next` counts first, then classes such as `next` or `nav-next` of the link or of the element around it, then
    its text, `aria-label` and `title`.
    """
    anchors = [one for one in page.xpath("//a[@href]") if leads(one.attrib["href"]) and not _is_disabled(one)]
    related = [one for one in page.xpath("//*[self::a or self::link][@href][@rel]") if leads(one.attrib["href"])]
    for one in related:
        if "next" in one.attrib["rel"].lower().split():
            return str(one.attrib["href"])
    for is_next in (_has_class, _says_next):
        for one in anchors:
            if is_next(one):
                return str(one.attrib["href"])
    return ""


def _is_disabled(link: Selector) -> bool:
    return link.attrib.get("aria-disabled") == "true" or "disabled" in link.attrib.get("class", "").lower().split()


def _has_class(link: Selector) -> bool:
    around = link.root.getparent()
    if any(map(_is_next_class, link.attrib.get("class", "").split())):
        return True
    if around is None or around.tag not in _BOX or not any(map(_is_next_class, around.get("class", "").split())):
        return False
    beside = (next(link.root.itersiblings("a", preceding=before), None) for before in (True, False))
    return all(one is None for one in beside)


def _is_next_class(name: str) -> bool:
    parts = [part.lower() for part in re.split(r"[-_]+|(?<=[a-z])(?=[A-Z])", name) if part]
    return name.lower() == "nextpostslink" or ("next" in parts and _CLASSES.issuperset({*parts} - {"next"}))


def _says_next(link: Selector) -> bool:
    return any(map(_is_next, _labels(link)))


def _labels(link: Selector) -> Iterator[str]:
    yield link.xpath("string()").get("")
    yield from link.xpath(
        "@aria-label | @title | .//@aria-label | .//img/@alt | .//*[local-name()='title']/text()"
    ).getall()


def _is_next(label: str) -> bool:
    if len(label) > 200:
        return False
    text = " ".join(unicodedata.normalize("NFC", label).split()).casefold()
    if _ARROWS.fullmatch(text):
        return True
    words = re.findall(r"[^\W\d_]+", text)
    begins = (" ".join(words[:length]) for length in range(1, 5))
    if any(begin in _MORE and _BESIDE.issuperset(words[len(begin.split()) :]) for begin in begins):
        return True
    return not _NEXT.isdisjoint(words) and (_NEXT | _BESIDE).issuperset(words)
