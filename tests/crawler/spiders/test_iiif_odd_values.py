"""What IIIF manifests hold in practice: odd values, media that are no images, and images that need care."""

import json
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import Request, TextResponse

from crawler.archive.schemas import FacadeImage
from crawler.spiders.iiif.spider import Iiif, IiifParams
from crawler.spiders.iiif.values import number, web_address

PAGE = "https://library.example.org/m"
IMAGES = "https://images.example.org/iiif"
V1 = "http://library.stanford.edu/iiif/image-api/1.1/"
V2 = "http://iiif.io/api/image/2/"


def service_3(name, **more):
    return {"id": f"{IMAGES}/{name}", "type": "ImageService3", "profile": "level2"} | more


def service_2(name, **more):
    return {"@context": f"{V2}context.json", "@id": f"{IMAGES}/{name}", "profile": f"{V2}level2.json"} | more


def canvas_3(name, body=None, note=None, canvas=None):
    picture = {
        "id": f"{IMAGES}/{name}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": 4000,
        "height": 3000,
        "service": [service_3(name)],
    }
    painting = {"type": "Annotation", "motivation": "painting", "body": picture if body is None else body}
    page = {"type": "AnnotationPage", "items": [painting | (note or {})]}
    return {"id": f"{PAGE}/{name}", "type": "Canvas", "label": {"en": [name]}, "items": [page]} | (canvas or {})


def canvas_2(name, resource=None):
    picture = {
        "@id": f"{IMAGES}/{name}/full/full/0/default.jpg",
        "@type": "dctypes:Image",
        "width": 4000,
        "height": 3000,
        "service": service_2(name),
    } | (resource or {})
    return {"@id": f"{PAGE}/{name}", "@type": "sc:Canvas", "images": [{"resource": picture}]}


def manifest_3(*canvases, **more):
    return {"id": PAGE, "type": "Manifest", "label": {"en": ["Row"]}, "items": list(canvases)} | more


def manifest_2(*canvases, **more):
    return {"@id": PAGE, "@type": "sc:Manifest", "label": "Row", "sequences": [{"canvases": list(canvases)}]} | more


def found(document, width=512):
    spider = Iiif(params=IiifParams(kind="iiif", url=PAGE, width=width))
    return list(spider.parse(TextResponse(PAGE, body=json.dumps(document).encode(), encoding="utf-8")))


def urls(document, width=512):
    return [one.image_url if isinstance(one, FacadeImage) else f"ask {one.url}" for one in found(document, width)]


def wanted(name):
    return f"{IMAGES}/{name}/full/512,/0/default.jpg"


@pytest.mark.parametrize(
    "odd",
    [
        {"requiredStatement": None},
        {"requiredStatement": ["The Library", 3, None]},
        {"requiredStatement": "The Library"},
        {"requiredStatement": {"label": None, "value": None}},
        {"metadata": None},
        {"metadata": ["Photographer: Jane Doe", None, {"label": None, "value": 3}]},
        {"metadata": "Jane Doe"},
        {"label": [None, 3, {"de": None}]},
        {"homepage": [None, 3, {"id": None}]},
        {"homepage": "http://[", "seeAlso": 3, "navPlace": {"features": [{"geometry": {"type": "Point"}}]}},
        {"rights": [None, 3, {}], "navDate": 1905, "service": "x"},
        {"items": [None, "https://library.example.org/canvas", 3, canvas_3("good")]},
    ],
)
def test_an_odd_value_in_a_manifest_costs_no_picture(odd):
    assert urls(manifest_3(canvas_3("good")) | odd) == [wanted("good")]


@pytest.mark.parametrize(
    "odd",
    [
        {"items": "https://library.example.org/page"},
        {"items": [{"type": "AnnotationPage", "items": None}, 3]},
        {"items": [{"id": "https://library.example.org/page", "type": "AnnotationPage"}]},
        {"items": [{"items": ["https://library.example.org/annotation", None]}]},
        {"items": [{"items": [{"motivation": "painting"}, {"motivation": "painting", "body": [None, 3, {}]}]}]},
        {"type": None},
    ],
)
def test_a_canvas_that_cannot_be_read_costs_no_other(odd, caplog):
    assert urls(manifest_3(canvas_3("one"), canvas_3("odd", canvas=odd), canvas_3("two"))) == [
        wanted("one"), wanted("two"),
    ]  # fmt: skip
    if "type" not in odd:
        assert f"{PAGE}: 1 of 3 canvases show no image" in caplog.text


