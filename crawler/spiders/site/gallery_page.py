"""Find the pictures, their details and the further links on a page of a gallery.

A CSS selector (`::text` and `::attr(…)` included) can name each of the six things to find; without one, the usual HTML
of galleries is recognised.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from parsel import Selector, SelectorList

from crawler.archive.schemas import FacadeImage
from crawler.spiders.site.addresses import file_name, is_picture, leads
from crawler.spiders.site.json_ld import Picture, pictures
from crawler.spiders.site.largest import largest, linked
from crawler.spiders.site.linked_data import author as author_of
from crawler.spiders.site.linked_data import keywords, place_and_date
from crawler.spiders.site.linked_data import title as title_of
from crawler.spiders.site.next_link import next_link
from crawler.spiders.site.page_rights import PageRights, is_license, of_linked_data

ICON = 64  # pixels; <img> elements whose width or height attribute is smaller are ignored
# Sizes of advertisements (https://www.iab.com/guidelines/iab-display-advertising-guidelines/).
_BANNERS = {
    "728x90", "970x90", "970x250", "468x60", "234x60", "300x250", "336x280", "300x600", "160x600", "120x600", "320x50",
    "320x100", "250x250", "180x150", "125x125", "88x31",
}  # fmt: skip
_SHARE = re.compile(r"/(?:share|sharer|intent|submit|pin/create|dialog)\b", re.IGNORECASE)
_OUTSIDE = "not(ancestor::*[self::header or self::footer or self::nav or self::aside])"
_FOLDER = re.compile(r"\s*(?:index of|directory listing)\b", re.IGNORECASE)
_ICON_OF_A_FOLDER = re.compile(r"\[[A-Z0-9 ]{2,7}\]")  # Apache's alt texts: [IMG], [DIR], [   ]
_REFRESH = re.compile(r"\s*[\d.]*\s*[;,]?\s*url\s*=\s*[\"']?\s*([^\"']*)", re.IGNORECASE)
_VERSION = re.compile(
    r"(?:[-_.](?:\d+x\d+|\d+px|scaled|thumb(?:nail)?|small|medium|large|big|full|orig(?:inal)?)|@\dx)+$"
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


class _Shown(NamedTuple):
    """A picture in the HTML."""

    element: Selector
    url: str


def images(
    page: Selector, css: Selectors, thumbnails: bool = False, follows: Callable[[str], bool] = lambda url: True
) -> Iterator[FacadeImage]:
    """Yield the pictures of a page with their URLs as written.

    A picture inside a link is a thumbnail. If the link leads to another picture, that one is yielded instead; if it
    leads to a page that the crawl follows, the thumbnail is yielded only with `thumbnails`.

    Args:
        page: the page.
        css: what the user chose.
        thumbnails: whether links to pages are not followed.
        follows: whether a link leads to a page that is requested; not so links to other sites.
    """
    title, author, rights = _title(page, css), _author(page, css), PageRights(page, css.license)
    described: list[Picture] = []
    same: dict[str, list[Selector]] = defaultdict(list)  # elements that show a picture, by the stem of its file
    if css.image:
        shown = [_Shown(element, _url(element)) for element in page.css(css.image)]
    else:
        shown, has_links = _pictures(page, thumbnails, follows)
        for element, url in (*shown, *((img, largest(img)) for img in page.css("img"))):
            same[_stem(url)].append(element)
        described, shown = _joined(pictures(page), shown, has_links)
        if not (described or shown or has_links):
            shown = [_Shown(element, _url(element)) for element in page.css('meta[property="og:image"]')]
    for picture in described:
        node, own = picture.node, of_linked_data(picture.node)
        license, license_url = rights.of(same.get(_stem(picture.url), ()), own)
        yield FacadeImage(
            image_url=picture.url,
            title=title_of(node) or title,
            author=author_of(node) or author,
            license=license,
            license_url=license_url,
            tags=keywords(node),
            **place_and_date(node),
        )
    for element, url in shown:
        if url:
            caption = title if css.title else _caption(element) or title
            license, license_url = rights.of([element])
            yield FacadeImage(url, title=caption, author=author, license=license, license_url=license_url)


def links(page: Selector, css: Selectors) -> list[str]:
    """Return the links to albums and to pages of single pictures: those around thumbnails, and folders of a server."""
    if css.follow:
        return _hrefs(page.css(css.follow))
    found = [link.attrib["href"] for link in page.xpath("//a[@href][.//img]") if not linked(link)]
    if _FOLDER.match(page.xpath("string(//title)").get("")):
        found += [url for url in page.xpath("//a/@href").getall() if re.fullmatch(r"[^/?#:.][^/?#:]*/", url)]
    return [url.strip() for url in found if leads(url)]


def following(page: Selector, css: Selectors) -> list[str]:
    """Return where the page continues: the next page of a listing, the parts of a frameset, a page that replaces it."""
    if css.next:
        return _hrefs(page.css(css.next))[:1]
    frames = page.xpath("//frame/@src | //iframe/@src").getall()
    refresh = "//meta[translate(@http-equiv, 'REFSH', 'refsh')='refresh'][not(ancestor::noscript)]/@content"
    moved = [match[1] for match in map(_REFRESH.match, page.xpath(refresh).getall()) if match]
    return [url.strip() for url in (*frames, *moved, next_link(page)) if leads(url)]


def _joined(described: list[Picture], shown: list[_Shown], has_links: bool) -> tuple[list[Picture], list[_Shown]]:
    """Return the pictures of the JSON-LD and those of the HTML that are not among them.

    What only illustrates the page counts if the HTML shows it, or if there is no other picture. The JSON-LD may have
    other versions of the pictures under other names, so those of the HTML are left out if they are not more.
    """
    urls = {url for _, url in shown}
    stems = Counter(map(_stem, urls))
    keys = {_stem(url) if stems[_stem(url)] == 1 else url for url in urls}  # /1/default.jpg, /2/default.jpg
    key = {url: stem if (stem := _stem(url)) in keys else url for url in (*urls, *(one.url for one in described))}
    counted = [one for one in described if not one.is_illustration or key[one.url] in keys]
    if not counted and not shown and not has_links:
        counted = described
    same = {key[one.url] for one in counted}
    left = [one for one in shown if key[one.url] not in same]
    return counted, left if len({one.url for one in left}) > len(same - keys) else []


def _pictures(page: Selector, thumbnails: bool, follows: Callable[[str], bool]) -> tuple[list[_Shown], bool]:
    """Return the pictures in the HTML, and whether it has thumbnails of pages that are followed."""
    shown: list[_Shown] = []
    has_links = False
    for element in page.xpath(f"//img[{_OUTSIDE}] | //a[@href][not(.//img)][{_OUTSIDE}]"):
        if element.root.tag == "a":
            if is_picture(element.attrib["href"]):
                shown.append(_Shown(element, linked(element)))
            continue
        link = next(iter(element.xpath("ancestor::a[1]")), None)
        if is_license(element.root) or (link is not None and is_license(link.root)):
            continue
        if link is not None and (large := linked(link)):
            shown.append(_Shown(link, large))
        elif _is_icon(element):
            continue
        elif link is not None and not thumbnails and leads(href := link.attrib.get("href", "")) and follows(href):
            has_links = True
        elif link is None or not _is_advertisement(element, link):
            shown.append(_Shown(element, largest(element)))
    return [one for one in shown if one.url], has_links


def _url(element: Selector) -> str:
    """Return the URL of the largest picture of an element, or the text or attribute that a selector chose."""
    if isinstance(element.root, str):
        return "" if element.root.strip().startswith("data:") else str(element.root).strip()
    plain = element.attrib.get("href") or element.attrib.get("content") or ""
    if leads(plain):
        return linked(element) or str(plain).strip()
    return largest(element) or linked(element)


def _stem(url: str) -> str:
    """Return the name of a file without its size and format, which are the same for versions of a picture."""
    return _VERSION.sub("", file_name(url).rpartition(".")[0].lower()) or url


def _is_icon(img: Selector) -> bool:
    sizes = (img.attrib.get(name, "") for name in ("width", "height"))
    return any(size.isdecimal() and int(size) < ICON for size in sizes) or bool(
        _ICON_OF_A_FOLDER.fullmatch(img.attrib.get("alt", ""))
    )


def _is_advertisement(img: Selector, link: Selector) -> bool:
    """Return whether a picture with a link to another site is a banner or a button, and no picture of a gallery."""
    size = f"{img.attrib.get('width', '')}x{img.attrib.get('height', '')}"
    sponsored = "sponsored" in link.attrib.get("rel", "").lower().split()
    return size in _BANNERS or sponsored or bool(_SHARE.search(link.attrib.get("href", "")))


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
