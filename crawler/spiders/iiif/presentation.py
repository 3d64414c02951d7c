"""Reads IIIF manifests and collections of versions 2 and 3, and what later versions share with them.

https://iiif.io/api/presentation/3.0/, https://iiif.io/api/presentation/2.1/: version 2 uses `@id`, `sequences`,
`canvases`, `images` and `resource` where version 3 uses `id`, `items` and `body`.
"""

import logging
from collections.abc import Iterator
from typing import Any

from crawler.archive.schemas import FacadeImage
from crawler.rights.licenses import Statement, nearest
from crawler.spiders.iiif.image_api import has_image_name, image_service
from crawler.spiders.iiif.place_and_date import place_and_date, subjects
from crawler.spiders.iiif.values import (
    Object,
    identity,
    kinds,
    last_part,
    leaves,
    listed,
    mapping,
    metadata,
    objects,
    text,
    web_address,
)

log = logging.getLogger(__name__)

_AUTHORS = {"artist", "author", "contributor", "contributors", "creator", "creators", "photographer"}
_IMAGES = {"image", "stillimage"}
_OTHER_MEDIA = {
    "audio", "canvas", "collection", "contentastext", "dataset", "interactiveresource", "manifest", "model",
    "movingimage", "physicalobject", "software", "sound", "text", "textualbody", "video",
}  # fmt: skip
_DEEPEST = 4  # a specific resource in a choice in a specific resource


def members(collection: Object) -> list[str]:
    """Return the URLs of the manifests and collections that a collection lists, and of its next page."""
    if "collection" not in kinds(collection):
        return []
    names = ("items", "members", "manifests", "collections", "first", "next")
    entries = (entry for name in names for entry in listed(collection.get(name)))
    return list(filter(None, map(identity, entries)))


def paintings(manifest: Object, url: str) -> Iterator[tuple[Object, FacadeImage]]:
    """Yield the body and the metadata of each picture in the manifest at `url`; the image URL is not set yet.

    Of the rights those nearest to the picture count: of the body, its service, the annotation, the canvas, the
    sequence, the manifest. Canvases without a picture are counted and logged once.
    """
    canvases = list(_canvases(manifest))
    without = 0
    for canvas, sequence in canvases:
        title = [text(thing.get("label")) for thing in ((manifest, canvas) if len(canvases) > 1 else (manifest,))]
        bodies = list(_bodies(canvas))
        without += not bodies
        for annotation, outer, body in bodies:
            around = (body, *objects(body.get("service")), outer, annotation, canvas, sequence, manifest)
            rights = nearest(rights_of(thing) for thing in around)
            yield (
                body,
                FacadeImage(
                    image_url="",
                    page_url=_homepage(manifest, url),
                    title=", ".join(filter(None, title)),
                    author=_author(manifest) or "; ".join(filter(None, map(text, _required(manifest)))),
                    license=rights.text,
                    license_url=rights.url,
                    tags=subjects(manifest),
                    **place_and_date(canvas, manifest),
                ),
            )
    if without:
        log.warning("%s: %d of %d canvases show no image", url, without, len(canvases))


def rights_of(thing: Object) -> Statement:
    """Return what a resource itself states of its rights, in either version of the API.

    `rights` and `license` are addresses, in version 2 several; `requiredStatement` and `attribution` are texts.
    """
    values = [value for name in ("rights", "license") for value in listed(thing.get(name))]
    urls = [url for url in (identity(one) or "; ".join(leaves(objects(one))) for one in values) if url]
    said = (part for value in _required(thing) for part in leaves(value))
    return Statement("; ".join(dict.fromkeys(filter(None, (*said, *urls[1:])))), urls[0] if urls else "")


def _required(thing: Object) -> list[Any]:
    """Return the texts that a resource requires to be shown beside it."""
    required = [one["value"] if "value" in mapping(one) else one for one in listed(thing.get("requiredStatement"))]
    return [value for value in (*required, thing.get("attribution")) if value]


def _author(manifest: Object) -> str:
    return next(("; ".join(values) for label, values in metadata(manifest) if label in _AUTHORS), "")


def _homepage(manifest: Object, url: str) -> str:
    pages = (web_address(one, url) for one in listed(manifest.get("homepage") or manifest.get("related")))
    return next(filter(None, pages), url)


def _canvases(manifest: Object) -> Iterator[tuple[Object, Object]]:
    """Yield each canvas and its sequence, which version 3 does not have."""
    for sequence in objects(manifest.get("sequences")):
        yield from ((canvas, sequence) for canvas in objects(sequence.get("canvases")))
    yield from ((item, {}) for item in objects(manifest.get("items")) if "canvas" in kinds(item))


def _bodies(canvas: Object) -> Iterator[tuple[Object, Object, Object]]:
    """Yield annotation, body and image of each painting; they differ if the body is a choice or a specific resource."""
    annotations = [(one, one.get("resource")) for one in objects(canvas.get("images"))]
    for page in objects(canvas.get("items")):
        for one in objects(page.get("items")):
            if "painting" in map(last_part, listed(one.get("motivation"))):
                annotations.append((one, one.get("body")))
    for annotation, bodies in annotations:
        for body in listed(bodies):
            if (image := _image(body)) is not None:
                yield annotation, mapping(body), image


def _image(body: Any, depth: int = 0) -> Object | None:
    """Return the image in a body; of a choice the default, which is the first that is an image; None if there is none.

    https://www.w3.org/TR/annotation-model/#specific-resources, version 2: `full` instead of `source`.
    """
    if isinstance(body, str):
        body = {"id": body}
    if not isinstance(body, dict) or depth > _DEEPEST:
        return None
    types = kinds(body)
    if "choice" in types or "default" in body:
        choices = (choice for name in ("default", "items", "item") for choice in listed(body.get(name)))
        return next(filter(None, (_image(choice, depth + 1) for choice in choices)), None)
    if "specificresource" in types:
        own = {key: body[key] for key in ("format", "service") if body.get(key)}
        for source in listed(body.get("source") or body.get("full")):
            inner = source if isinstance(source, dict) else {"id": source}
            if image := _image({**own, **inner}, depth + 1):
                return {**image, "selector": body.get("selector") or image.get("selector")}
        return None
    return body if _is_image(body, types) else None


def _is_image(body: Object, types: set[str]) -> bool:
    has_service = image_service(body) is not None
    medium, _, _ = text(body.get("format")).lower().partition("/")
    if types & _OTHER_MEDIA or medium in ("application", "audio", "font", "model", "text", "video"):
        return False
    is_one = types & _IMAGES or medium == "image" or has_image_name(identity(body))
    return has_service or bool(identity(body) and is_one)