@pytest.mark.parametrize(
    "odd",
    [
        {"service": ["https://login.example.org/", None, service_3("good")]},
        {"service": [{"profile": "http://iiif.io/api/auth/1/login", "@id": "https://x.example"}, service_3("good")]},
        {"service": [{"profile": "level2", "id": None}, service_3("good")]},
        {"service": service_3("good", sizes=[None, {"width": "x"}], width="6000", height=None)},
        {"width": "4000", "height": None},
        {"width": "wide"},
        {"format": None, "type": ["Image"]},
    ],
)
def test_an_odd_value_in_a_body_does_not_change_its_address(odd):
    body = {"id": f"{IMAGES}/good.jpg", "type": "Image", "service": [service_3("good")]} | odd
    assert urls(manifest_3(canvas_3("good", body))) == [wanted("good")]


@pytest.mark.parametrize(
    "motivation", [["painting"], ["commenting", "painting"], "sc:painting", "http://example.org/ns#painting"]
)
def test_painting_is_found_in_each_of_its_forms(motivation):
    assert urls(manifest_3(canvas_3("good", note={"motivation": motivation}))) == [wanted("good")]


@pytest.mark.parametrize("motivation", [None, "commenting", ["supplementing"], 3])
def test_what_does_not_paint_the_canvas_is_no_picture_of_it(motivation):
    assert urls(manifest_3(canvas_3("x", note={"motivation": motivation}))) == []


@pytest.mark.parametrize("name", ["next", "first", "items", "members", "manifests", "collections"])
@pytest.mark.parametrize("odd", [None, [None], {}, [{"id": None}], 3, "http://[", {"id": "mailto:x@example.org"}])
def test_an_odd_value_in_a_collection_costs_no_manifest(name, odd):
    listing = "manifests" if name != "manifests" else "items"
    collection = {"@type": "sc:Collection", "@id": PAGE, listing: [{"@id": f"{PAGE}/1"}, {"@id": f"{PAGE}/2"}]}
    assert urls(collection | {name: odd}) == [f"ask {PAGE}/1", f"ask {PAGE}/2"]


@pytest.mark.parametrize(
    "body",
    [
        {"id": f"{IMAGES}/1.mp4", "type": "Video", "format": "video/mp4"},
        {"id": f"{IMAGES}/1.mp4", "format": "video/mp4"},
        {"id": f"{IMAGES}/1.mp3", "type": "Sound"},
        {"id": f"{IMAGES}/1.pdf", "type": "Text", "format": "application/pdf"},
        {"id": f"{IMAGES}/1.pdf", "type": "Image", "format": "application/pdf"},
        {"id": f"{IMAGES}/1.m3u8", "type": "Video", "format": "application/vnd.apple.mpegurl"},
        {"id": f"{IMAGES}/1.glb", "type": "Model"},
        {"id": f"{PAGE}/canvas/2", "type": "Canvas"},
        {"id": f"{IMAGES}/poster.jpg", "type": "Video", "service": service_3("1")},
        {"id": f"{IMAGES}/1"},
        {"type": "TextualBody", "value": "a description", "format": "text/plain"},
        {"@type": "cnt:ContentAsText", "chars": "a description"},
        {"type": "Image"},
        {"id": "data:image/png;base64,AAAA", "type": "Image"},
        {"type": "Choice", "items": [{"id": f"{IMAGES}/1.mp4", "type": "Video"}]},
        {"type": "SpecificResource", "id": f"{IMAGES}/1.jpg", "source": {"id": f"{IMAGES}/1.mp3", "type": "Sound"}},
        f"{IMAGES}/1.mp4",
    ],
)
def test_only_images_are_requested(body):
    assert urls(manifest_3(canvas_3("1", body))) == []


PHOTO = f"{IMAGES}/photo"
IMAGE = {"id": PHOTO, "type": "Image"}


