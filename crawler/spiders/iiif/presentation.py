"""Reads IIIF manifests and image services. Manifests of version 2 are converted to version 3 first.

https://iiif.io/api/presentation/3.0/, https://iiif.io/api/presentation/2.1/, https://iiif.io/api/image/3.0/,
https://iiif.io/api/image/2.1/: version 2 uses `@id`, `sequences` and `canvases` where version 3 uses `id` and `items`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from crawler.archive.schemas import FacadeImage
from crawler.plaintext import plain_text
from crawler.rights.licenses import Statement, nearest
from crawler.spiders.iiif.place_and_date import place_and_date, subjects

Object: TypeAlias = Mapping[str, Any]

_AUTHORS = {"artist", "author", "contributor", "contributors", "creator", "creators", "photographer"}


def identity(thing: Any) -> str:
    """Return the URL of a resource, which may be an object or the URL itself."""
    if isinstance(thing, str):
        return thing
    return str(thing.get("id") or thing.get("@id") or "") if isinstance(thing, Mapping) else ""


def members(collection: Object) -> list[str]:
    """Return the URLs of the manifests and collections that a collection lists, and of its next page."""
    if _type(collection) != "Collection":
        return []
    listed = [entry for key in ("items", "members", "manifests", "collections") for entry in _list(collection.get(key))]
    return [
        identity(entry) for entry in (*listed, *(collection[key] for key in ("first", "next") if key in collection))
    ]


def paintings(manifest: Object, url: str) -> Iterator[tuple[Object, FacadeImage]]:
    """Yield the body and the metadata of each picture in the manifest at `url`; the image URL is not set yet.

    Of the rights those nearest to the picture count: of the body, its service, the annotation, the canvas, the
    sequence, the manifest.
    """
    manifest = _as_version_3(manifest)
    canvases = [item for item in manifest["items"] if _type(item) == "Canvas"]
    for canvas in canvases:
        title = [text(thing.get("label")) for thing in ((manifest, canvas) if len(canvases) > 1 else (manifest,))]
        for annotation, body in _bodies(canvas):
            around = (body, *_list(body.get("service")), annotation, canvas, canvas.get("sequence", {}), manifest)
            rights = nearest(rights_of(thing) for thing in around)
            yield (
                body,
                FacadeImage(
                    image_url="",
                    page_url=next(map(identity, _list(manifest["homepage"])), url),
                    title=", ".join(filter(None, title)),
                    author=_author(manifest) or "; ".join(map(text, _required(manifest))),
                    license=rights.text,
                    license_url=rights.url,
                    tags=subjects(manifest),
                    **place_and_date(canvas, manifest),
                ),
            )


def rights_of(thing: Any) -> Statement:
    """Return what a resource itself states of its rights, in either version of the API.

    `rights` and `license` are addresses, in version 2 several; `requiredStatement` and `attribution` are texts.
    """
    if not isinstance(thing, Mapping):
        return Statement()
    values = [value for name in ("rights", "license") for value in _list(thing.get(name))]
    urls = [url for url in map(identity, values) if url]
    said = (part for value in _required(thing) for part in _in_every_language(value))
    return Statement("; ".join(dict.fromkeys(filter(None, (*said, *urls[1:])))), urls[0] if urls else "")


def _required(thing: Object) -> list[Any]:
    """Return the texts that a resource requires to be shown beside it."""
    required = [one.get("value") if isinstance(one, Mapping) else one for one in _list(thing.get("requiredStatement"))]
    return [value for value in (*required, thing.get("attribution")) if value]


def _in_every_language(value: Any) -> Iterator[str]:
    """Yield the texts in a value as they are written; links in them count."""
    if isinstance(value, Mapping):
        yield from _in_every_language(value["@value"] if "@value" in value else list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from _in_every_language(one)
    elif value:
        yield str(value)


def image_service(body: Object) -> Object | None:
    """Return the image service of a body; None if the picture has only one size."""
    return next((service for service in _list(body.get("service")) if "image" in _profile(service)), None)


def sized(service: Object, width: int, known: int | None = None) -> str | None:
    """Return the URL of a service's picture, at most `width` pixels wide; None if its info.json must be read first.

    Args:
        service: the service as a manifest describes it, or its info.json.
        width: in pixels.
        known: a width that the picture is known to have.
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
    elif "protocol" in service:  # an info.json: there is no further description
        size = whole
    else:
        return None
    return f"{identity(service).rstrip('/')}/full/{size}/0/default.jpg"


def text(value: Any) -> str:
    """Return the text of a string, a list, `{"@value": …}` or a map of languages (English, else the first)."""
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("en") or value.get("none") or next(iter(value.values()), "")
    return "; ".join(filter(None, map(text, value))) if isinstance(value, list) else plain_text(str(value or ""))


def _as_version_3(manifest: Object) -> Object:
    """Return a manifest with the properties of version 3, which version 2 has under other names."""
    sequences = [sequence for sequence in _list(manifest.get("sequences")) if isinstance(sequence, Mapping)]
    canvases = [(canvas, sequence) for sequence in sequences for canvas in sequence.get("canvases", ())]
    return {
        **manifest,
        "items": [*(_canvas_as_version_3(*pair) for pair in canvases), *_list(manifest.get("items"))],
        "homepage": manifest.get("homepage") or manifest.get("related"),
    }


def _canvas_as_version_3(canvas: Object, sequence: Object) -> Object:
    annotations = [
        {**annotation, "motivation": "painting", "body": annotation.get("resource")}
        for annotation in _list(canvas.get("images"))
    ]
    return {
        **canvas,
        "type": "Canvas",
        "items": [*_list(canvas.get("items")), {"items": annotations}],
        "sequence": sequence,
    }


def _author(manifest: Object) -> str:
    pairs = ((text(pair.get("label")).lower(), text(pair.get("value"))) for pair in _list(manifest.get("metadata")))
    return next((value for label, value in pairs if label in _AUTHORS), "")


def _bodies(canvas: Object) -> Iterator[tuple[Object, Object]]:
    """Yield annotation and body of each painting; of a choice, the first (version 3) or the default (version 2)."""
    for page in _list(canvas.get("items")):
        for annotation in _list(page.get("items")):
            if annotation.get("motivation") == "painting":
                body = _list(annotation["body"])[0]
                yield annotation, body["items"][0] if _type(body) == "Choice" else body.get("default", body)


def _type(thing: Object) -> str:
    return str(thing.get("type") or thing.get("@type") or "").removeprefix("sc:")


def _profile(service: Object) -> str:
    return f"{service.get('profile', '')} {service.get('@context', '')} {_type(service)}".lower()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
