"""Find the pictures, their details and the further links on a page of a gallery.

A CSS selector (`::text` and `::attr(…)` included) can name each of the six things to find; without one, the usual HTML
of galleries is recognised.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from parsel import Selector, SelectorList

from crawler.archive.schemas import FacadeImage
from crawler.rights.licenses import Statement
from crawler.spiders.site.linked_data import keywords, place_and_date
from crawler.spiders.site.page_rights import PageRights, of_linked_data

ICON = 64  # pixels; <img> elements whose width or height attribute is smaller are ignored
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|avif|gif|tiff?)$", re.IGNORECASE)
_LAZY = ("data-full", "data-large_image", "data-original", "data-lazy-src", "data-src")
_CANDIDATE = re.compile(r"(\S*[^\s,])(?:\s+([\d.]+)[wx])?\s*(?:,|$)")  # of a srcset
_OUTSIDE = "not(ancestor::*[self::header or self::footer or self::nav or self::aside])"
_NEXT = re.compile(
    r"\W*(?:next|older|weiter|nächste|suivante?|siguiente|successiv[ao]|volgende|następn[ay])\b|[\s»›→>]+$", re.I
)


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors; an empty one means the usual HTML of galleries."""

    image: str = ""
    follow: str = ""
    next: str = ""
    title: str = ""
    author: str = ""
    license: str = ""


def images(page: Selector, css: Selectors, thumbnails: bool = False) -> Iterator[FacadeImage]:
    """Yield the pictures of a page with their URLs as written.

    A picture inside a link is a thumbnail. If the link leads to another picture, that one is yielded instead; if it
    leads to a page, the thumbnail is yielded only with `thumbnails`.
    """
    title, author, rights = _title(page, css), _author(page, css), PageRights(page, css.license)
    if not css.image and (described := list(_described(page))):
        shown = [(_file(_url(img)), img) for img in page.css("img")]
        for image in described:
            same = (img for file, img in shown if file == _file(image.image_url))
            license, license_url = rights.of(same, Statement(image.license, image.license_url))
            image = replace(image, license=license, license_url=license_url)
            yield replace(image, title=image.title or title, author=image.author or author)
        return
    for element in page.css(css.image) if css.image else _pictures(page, thumbnails):
        if (url := _url(element)) and not url.startswith("data:"):
            caption = title if css.title else _caption(element) or title
            license, license_url = rights.of([element])
            yield FacadeImage(url, title=caption, author=author, license=license, license_url=license_url)


def links(page: Selector, css: Selectors) -> list[str]:
    """Return the links of the thumbnails: albums, and pages of single pictures."""
    if css.follow:
        return _hrefs(page.css(css.follow))
    return [url for url in _hrefs(page.xpath("//a[@href][.//img]")) if not _is_picture(url)]


def following(page: Selector, css: Selectors) -> list[str]:
    """Return the link to the next page of a listing, if there is one."""
    if css.next:
        return _hrefs(page.css(css.next))[:1]
    named = page.css("a[rel~=next], link[rel~=next], a.next")
    return _hrefs(named or [a for a in page.css("a[href]") if _NEXT.match(_text(a))])[:1]


def _described(page: Selector) -> Iterator[FacadeImage]:
    """Return the ImageObjects in the page's JSON-LD (https://schema.org/ImageObject)."""
    for node in _linked_data(page):
        if "ImageObject" in _list(node.get("@type")) and "contentUrl" in node:
            creator = node.get("creator") or node.get("author") or node.get("creditText") or ""
            rights = of_linked_data(node)
            yield FacadeImage(
                image_url=node["contentUrl"],
                title=node.get("name") or node.get("caption") or "",
                author="; ".join(who if isinstance(who, str) else who["name"] for who in _list(creator)),
                license=rights.text,
                license_url=rights.url,
                tags=keywords(node),
                **place_and_date(node),
            )


def _linked_data(page: Selector) -> Iterator[dict[str, Any]]:
    """Yield the top-level objects of the JSON-LD. Nested ones describe their parts, for example a logo."""
    for script in page.css('script[type="application/ld+json"]::text').getall():
        try:
            document = json.loads(script)
        except ValueError:
            continue
        for top in _list(document):
            if isinstance(top, dict):
                yield from (node for node in _list(top.get("@graph", top)) if isinstance(node, dict))


def _pictures(page: Selector, thumbnails: bool) -> Iterator[Selector]:
    linked = False
    shown = False
    for element in page.xpath(f"//img[{_OUTSIDE}]"):
        link = element.xpath("ancestor::a[@href][1]")
        if link and _is_picture(link.attrib["href"]):
            shown = True
            yield link[0]
        elif link and not thumbnails:
            linked = True
        elif not _is_icon(element):
            shown = True
            yield element
    if not (linked or shown):
        yield from page.css('meta[property="og:image"]')


def _url(element: Selector) -> str:
    """Return the URL of the largest picture of an element, or the text or attribute that a selector chose."""
    if isinstance(element.root, str):
        return str(element.root).strip()
    plain = element.attrib.get("href") or element.attrib.get("content")
    if plain:
        return str(plain).strip()
    sources = element.xpath("descendant-or-self::img | descendant-or-self::source | ancestor::picture//source")
    candidates = [
        (float(size or 1), url)
        for source in sources
        for name in ("srcset", "data-srcset")
        for url, size in _CANDIDATE.findall(source.attrib.get(name, ""))
    ]
    if candidates:
        return str(max(candidates)[1])
    return next((img.attrib[name] for img in sources for name in (*_LAZY, "src") if name in img.attrib), "").strip()


def _file(url: str) -> str:
    """Return the name of the file in a URL, by which the HTML and the JSON-LD of a picture are matched."""
    return re.split("[?#]", url)[0].rpartition("/")[2]


def _is_icon(img: Selector) -> bool:
    sizes = (img.attrib.get(name, "") for name in ("width", "height"))
    return any(size.isdecimal() and int(size) < ICON for size in sizes)


def _is_picture(url: str) -> bool:
    return bool(_PICTURE.search(re.split("[?#]", url)[0]))


def _caption(element: Selector) -> str:
    figure = element.xpath("ancestor::figure[1]//figcaption")
    return _text(figure) or _text(element.xpath("descendant-or-self::*/@title | descendant-or-self::img/@alt"))


def _title(page: Selector, css: Selectors) -> str:
    if css.title:
        return _text(page.css(css.title))
    return _text(page.css("h1")) or _text(page.css('meta[property="og:title"]::attr(content), title'))


def _author(page: Selector, css: Selectors) -> str:
    if css.author:
        return _text(page.css(css.author))
    # Not <meta name=author>: that is the author of the page.
    return _text(page.css("[rel~=author], [itemprop=author], [itemprop=creator], .author, .photographer"))


def _hrefs(elements: "SelectorList[Selector] | list[Selector]") -> list[str]:
    """Return the links that the elements are or contain; texts and attributes as they are."""
    found: list[str] = []
    for element in elements:
        found += (
            [element.root] if isinstance(element.root, str) else element.xpath("descendant-or-self::*/@href").getall()
        )
    return [url.strip() for url in found]


def _text(elements: "Selector | SelectorList[Selector]") -> str:
    """Return the first text that is not empty, on one line."""
    for element in elements if isinstance(elements, SelectorList) else [elements]:
        text = element.root if isinstance(element.root, str) else element.xpath("string()").get("")
        if text.strip():
            return " ".join(text.split())
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