@pytest.mark.parametrize(
    "body",
    [
        IMAGE,
        {"@id": PHOTO, "@type": "dctypes:Image"},
        {"@id": PHOTO, "@type": ["oa:Tag", "http://purl.org/dc/dcmitype/StillImage"]},
        {"id": PHOTO, "format": "image/jpeg"},
        {"type": "SpecificResource", "id": f"{PAGE}/body", "source": IMAGE},
        {"type": "SpecificResource", "source": PHOTO, "format": "image/jpeg"},
        {"@type": "oa:SpecificResource", "full": IMAGE},
        {"type": "Choice", "items": [IMAGE, {"id": f"{IMAGES}/x-ray", "type": "Image"}]},
        {"type": "Choice", "items": [None, {"id": f"{IMAGES}/1.mp4", "type": "Video"}, IMAGE]},
        {"@type": "oa:Choice", "default": IMAGE, "item": [{"@id": f"{IMAGES}/x-ray", "@type": "dctypes:Image"}]},
        {"type": "Choice", "items": [{"type": "SpecificResource", "source": IMAGE}]},
        [{"type": "TextualBody", "value": "a description"}, IMAGE],
    ],
)
def test_an_image_is_found_in_each_form_of_a_body(body):
    assert urls(manifest_3(canvas_3("1", body))) == [PHOTO]


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ({"@context": f"{V1}context.json", "profile": f"{V1}compliance.html#level2"}, "native"),
        ({"@context": None, "profile": f"{V1}compliance.html#level1"}, "native"),
        ({"@context": "http://iiif.io/api/image/1/context.json", "profile": f"{V1}conformance.html#level1"}, "native"),
        ({"profile": f"{V1}compliance.html#level2"}, "default"),  # the context says version 2
        ({"@id": f"{IMAGES}/1/info.json"}, "default"),
        ({"@id": f"{IMAGES}/1/"}, "default"),
    ],
)
def test_the_url_has_the_form_of_the_version_of_the_service(service, name):
    document = manifest_2(canvas_2("1", {"service": service_2("1") | service}))
    assert urls(document) == [f"{IMAGES}/1/full/512,/0/{name}.jpg"]


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        ({"maxWidth": 300}, "300,"),
        ({"maxWidth": "300"}, "300,"),
        ({"maxHeight": 150}, "200,"),
        ({"maxWidth": 400, "maxHeight": 150}, "200,"),
        ({"maxArea": 30_000}, "200,"),
        ({"maxHeight": 150, "width": None}, "150,"),  # of unknown shape
        ({"maxWidth": 9000, "maxArea": None}, "512,"),
        ({"profile": "level0", "maxWidth": 300, "sizes": [{"width": "200", "height": 150}, {"width": 400}]}, "200,150"),
    ],
)
def test_no_more_is_requested_than_a_service_gives(limits, size):
    body = IMAGE | {"service": service_3("1", width=4000, height=3000) | limits}
    assert urls(manifest_3(canvas_3("1", body))) == [f"{IMAGES}/1/full/{size}/0/default.jpg"]


def test_the_limits_of_version_2_are_in_its_profile() -> None:
    profile = [f"{V2}level2.json", {"maxWidth": 300}]
    assert urls(manifest_2(canvas_2("1", {"service": service_2("1", profile=profile)}))) == [
        f"{IMAGES}/1/full/300,/0/default.jpg"
    ]


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ({"@id": f"{IMAGES}/1/full/!600,480/0/default.jpg", "width": 480}, "1/full/!600,480/0/default.jpg"),
        ({"@id": f"{IMAGES}/small/1.jpg", "width": "480"}, "small/1.jpg"),
        ({"@id": f"{IMAGES}/1/full/800,/0/default.jpg", "width": 800}, "1/full/512,/0/default.jpg"),
        ({"@id": f"{IMAGES}/1/full/full/0/default.jpg", "width": 480}, "1/full/full/0/default.jpg"),
        ({"@id": f"{PAGE}/resource/1", "width": 480}, "1/full/full/0/default.jpg"),
        (
            {
                "@id": f"{IMAGES}/1/full/480,/0/default.jpg",
                "width": 480,
                "service": service_2("1", width=9000),
            },
            "1/full/512,/0/default.jpg",
        ),
    ],
)
def test_the_original_is_not_requested_where_a_small_derivative_is_shown(resource, url):
    assert urls(manifest_2(canvas_2("1", resource))) == [f"{IMAGES}/{url}"]


@pytest.mark.parametrize(
    ("selector", "level", "path"),
    [
        ({"rotation": "90"}, "level2", "full/512,/90"),
        ({"region": "10,20,900,700"}, "level2", "10,20,900,700/512,/0"),
        ({"region": "10,20,300,200", "rotation": "180"}, "level2", "10,20,300,200/max/180"),
        ({"region": "pct:0,0,10,50"}, "level2", "pct:0,0,10,50/max/0"),
        ({"region": "square"}, "level2", "square/512,/0"),
        ({"rotation": "33.5", "region": "left half"}, "level2", "full/512,/0"),
        ({"rotation": 90, "region": None}, "level2", "full/512,/90"),
        ({"rotation": "90"}, "level1", "full/512,/0"),
        (None, "level2", "full/512,/0"),
    ],
)
def test_the_part_that_is_shown_is_requested_as_it_is_turned(selector, level, path):
    source = IMAGE | {"service": service_3("1", profile=level, width=4000, height=3000)}
    body = {"type": "SpecificResource", "source": source, "selector": selector}
    assert urls(manifest_3(canvas_3("1", body))) == [f"{IMAGES}/1/{path}/default.jpg"]


