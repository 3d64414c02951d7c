"""IIIF manifests and image services of both versions."""

import json
from pathlib import Path

import pytest
from scrapy.http import TextResponse

from crawler.archive.schemas import FacadeImage
from crawler.rights.licenses import normalise
from crawler.spiders.iiif.image_api import image_service, sized
from crawler.spiders.iiif.place_and_date import place_and_date, subjects
from crawler.spiders.iiif.presentation import members, paintings
from crawler.spiders.iiif.spider import Iiif, IiifParams
from crawler.spiders.iiif.values import text

FIXTURES = Path(__file__).parents[1] / "fixtures" / "iiif"
SERVICE = "https://images.example.org/iiif/1"
V3 = {"id": SERVICE, "type": "ImageService3"}
V2 = {"@context": "http://iiif.io/api/image/2/context.json", "@id": SERVICE}
LEVEL = "http://iiif.io/api/image/2/level{}.json"


@pytest.mark.parametrize(
    ("service", "known", "size"),
    [
        (V3 | {"profile": "level1"}, None, "512,"),
        (V3 | {"profile": "level2"}, 4000, "512,"),
        (V3 | {"profile": "level2"}, 300, "max"),
        (V3 | {"profile": "level2", "width": 300}, 4000, "max"),
        (V3 | {"profile": "level0"}, 4000, None),
        (
            V3 | {"profile": "level0", "sizes": [{"width": w, "height": w // 2} for w in (1000, 400, 100)]},
            None,
            "400,200",
        ),
        (V3 | {"profile": "level0", "sizes": [{"width": 1000, "height": 500}]}, None, "1000,500"),
        (V3 | {"profile": "level0", "protocol": "http://iiif.io/api/image", "width": 9000}, None, "max"),
        (V2 | {"profile": LEVEL.format(2)}, None, "512,"),
        (V2 | {"profile": [LEVEL.format(1), {"formats": ["jpg"]}]}, None, "512,"),
        (V2 | {"profile": LEVEL.format(2)}, 300, "full"),
        (V2 | {"profile": LEVEL.format(0)}, None, None),
        (V2 | {"profile": LEVEL.format(0), "sizes": [{"width": 400, "height": 200}]}, None, "400,"),
        (V2, None, None),
    ],
)
def test_requests_only_sizes_that_the_service_provides(service, known, size):
    assert sized(service, 512, known) == (size and f"{SERVICE}/full/{size}/0/default.jpg")


def test_a_service_without_a_description_is_requested_for_its_info_json() -> None:
    manifest = {
        "@id": "https://library.example.org/m",
        "@type": "sc:Manifest",
        "label": "Town hall",
        "license": "https://creativecommons.org/publicdomain/mark/1.0/",
        "sequences": [{"canvases": [{"images": [{"resource": {"@id": "x", "service": V2}}]}]}],
    }
    spider = Iiif(params=IiifParams(kind="iiif", url=manifest["@id"]))
    (request,) = spider.parse(TextResponse(manifest["@id"], body=json.dumps(manifest).encode()))
    assert request.url == f"{SERVICE}/info.json"
    described = V2 | {"protocol": "http://iiif.io/api/image", "width": 6000, "profile": [LEVEL.format(1)]}
    assert request.callback is not None
    (image,) = request.callback(TextResponse(request.url, body=json.dumps(described).encode()), **request.cb_kwargs)
    assert image.image_url == f"{SERVICE}/full/512,/0/default.jpg"
    assert (image.title, image.license_url) == ("Town hall", manifest["license"])


def test_a_picture_without_a_service_is_taken_as_it_is() -> None:
    manifest = {
        "id": "https://library.example.org/m",
        "type": "Manifest",
        "label": {"de": ["Rathaus"], "en": ["Town hall"]},
        "homepage": [{"id": "https://library.example.org/town-hall", "type": "Text"}],
        "metadata": [{"label": {"en": ["Photographer"]}, "value": {"none": ["Jane <b>Doe</b>", "Joe"]}}],
        "items": [
            {
                "type": "Canvas",
                "label": {"none": [side]},
                "rights": rights,
                "items": [
                    {
                        "type": "AnnotationPage",
                        "items": [
                            {"motivation": "painting", "body": {"type": "Choice", "items": [{"id": f"/{side}.jpg"}]}},
                            {"motivation": "commenting", "body": {"id": "no picture"}},
                        ],
                    }
                ],
            }
            for side, rights in (("front", "http://creativecommons.org/licenses/by/4.0/"), ("back", None))
        ],
    }
    spider = Iiif(params=IiifParams(kind="iiif", url=manifest["id"]))
    front, back = spider.parse(TextResponse(manifest["id"], body=json.dumps(manifest).encode()))
    assert front.image_url == "https://library.example.org/front.jpg"
    assert front.page_url == "https://library.example.org/town-hall"
    assert (front.title, front.author) == ("Town hall, front", "Jane Doe; Joe")
    assert (front.license_url, back.license_url) == ("http://creativecommons.org/licenses/by/4.0/", "")


def test_a_collection_lists_manifests_and_collections_and_its_next_page() -> None:
    assert members(
        {
            "@type": "sc:Collection",
            "collections": [{"@id": "c", "@type": "sc:Collection"}],
            "manifests": [{"@id": "m", "@type": "sc:Manifest"}],
            "next": "page-2",
        }
    ) == ["m", "c", "page-2"]
    assert members({"type": "Collection", "items": [{"id": "c", "type": "Collection"}, {"id": "m"}]}) == ["c", "m"]


def test_the_manifest_of_the_library_of_congress() -> None:
    manifest = json.loads((FIXTURES / "manifest-v2.json").read_text())
    ((body, about),) = paintings(manifest, "https://www.loc.gov/item/2011633553/manifest.json")
    assert about.author == "Highsmith, Carol M., 1946-, photographer"
    assert about.license == "Provided by the Library of Congress"
    service = image_service(body)
    assert service is not None
    assert service["profile"] == LEVEL.format(2)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Plain", "Plain"),
        (["One", "Two"], "One; Two"),
        ({"@value": "Said", "@language": "de"}, "Said"),
        ([{"@value": "One", "@language": "en"}, "Two"], "One; Two"),
        ({"fr": ["Mairie"], "en": ["Town hall"]}, "Town hall"),
        ({"fr": ["Mairie"]}, "Mairie"),
        (None, ""),
        ({}, ""),
    ],
)
def test_texts_may_have_several_forms(value, said):
    assert text(value) == said


def navplace(*points):
    geometries = [{"type": "Point", "coordinates": list(point)} if point else {"type": "Polygon"} for point in points]
    return {"navPlace": {"features": [{"geometry": geometry} for geometry in geometries]}}


def labelled(label, value):
    return {"metadata": [{"label": {"en": [label]}, "value": {"none": [value]}}]}


@pytest.mark.parametrize(
    ("canvas", "manifest", "found"),
    [
        (navplace((2.3, 48.8)), navplace((1, 1)), {"latitude": "48.8", "longitude": "2.3"}),
        ({}, navplace((2.3, 48.8, 35.0)), {"latitude": "48.8", "longitude": "2.3"}),
        (navplace((2.3, 48.8), (2.4, 48.9)), {}, {}),
        (navplace(None), {}, {}),
        ({"navPlace": "https://a.invalid/place"}, {}, {}),
        ({"navDate": "1905-01-01T00:00:00Z"}, {}, {"taken": "1905"}),
        ({}, {"navDate": "1905-05-24T10:00:00Z"}, {"taken": "1905-05-24"}),
        (
            {},
            {"navDate": "1980-01-01T00:00:00Z", **labelled("Created Published", "[between 1980 and 2006]")},
            {"taken": "[between 1980 and 2006]"},
        ),
        (labelled("Date", "May 1905"), {"navDate": "1906-01-01T00:00:00Z"}, {"taken": "May 1905"}),
        (
            {},
            {"seeAlso": [{"@id": "https://lccn.loc.gov/1"}, {"id": "http://www.wikidata.org/entity/Q243"}]},
            {"wikidata": "Q243"},
        ),
        ({"navDate": ["x"], "metadata": "x", "seeAlso": None}, {}, {}),
    ],
)
def test_place_and_date_are_those_of_the_canvas_else_of_the_manifest(canvas, manifest, found):
    assert place_and_date(canvas, manifest) == found


def test_subjects_are_tags() -> None:
    assert subjects(labelled("Subjects", "facades")) == ("facades",)
    assert subjects({"metadata": [{"label": "Subject", "value": ["brick", "<i>stone</i>"]}]}) == ("brick", "stone")
    assert subjects({}) == ()


BY, BY_NC = "http://creativecommons.org/licenses/by/4.0/", "http://creativecommons.org/licenses/by-nc/4.0/"
CC0, IN_COPYRIGHT = "http://creativecommons.org/publicdomain/zero/1.0/", "http://rightsstatements.org/vocab/InC/1.0/"


def said(value):
    return {"requiredStatement": {"label": {"en": ["Attribution"]}, "value": value}}


def version_3(manifest, canvas, annotation, body, service):
    picture = {"id": "/1.jpg", "type": "Image", "service": [V3 | {"profile": "level2"} | service]}
    painting = {"motivation": "painting", "body": picture | body} | annotation
    items = [{"type": "Canvas", "items": [{"items": [painting]}]} | canvas]
    return {
        "id": "https://library.example.org/m",
        "type": "Manifest",
        "label": {"en": ["x"]},
        "items": items,
    } | manifest


def version_2(manifest, sequence, canvas, annotation, resource):
    picture = {"@id": "/1.jpg", "service": V2 | {"profile": LEVEL.format(2)}} | resource
    painted = {"images": [{"resource": picture} | annotation]} | canvas
    return {
        "@id": "https://library.example.org/m", "@type": "sc:Manifest", "label": "x",
        "sequences": [{"canvases": [painted]} | sequence],
    } | manifest  # fmt: skip


def licence(manifest):
    ((_, about),) = paintings(manifest, "https://library.example.org/m")
    return normalise(about.license, about.license_url)


@pytest.mark.parametrize(
    ("manifest", "canvas", "annotation", "body", "service", "license_id"),
    [
        ({"rights": CC0}, {}, {}, {"rights": BY_NC}, {}, "CC-BY-NC-4.0"),
        ({"rights": CC0}, {}, {"rights": BY_NC}, {}, {}, "CC-BY-NC-4.0"),
        ({"rights": CC0}, {"rights": BY_NC}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"rights": CC0}, {}, {}, {}, {"rights": BY_NC}, "CC-BY-NC-4.0"),
        ({"rights": IN_COPYRIGHT}, {"rights": BY_NC}, {}, {"rights": BY}, {}, "CC-BY-4.0"),  # the nearest counts
        ({"rights": CC0}, said({"en": ["All rights reserved"]}), {}, {}, {}, "InC-1.0"),
        ({"rights": CC0}, said({"en": ["© The Museum"]}), {}, {}, {}, "unknown"),
        ({"rights": CC0}, said({"en": ["Provided by The Museum"]}), {}, {}, {}, "CC0-1.0"),
        ({"rights": BY} | said({"en": ["Imperial War Museum, 1904"]}), {}, {}, {}, {}, "CC-BY-4.0"),
        ({"rights": BY} | said({"en": ["Not for resale"]}), {}, {}, {}, {}, "unknown"),
        ({"rights": BY} | said({"en": ["The Museum"], "de": ["Alle Rechte vorbehalten"]}), {}, {}, {}, {}, "InC-1.0"),
        (said({"en": [f'<a href="{BY_NC}">licence</a>']}), {}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"rights": [BY, BY_NC]}, {}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"rights": {"id": BY}}, {}, {}, {}, {}, "CC-BY-4.0"),
        ({"rights": None} | {"requiredStatement": None}, {"rights": 3}, {}, {}, {}, "unknown"),
    ],
)
def test_the_rights_nearest_to_the_picture_count_in_version_3(manifest, canvas, annotation, body, service, license_id):
    assert licence(version_3(manifest, canvas, annotation, body, service)) == license_id


