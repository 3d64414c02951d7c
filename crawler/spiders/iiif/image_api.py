"""Choose the URL of a picture: of its image service, or its own.

https://iiif.io/api/image/3.0/, https://iiif.io/api/image/2.1/, https://iiif.io/api/image/1.1/
"""

import re
from math import isqrt
from typing import NamedTuple

from crawler.spiders.iiif.values import Object, identity, mapping, number, objects, text, web_address

_SERVICE = re.compile(r"imageservice|api/image|image-api|level[012]")
_SCALES = re.compile(r"level[12]|sizebyw\b")
_REGION = r"full|square|(?:pct:)?\d{1,9}(?:\.\d{1,9})?(?:,\d{1,9}(?:\.\d{1,9})?){3}"
_IMAGE_URL = re.compile(rf"/(?P<region>{_REGION})/(?P<size>[^/]+)/(?P<rotation>!?\d+(?:\.\d+)?)/\w+\.\w+$", re.ASCII)
_IMAGE_FILE = re.compile(r"\.(?:avif|bmp|gif|jfif|jp2|jpe?g|jxl|png|tiff?|webp)(?:[?#].*)?$", re.IGNORECASE)
_VIEW = {"region": re.compile(_REGION, re.ASCII), "rotation": re.compile("0|90|180|270")}  # what level 2 can do


class View(NamedTuple):
    """The part of a service's image that is shown, and how it is turned (clockwise, in degrees)."""

    region: str = "full"
    rotation: str = "0"


WHOLE = View()


def image_service(body: Object) -> Object | None:
    """Return the image service of a body; None if the picture has only one size."""
    services = objects(body.get("service"))
    return next((one for one in services if web_address(one, "") and _SERVICE.search(_description(one))), None)


def has_image_name(url: str) -> bool:
    """Return whether a URL ends like that of an image file."""
    return _IMAGE_FILE.search(url) is not None


def shown(body: Object) -> View:
    """Return the view that the selector of a body states, else the one in its own URL."""
    url = _IMAGE_URL.search(identity(body))
    stated = url.groupdict() if url else {}
    for selector in objects(body.get("selector")):
        stated |= {key: text(selector[key]) for key in _VIEW if selector.get(key)}
    return View(**{key: stated[key] for key, form in _VIEW.items() if key in stated and form.fullmatch(stated[key])})


def is_small_enough(body: Object, service: Object, width: int) -> bool:
    """Return whether a body's own URL is that of a smaller picture than its service may have, but not too wide.

    A body that is the whole picture of its service is not, and neither is one whose service states its own width.
    """
    own = number(body.get("width"))
    if own is None or own > width or number(service.get("width")) or objects(body.get("selector")):
        return False
    url = _IMAGE_URL.search(identity(body))
    return url["size"] not in ("full", "max") if url else has_image_name(identity(body))


def service_url(service: Object) -> str:
    """Return the base URL of a service."""
    return identity(service).removesuffix("/info.json").rstrip("/")


def sized(
    service: Object, width: int, known: int | None = None, view: View = WHOLE, *, is_info: bool = False
) -> str | None:
    """Return the URL of a service's picture, at most `width` pixels wide; None if its info.json must be read first.

    Args:
        service: the service as a manifest describes it, or its info.json.
        width: in pixels, before the picture is turned.
        known: a width that the picture is known to have.
        view: what is shown. Services below level 2 give the whole picture.
        is_info: whether `service` is an info.json, so that there is no further description.
    """
    described, version = _description(service), _version(service)
    whole = "max" if version >= 3 else "full"
    view = view if "level2" in described else WHOLE
    full = _width_of(view.region, number(service.get("width")), known)
    width = min(width, _widest(service))
    listed_sizes = ((number(one.get("width")), number(one.get("height"))) for one in objects(service.get("sizes")))
    sizes = sorted((w, h) for w, h in listed_sizes if w and h)
    if full is not None and full <= width:
        size = whole
    elif _SCALES.search(described):
        size = f"{width},"
    elif sizes:
        w, h = max([one for one in sizes if one[0] <= width] or sizes[:1])
        size = f"{w},{h}" if version >= 3 else f"{w},"
    elif is_info or "protocol" in service:
        size = whole
    else:
        return None
    return f"{service_url(service)}/{view.region}/{size}/{view.rotation}/{'native' if version == 1 else 'default'}.jpg"


def _description(service: Object) -> str:
    names = ("profile", "@context", "type", "@type", "extraFeatures")
    return " ".join(str(service[name]) for name in names if service.get(name)).lower()


def _version(service: Object) -> int:
    """Return the version of the Image API: the context says it, else the type, else the profile."""
    for names in (("@context",), ("type", "@type"), ("profile",)):
        said = " ".join(str(service.get(name, "")) for name in names).lower()
        if found := re.search(r"(?:api/image/|imageservice)(\d)", said):
            return int(found[1])
        if "image-api" in said:
            return 1
    return 2


def _widest(service: Object) -> int:
    """Return the width of the largest picture that a service gives, by `maxWidth`, `maxHeight` and `maxArea`.

    Version 3 states them in the service, version 2 in its profile.
    """
    limits = {**mapping(service.get("profile")), **service}
    w, h = number(service.get("width")), number(service.get("height"))
    w, h = (w, h) if w and h else (1, 1)  # of unknown shape: a square
    most, area = number(limits.get("maxWidth")), number(limits.get("maxArea"))
    tallest = number(limits.get("maxHeight")) or most  # https://iiif.io/api/image/3.0/#53-sizes
    widths = (most, tallest and tallest * w // h, area and isqrt(area * w // h))
    return max(1, min((one for one in widths if one is not None), default=10**9))


def _width_of(region: str, full: int | None, known: int | None) -> int | None:
    """Return the width of a region in pixels, if it is known."""
    if region == "full":
        return full or known
    if region.startswith("pct:"):
        return full and int(full * float(region.removeprefix("pct:").split(",")[2]) / 100)
    return full if region == "square" else number(region.split(",")[2])
