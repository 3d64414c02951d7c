"""What a person would pick on a page of a gallery: attributes of scripts, JSON-LD in all shapes, the way onward."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawler.archive.schemas import FacadeImage
from crawler.spiders.site.spider import Site, SiteParams
from crawler.spiders.site.srcset import candidates

HERE = "https://example.org/town/"


def parsed(body):
    spider = Site(params=SiteParams(kind="site", start=HERE))
    found = list(spider.parse(HtmlResponse(HERE, body=body.encode("utf-8", "replace"), encoding="utf-8"), depth=1))
    return [one for one in found if isinstance(one, FacadeImage)], [
        one.url.removeprefix(HERE) for one in found if not isinstance(one, FacadeImage)
    ]


def pictures(body):
    return [image.image_url.removeprefix(HERE) for image in parsed(body)[0]]


def script(document, kind="application/ld+json"):
    text = document if isinstance(document, str) else json.dumps(document)
    return f'<script type="{kind}">{text}</script>'


def photo(url, **fields):
    return {"@type": "ImageObject", "contentUrl": url} | fields


@pytest.mark.parametrize(
    "attribute",
    [
        "data-lazy", "data-original-src", "data-orig-file", "data-hi-res-src", "data-full-url", "data-made-up",
        "data-zoom-image", "data-echo", "data-flickity-lazyload",
    ],
)  # fmt: skip
def test_an_attribute_of_a_script_counts_if_it_is_the_address_of_a_picture(attribute) -> None:
    assert pictures(f'<img src="s.jpg" {attribute}="large/a.jpg">') == ["large/a.jpg"]
    assert pictures(f'<img src="s.jpg" {attribute}="a_{{width}}.jpg">') == ["s.jpg"]
    assert pictures(f'<img src="s.jpg" {attribute}="">') == ["s.jpg"]
    assert pictures(f'<img src="s.jpg" {attribute}="s.jpg 1x, l.jpg 2x">') == ["l.jpg"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<img src="s.jpg" data-thumb="t.jpg" data-image-title="IMG_1.jpg" data-url="/page/1">', ["s.jpg"]),
        ('<img src="blank.gif">', []),
        ('<img src="polka-dot.png"><img src="image.php?id=5">', ["polka-dot.png", "image.php?id=5"]),
        ('<img src="s.jpg" srcset="data:image/gif;base64,R0lG 1w">', ["s.jpg"]),
        ('<img srcset="m.jpg 500w 700h, l.jpg 900w 1200h">', ["l.jpg"]),
        ('<img src="2026\\mill.jpg">', ["2026/mill.jpg"]),
        ('<a href="#"><img src="a.jpg"></a><a href="javascript:show(1)"><img src="b.jpg"></a>', ["a.jpg", "b.jpg"]),
        ('<a href="https://shop.example/"><img src="a.jpg"></a>', ["a.jpg"]),
        ('<a href="https://shop.example/"><img src="a.jpg" width="728" height="90"></a>', []),
        ('<a href="https://shop.example/" rel="sponsored"><img src="a.jpg"></a>', []),
        ('<a href="m.jpg" data-pswp-srcset="m.jpg 900w, l.jpg 1800w"><img src="t.jpg"></a>', ["l.jpg"]),
        ('<a href="/wiki/Datei:M%C3%BChle.jpg"><img src="t.jpg"></a>', []),
        ('<img src="/icons/image.gif" alt="[IMG]"><a href="a.JPG">a.JPG</a> <a href="notes.txt">x</a>', ["a.JPG"]),
        (
            '<picture><source media="(max-width: 40em)" srcset="crop.jpg 2000w"><img src="whole.jpg"></picture>',
            ["whole.jpg"],
        ),
        (
            '<picture><source media="(min-width: 40em)" srcset="wide.jpg 2000w"><img src="s.jpg"></picture>',
            ["wide.jpg"],
        ),
    ],
)
def test_finds_what_a_person_would_pick(body, found):
    assert pictures(body) == found


def test_folders_of_a_server_are_followed() -> None:
    body = '<title>Index of /town</title><a href="../">Up</a><a href="?C=N">Name</a><a href="north/">north/</a>'
    assert parsed(body)[1] == ["north/"]


@pytest.mark.parametrize(
    "head",
    [
        script({"@type": "ImageGallery", "associatedMedia": [photo("a.jpg")]}),
        script({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": photo("a.jpg")}]}),
        script({"@graph": [{"@type": "ImageGallery", "image": {"@id": "#1"}}, photo("a.jpg", **{"@id": "#1"})]}),
        script(photo("a.jpg", **{"@type": ["CreativeWork", "https://schema.org/ImageObject"]})),
        script(photo(["a.jpg", "a.png"])),
        script("<!-- " + json.dumps(photo("a.jpg")) + " -->"),
        script('{"@type": "ImageObject", "contentUrl": "a.jpg", "name": "two\nlines"}'),
        script(photo("a.jpg"), "application/LD+JSON; charset=utf-8"),
        script([photo(None), photo({}), photo(5), photo("a.jpg")]),
        script("{") + script("[" * 100_000) + script(photo("a.jpg")),
    ],
)
def test_json_ld_is_read_in_every_shape(head):
    assert pictures(head) == ["a.jpg"]


def test_the_illustration_of_a_blog_does_not_hide_its_gallery() -> None:
    graph = {"@graph": [{"@type": "WebPage", "primaryImageOfPage": {"@id": "#1"}}, photo("hero.jpg", **{"@id": "#1"})]}
    assert pictures(script(graph) + '<img src="a.jpg"><img src="b.jpg">') == ["a.jpg", "b.jpg"]
    assert pictures(script(graph) + '<img src="a.jpg"><img src="hero-300x200.jpg">') == ["hero.jpg", "a.jpg"]
    assert pictures(script(graph)) == ["hero.jpg"]


def test_pictures_of_one_file_name_are_not_taken_for_each_other() -> None:
    body = '<img src="1/default.jpg"><img src="2/default.jpg">'
    assert set(pictures(script(photo("1/default.jpg")) + body)) >= {"1/default.jpg", "2/default.jpg"}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (["Mill", "Mühle"], "Mill"),
        ({"@language": "en", "@value": "Mill"}, "Mill"),
        (1905, "1905"),
        (None, ""),
        ("Mill \ud83d", "Mill \ufffd"),
    ],
)
def test_a_title_of_any_shape_is_one_clean_line(name, title):
    [image], _ = parsed(script(photo("a.jpg", name=name)))
    assert image.title == title


def test_a_creator_by_reference_is_named() -> None:
    people = [{"@id": "#ada", "@type": "Person", "name": "Ada"}]
    [image], _ = parsed(
        script({"@graph": [*people, photo("a.jpg", creator=[{"@id": "#ada"}, {"@id": "#none"}, "Bob"])]})
    )
    assert image.author == "Ada; Bob"


@pytest.mark.parametrize(
    "link",
    [
        '<a href="2">{0}</a>'.replace("{0}", text)
        for text in (
            "Next page", "next 24 results", "Older posts", "Load more", "Nächste Seite", "Page suivante", "Siguiente",
            "Pagina successiva", "Próxima página", "Volgende", "Następna strona", "Далее", "Показать ещё", "次へ",
            "次のページ", "下一页", "加载更多", "›",
        )
    ]
    + [
        '<a href="2" aria-label="Next"><svg></svg></a>',
        '<a href="2" title="Weiter"><i></i></a>',
        '<a href="2"><img src="r.png" alt="Next" width="9"></a>',
        '<ul><li class="next"><a href="2">2</a></li></ul>',
        '<a class="pagination__next" href="2">2</a>',
        '<a rel="nofollow NEXT" href="2">2</a>',
        '<a href="#">Next</a><a href="2">Next</a>',
    ],
)  # fmt: skip
def test_finds_the_next_page_in_many_languages(link):
    assert parsed(link)[1] == ["2"]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='2'>Next Door Gallery</a>",
        "<a href='2'>Older buildings</a>",
        "<a href='2'>Weiterbildung</a>",
        "<a href='2'>Read more</a>",
        "<a href='2' class='next disabled'>Next</a>",
        "<a href='#' class='carousel-next'>x</a>",
    ],
)
def test_a_name_is_no_next_page(link):
    assert parsed(link)[1] == []


def test_frames_and_pages_that_replace_this_one_are_followed() -> None:
    assert parsed('<meta http-equiv="Refresh" content="0; URL=\'g.html\'">')[1] == ["g.html"]
    assert parsed('<iframe src="list.html"></iframe><iframe src="https://ads.example/"></iframe>')[1] == ["list.html"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["@id", "@type", "@graph", "contentUrl", "url", "name", "creator", "license", "image", "geo"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON, st.text(max_size=60))
def test_no_json_ld_and_no_html_costs_the_rest_of_the_page(node, other, text):
    fields = other if isinstance(other, dict) else {"name": other}
    head = script([node, {**fields, "@type": "ImageObject", "contentUrl": "/a.jpg"}])
    body = f'<img src="/b.jpg" data-src="{text}"><p title="{text}">{text}</p>'
    images, onward = parsed(f'{head}{body}<a rel="next" href="2">2</a>')
    assert "https://example.org/a.jpg" in [image.image_url for image in images]
    assert "2" in onward or '"' in text or "<" in text


@given(st.text(alphabet="ab.,( )1234wxh\t", max_size=40))
def test_a_srcset_never_raises(text):
    assert all(one.url and one.size >= 0 for one in candidates(text))
