"""Read IIIF manifests and image services, versions 2 and 3.

https://iiif.io/api/presentation/3.0/, https://iiif.io/api/presentation/2.1/, https://iiif.io/api/image/3.0/,
https://iiif.io/api/image/2.1/: version 2 uses `@id`, `sequences` and `canvases` where version 3 uses `id` and `items`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from crawler.archive.schemas import FacadeImage
from crawler.plaintext import plain_text

Object: TypeAlias = Mapping[str, Any]

_AUTHORS = {"artist", "author", "contributor", "contributors", "creator", "creators", "photographer"}


def identity(thing: Any) -> str:
    """The URL of a thing, which may be given as just that."""
    return str(thing) if isinstance(thing, str) else str(thing.get("id") or thing.get("@id") or "")


def members(collection: Object) -> list[str]:
    """The URLs of the manifests and collections that a collection lists, and of its next page."""
    if _type(collection) != "Collection":
        return []
    listed = [entry for key in ("items", "members", "manifests", "collections") for entry in _list(collection.get(key))]
    return [
        identity(entry) for entry in (*listed, *(collection[key] for key in ("first", "next") if key in collection))
    ]


def paintings(manifest: Object, url: str) -> Iterator[tuple[Object, FacadeImage]]:
    """Each picture of a manifest: the body of its annotation, and what is said of it, as yet without an image URL."""
    canvases = [
        *(canvas for sequence in _list(manifest.get("sequences")) for canvas in sequence.get("canvases", ())),
        *(item for item in _list(manifest.get("items")) if _type(item) == "Canvas"),
    ]
    statement = _statement(manifest)
    for canvas in canvases:
        title = [text(thing.get("label")) for thing in ((manifest, canvas) if len(canvases) > 1 else (manifest,))]
        rights = _list(
            canvas.get("rights") or canvas.get("license") or manifest.get("rights") or manifest.get("license")
        )
        about = FacadeImage(
            image_url="",
            page_url=next(map(identity, _list(manifest.get("homepage") or manifest.get("related"))), url),
            title=", ".join(filter(None, title)),
            author=_author(manifest) or statement,
            license=statement,
            license_url=identity(rights[0]) if rights else "",
        )
        for body in _bodies(canvas):
            yield body, about


def image_service(body: Object) -> Object | None:
    """The service that gives a picture in any size; None where it has but one."""
    return next((service for service in _list(body.get("service")) if "image" in _profile(service)), None)


def sized(service: Object, width: int, known: int | None = None) -> str | None:
    """The URL of a service's picture, up to `width` pixels wide; None where only its info.json tells which it has.

    `service` is the service as a manifest describes it, or its info.json; `known` a width that it has for certain.
    """
    level = _profile(service)
    version = 3 if "imageservice3" in level or "api/image/3" in level else 2
    whole = "max" if version == 3 else "full"
    sizes = sorted((size["width"], size["height"]) for size in service.get("sizes", ()))
    full = service.get("width", known)
    if full is not None and full <= width:
        size = whole
    elif "level1" in level or "level2" in level:
        size = f"{width},"
    elif sizes:
        w, h = max([size for size in sizes if size[0] <= width] or sizes[:1])
        size = f"{w},{h}" if version == 3 else f"{w},"
    elif "protocol" in service:  # an info.json: there is no more to ask
        size = whole
    else:
        return None
    return f"{identity(service).rstrip('/')}/full/{size}/0/default.jpg"


def text(value: Any) -> str:
    """A text that may come as such, as a list, as `{"@value": …}`, or by language: English, else the first."""
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("en") or value.get("none") or next(iter(value.values()), "")
    return "; ".join(filter(None, map(text, value))) if isinstance(value, list) else plain_text(str(value or ""))


def _statement(manifest: Object) -> str:
    return text(manifest.get("requiredStatement", {}).get("value") or manifest.get("attribution"))


def _author(manifest: Object) -> str:
    pairs = ((text(pair.get("label")).lower(), text(pair.get("value"))) for pair in _list(manifest.get("metadata")))
    return next((value for label, value in pairs if label in _AUTHORS), "")


def _bodies(canvas: Object) -> Iterator[Object]:
    for page in _list(canvas.get("items")):
        for annotation in _list(page.get("items")):
            if annotation.get("motivation") == "painting":
                body = _list(annotation["body"])[0]
                yield body["items"][0] if _type(body) == "Choice" else body
    for annotation in _list(canvas.get("images")):
        resource = annotation["resource"]
        yield resource.get("default", resource)


def _type(thing: Object) -> str:
    return str(thing.get("type") or thing.get("@type") or "").removeprefix("sc:")


def _profile(service: Object) -> str:
    return f"{service.get('profile', '')} {service.get('@context', '')} {_type(service)}".lower()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