@pytest.mark.parametrize(
    ("manifest", "sequence", "canvas", "annotation", "resource", "license_id"),
    [
        ({"license": [BY, BY_NC]}, {}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"license": [BY, IN_COPYRIGHT]}, {}, {}, {}, {}, "InC-1.0"),
        ({"license": CC0}, {}, {}, {}, {"license": BY_NC}, "CC-BY-NC-4.0"),
        ({"license": CC0}, {}, {}, {"license": BY_NC}, {}, "CC-BY-NC-4.0"),
        ({"license": CC0}, {"license": BY_NC}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"license": BY}, {}, {"attribution": "All rights reserved"}, {}, {}, "InC-1.0"),
        ({"license": BY, "attribution": "CC BY-NC 4.0"}, {}, {}, {}, {}, "CC-BY-NC-4.0"),
        ({"license": BY, "attribution": ["The Library", "CC BY-NC 4.0"]}, {}, {}, {}, {}, "unknown"),
        ({"license": BY}, {}, {"attribution": {"@value": "The Library"}}, {}, {}, "CC-BY-4.0"),
    ],
)
def test_the_rights_nearest_to_the_picture_count_in_version_2(
    manifest, sequence, canvas, annotation, resource, license_id
):
    assert licence(version_2(manifest, sequence, canvas, annotation, resource)) == license_id


def test_the_rights_of_a_service_count_when_its_description_is_read() -> None:
    spider = Iiif(params=IiifParams(kind="iiif", url="https://library.example.org/m"))
    about = FacadeImage("", license="The Library", license_url=BY)
    described = V2 | {"protocol": "http://iiif.io/api/image", "width": 6000, "profile": [LEVEL.format(1)]}
    for own, license_id in (
        ({}, "CC-BY-4.0"),
        ({"license": [BY_NC]}, "CC-BY-NC-4.0"),
        ({"attribution": "©"}, "unknown"),
    ):
        answer = TextResponse(f"{SERVICE}/info.json", body=json.dumps(described | own).encode())
        (image,) = spider.parse_info(answer, about, {})
        assert normalise(image.license, image.license_url) == license_id