def test_the_part_in_the_url_of_a_body_is_requested() -> None:
    resource = {"@id": f"{IMAGES}/1/100,50,2000,1000/full/90/default.jpg", "width": 2000}
    assert urls(manifest_2(canvas_2("1", resource))) == [f"{IMAGES}/1/100,50,2000,1000/512,/90/default.jpg"]


@pytest.mark.parametrize(
    ("info", "url"),
    [
        ({"@context": f"{V1}context.json", "@id": f"{IMAGES}/1/info.json"}, f"{IMAGES}/1/full/full/0/native.jpg"),
        ({"profile": f"{V2}level1.json", "sizes": None, "width": "6000"}, wanted("1")),  # the id is in the manifest
        ({"@id": "localhost/1", "profile": [f"{V2}level2.json", None]}, wanted("1")),
        ([], f"{IMAGES}/1/full/full/0/default.jpg"),
    ],
)
def test_an_odd_info_json_costs_no_picture(info, url):
    (request,) = found(manifest_2(canvas_2("1", {"service": {"@context": f"{V2}context.json", "@id": f"{IMAGES}/1"}})))
    assert request.url == f"{IMAGES}/1/info.json"
    answer = TextResponse(request.url, body=json.dumps(info).encode(), encoding="utf-8")
    assert [one.image_url for one in request.callback(answer, **request.cb_kwargs)] == [url]


@pytest.mark.parametrize(
    ("value", "pixels"),
    [(3000, 3000), ("3000", 3000), (3000.0, 3000), ("3000.5", 3000), (0, None), (-1, None), ("3000px", None),
     (True, None), (None, None), ([3], None), (float("inf"), None), (float("nan"), None), (10**400, None)],
)  # fmt: skip
def test_a_number_of_pixels_may_be_written_as_text(value, pixels):
    assert number(value) == pixels


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["http://[", "https://a:99999/", "\ud800", "https://\ud800.example/", "<b>&", "pct:0,0,1,1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "@id", "type", "items", "@value", "service", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = ("one", "two", "three")


def paths(value, path=()):
    """Each place in a document, the whole document left out."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*path, key)
        yield from paths(one, (*path, key))


def replaced(document, path, value):
    document = deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


FULL = {
    "metadata": [{"label": {"en": ["Photographer"]}, "value": {"none": ["Jane Doe"]}}],
    "requiredStatement": {"label": {"en": ["Rights"]}, "value": {"en": ["The Library"]}},
    "rights": "http://creativecommons.org/licenses/by/4.0/",
    "homepage": [{"id": f"{PAGE}.html", "type": "Text"}],
    "navDate": "1905-01-01T00:00:00Z",
    "navPlace": {"features": [{"geometry": {"type": "Point", "coordinates": [2.3, 48.8]}}]},
    "seeAlso": [{"id": "http://www.wikidata.org/entity/Q243"}],
}
LIMITED = {"maxWidth": 4000, "width": 4000, "height": 3000, "sizes": [{"width": 400, "height": 300}]}


def choice(name):
    picture = canvas_3(name)["items"][0]["items"][0]["body"]
    picture["service"][0] |= LIMITED
    specific = {
        "type": "SpecificResource",
        "source": picture,
        "selector": {"type": "ImageApiSelector", "rotation": "0"},
    }
    return canvas_3(name, {"type": "Choice", "items": [specific]}, canvas=FULL)


DOCUMENTS = [
    (manifest_3(*map(choice, NAMES), **FULL), 1),
    (manifest_2(*map(canvas_2, NAMES), license="http://creativecommons.org/licenses/by/4.0/", attribution="x"), 3),
]
WHERE = [(document, deep, path) for document, deep in DOCUMENTS for path in paths(document)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(WHERE), JSON)
def test_any_value_in_the_place_of_any_other_costs_at_most_the_canvas_that_it_is_in(where, value):
    document, deep, path = where
    got = found(replaced(document, path, value))
    kept = [one.image_url for one in got if isinstance(one, FacadeImage)]
    holds_all = path[0] in ("items", "sequences") and len(path) <= deep
    if not holds_all:
        lost = path[deep] if path[0] in ("items", "sequences") else None
        assert {wanted(name) for number, name in enumerate(NAMES) if number != lost} <= set(kept)
    for one in got:
        if isinstance(one, FacadeImage):
            json.dumps([one.title, one.author, one.license, *one.tags], ensure_ascii=False).encode()
            assert web_address(one.image_url, "") == one.image_url == Request(one.image_url).url or "%" in one.image_url
