"""Properties of every statement: nothing that is added makes a licence looser, and nothing raises or takes long."""

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.rights import license_table
from crawler.rights.license_table import licenses, titles
from crawler.rights.license_words import LONGEST
from crawler.rights.licenses import UNKNOWN, mentions, normalise, openness, states, url_of

WORDS = licenses().words
NAMES = sorted({name for entry in licenses().license for name in entry.names})
CODES = [
    f"CC {'-'.join(elements)} {version}"
    for elements in (["BY"], ["BY", "SA"], ["BY", "NC"], ["BY", "NC", "ND"])
    for version in ("2.0", "3.0", "4.0")
]
TITLES = [text for language in titles().languages.values() for text in language.examples]
STATED = st.sampled_from([*NAMES, *CODES, *TITLES])
ADDED = st.sampled_from(
    [*WORDS.limits, *WORDS.doubts, *WORDS.claims, "NC", "ND", "non-commercial", "all rights reserved"]
)
GLUE = st.sampled_from([" ", ", ", " – ", "; ", "\n", " / ", " (", ". "])
ANY = st.text(max_size=60)


@given(STATED, ADDED, GLUE, st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_restriction_never_makes_a_licence_looser(stated, added, glue, first):
    both = f"{added}{glue}{stated}" if first else f"{stated}{glue}{added}"
    assert openness(normalise(both)) >= openness(normalise(stated))


@given(STATED, STATED, GLUE)
@settings(max_examples=600, deadline=None)
def test_of_two_licences_none_looser_than_either_comes_out(one, other, glue):
    license_id = openness(normalise(f"{one}{glue}{other}"))
    assert license_id >= openness(normalise(one))
    assert license_id >= openness(normalise(other))


@given(STATED, ANY, st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_text_that_is_added_never_makes_a_licence_looser(stated, added, first):
    both = f"{added} {stated}" if first else f"{stated} {added}"
    assert openness(normalise(both)) >= openness(normalise(stated))


@given(STATED, ANY)
@settings(max_examples=300, deadline=None)
def test_a_text_beside_an_address_never_makes_it_looser(stated, said):
    license_id = normalise(stated)
    assert openness(normalise(said, url_of(license_id))) >= openness(license_id)


@given(st.text(alphabet=st.characters(), max_size=300), st.text(alphabet=st.characters(), max_size=100))
@settings(max_examples=500, deadline=None)
def test_nothing_raises(text, url):
    assert normalise(text, url)
    states(text, url)
    mentions(text)


@given(
    st.lists(
        st.sampled_from(
            [*NAMES[:40], *CODES, "<b>", "</b>", "&copy;", "//", "[", "4.0", "by", "\ud800", "\0", "?", "-"]
        ),
        max_size=12,
    )
)
@settings(max_examples=500, deadline=None)
def test_pieces_of_statements_in_any_order_raise_nothing(pieces):
    assert normalise("".join(pieces), "".join(reversed(pieces)))


HOSTILE = (
    *(
        "a",
        "no ",
        "<b>",
        "cc by ",
        "//",
        "&amp;",
        "(",
        "1.",
        "署名",
        "저작",
        "\u0338",
        "\ud800",
        "\ufdfa",
        "/ A. ",
        "<!--",
    ),
    "https://creativecommons.org/",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_is_read_in_bounded_time(piece):
    hostile = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    started = time.process_time()
    assert normalise(hostile) == normalise("", hostile) == UNKNOWN
    assert time.process_time() - started < 5


def test_a_text_that_is_too_long_is_unknown_but_a_reservation_at_its_beginning_counts() -> None:
    assert normalise("CC BY 4.0 " + "image " * LONGEST) == UNKNOWN
    assert normalise("All rights reserved. " + "image " * LONGEST) == "InC-1.0"


def test_the_addresses_of_creative_commons() -> None:
    """A sample of the product of licences, versions, jurisdictions, documents, languages, schemes and slashes."""
    documents = ["", "deed", "deed.en", "deed.pt_BR", "legalcode", "legalcode.de", "legalcode.zh-hans", "deed.sr-latn"]
    every = product(
        ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"),
        ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0"),
        ("", *titles().jurisdictions),
        documents,
        ("http://", "https://", "//", "https://www.", ""),
        ("", "/"),
    )
    for number, (elements, version, port, document, scheme, slash) in enumerate(every):
        if number % 97:
            continue
        path = "/".join(filter(None, (elements, version, port, document)))
        address = f"{scheme}creativecommons.org/licenses/{path}{slash}"
        license_id = f"CC-{elements.upper()}-{version}" + (f"-{port.upper()}" if port and version != "4.0" else "")
        assert normalise("", address) == license_id, address
        assert normalise(f"See {address}.") == license_id, address


def test_the_names_of_wikimedia_commons() -> None:
    """`LicenseShortName` is `CC BY-SA VERSION jurisdiction`, with the code in lower case."""
    for elements, version, port in product(
        ("BY", "BY-SA"), ("2.0", "2.5", "3.0"), license_table.titles().jurisdictions
    ):
        assert normalise(f"CC {elements} {version} {port}") == f"CC-{elements}-{version}-{port.upper()}"


RIGHTS_STATEMENTS = {
    **dict.fromkeys(("InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU"), "InC-1.0"),
    **dict.fromkeys(("NoC-CR", "NoC-NC", "NoC-OKLR", "CNE", "UND"), UNKNOWN),
    "NoC-US": "NoC-US-1.0",
    "NKC": "NKC-1.0",
}


@pytest.mark.parametrize(("name", "license_id"), RIGHTS_STATEMENTS.items())
def test_the_statements_of_rightsstatements_org(name, license_id):
    for scheme, kind, ending in product(("http://", "https://www.", ""), ("vocab", "page"), ("", "/", "/?language=de")):
        assert normalise("", f"{scheme}rightsstatements.org/{kind}/{name}/1.0{ending}") == license_id
