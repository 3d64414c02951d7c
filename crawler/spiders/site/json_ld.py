"""Find the pictures in the JSON-LD of a page (https://schema.org/ImageObject, https://www.w3.org/TR/json-ld11/)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from parsel import Selector

from crawler.spiders.site.addresses import address, is_picture

Node = Mapping[str, Any]

_BEFORE = re.compile(r"\s*(?:/[/*]\s*)?<!(?:--|\[CDATA\[)")  # a comment or CDATA that begins the script
_BEGIN = re.compile(r"[{\[]")
_DECODER = json.JSONDecoder(strict=False)  # texts may contain line breaks
# Properties whose values are pictures of a page, or contain them. Others describe parts: a logo, a portrait.
_CONTAINERS = (
    "@graph", "associatedMedia", "itemListElement", "item", "image", "images", "hasPart", "mainEntity",
    "mainEntityOfPage", "photo", "photos", "encoding", "subjectOf", "workExample", "exampleOfWork", "dataFeedElement",
)  # fmt: skip
_ILLUSTRATIONS = ("primaryImageOfPage", "thumbnail")
_REFERENCES = ("creator", "author", "copyrightHolder", "license", "contentLocation", "locationCreated", "about", "geo")
_PAGE = re.compile(r"(?:Article|Posting|Page|Report|Review)$")
_NOT_SHOWN = re.compile(r"(?:Organization|Person|WebSite|Business|Store|Company|Museum)$")


class Picture(NamedTuple):
    """An ImageObject."""

    url: str
    node: Node
    """Its properties; references to people, licences and places are replaced by what they refer to."""
    is_illustration: bool
    """Whether it only illustrates a page, as the plug-ins of blogs write it, and is none of the gallery."""


def pictures(page: Selector) -> list[Picture]:
    """Return the ImageObjects of the JSON-LD in order, each once.

    They are at the top, in @graph, or in lists of media and items, also by reference (`{"@id": …}`). What cannot be
    read is left out, and nothing else with it.
    """
    documents = list(_documents(page))
    named = _named(documents)
    illustrations = {"#primaryimage"} | set(_illustrating(named.everything))
    found = []
    for node, illustrates in _reachable(documents, named.by_id):
        if url := _url(node):
            name = node.get("@id")
            name = name if isinstance(name, str) else ""
            is_illustration = illustrates or name in illustrations or name.endswith("#primaryimage")
            found.append(Picture(url, _resolved(node, named.by_id), is_illustration))
    return found


def _documents(page: Selector) -> Iterator[Any]:
    for script in page.xpath("//script[@type]"):
        if script.attrib["type"].partition(";")[0].strip().lower() != "application/ld+json":
            continue
        text = script.xpath("string()").get("")
        before = _BEFORE.match(text)
        begin = _BEGIN.search(text, before.end() if before else 0)
        try:
            if begin:
                yield _DECODER.raw_decode(text, begin.start())[0]
        except (ValueError, RecursionError):
            continue


class _Named(NamedTuple):
    everything: list[Node]
    by_id: dict[str, Node]


def _named(documents: list[Any]) -> _Named:
    """Return all objects, and the fullest one of each @id."""
    everything: list[Node] = []
    by_id: dict[str, Node] = {}
    stack = list(reversed(documents))
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += reversed(value)
        elif isinstance(value, dict):
            everything.append(value)
            stack += reversed(value.values())
            name = value.get("@id")
            if isinstance(name, str) and len(value) > len(by_id.get(name, ())):
                by_id[name] = value
    return _Named(everything, by_id)


def _illustrating(nodes: list[Node]) -> Iterator[str]:
    """Yield the @id of what illustrates a page, and of logos."""
    for node in nodes:
        names = [*_ILLUSTRATIONS, "logo", *(["image"] if _has_type(node, _PAGE) or _has_type(node, _NOT_SHOWN) else [])]
        for one in (one for name in names for one in _list(node.get(name))):
            if isinstance(one, dict) and isinstance(one.get("@id"), str):
                yield one["@id"]


def _reachable(documents: list[Any], by_id: Mapping[str, Node]) -> Iterator[tuple[Node, bool]]:
    """Yield the objects in the properties that contain pictures, and whether they illustrate a page, each once."""
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(one, False) for one in reversed(documents)]
    while stack:
        value, illustrates = stack.pop()
        if isinstance(value, list):
            stack += [(one, illustrates) for one in reversed(value)]
            continue
        node = _dereferenced(value, by_id)
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node, illustrates
        is_page, is_not_shown = _has_type(node, _PAGE), _has_type(node, _NOT_SHOWN)
        for name in reversed((*_CONTAINERS, *_ILLUSTRATIONS)):
            if name in node and not (name == "image" and is_not_shown):
                stack.append((node[name], illustrates or name in _ILLUSTRATIONS or (name == "image" and is_page)))


def _url(node: Node) -> str:
    """Return the first address of a picture; "" if the object is none."""
    stated = [address(one) for one in _list(node.get("contentUrl"))]
    others = [address(one) for one in _list(node.get("url")) if is_picture(one)]
    if _has_type(node, re.compile("^(?:ImageObject|Photograph)$")):
        return next(filter(None, (*stated, *others)), "")
    encoding = node.get("encodingFormat")
    if _has_type(node, re.compile("^MediaObject$")) and isinstance(encoding, str) and encoding.startswith("image/"):
        return next(filter(None, stated), "")
    return ""


def _has_type(node: Node, name: re.Pattern[str]) -> bool:
    types = (one for one in _list(node.get("@type")) if isinstance(one, str))
    return any(name.search(re.split("[/:#]", one.strip())[-1]) for one in types)


def _resolved(node: Node, by_id: Mapping[str, Node]) -> Node:
    """Return an object with its references to other objects replaced by them."""
    found = dict(node)
    for name in _REFERENCES:
        if isinstance(found.get(name), list):
            found[name] = [_dereferenced(one, by_id) for one in found[name]]
        elif name in found:
            found[name] = _dereferenced(found[name], by_id)
    return found


def _dereferenced(value: Any, by_id: Mapping[str, Node]) -> Any:
    """Return what a reference refers to; an object that says more is none."""
    if isinstance(value, dict) and value.keys() <= {"@id", "@type"} and isinstance(value.get("@id"), str):
        return by_id.get(value["@id"], value)
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
