"""The tables that anyone can extend: every example in them is read, and no entry contradicts another."""

from collections import defaultdict

import pytest

from common.errors import UserError
from crawler.rights import license_table
from crawler.rights.license_table import Kind, licenses, titles
from crawler.rights.license_words import key
from crawler.rights.licenses import UNKNOWN, normalise, openness

EXAMPLES = [(text, entry.id) for entry in licenses().license for text in entry.examples]
EXAMPLES += [
    (text, license_id) for language in titles().languages.values() for text, license_id in language.examples.items()
]
EXAMPLES += [(number, license_id) for number, license_id in licenses().flickr.items()]


@pytest.mark.parametrize(("text", "license_id"), EXAMPLES)
def test_an_example_gives_its_licence(text, license_id):
    assert normalise(text) == license_id
    assert normalise(f" {text}\n") == license_id


@pytest.mark.parametrize("text", licenses().unknown.examples)
def test_an_example_of_no_licence_gives_none(text):
    assert normalise(text) == UNKNOWN
    assert normalise("", text) == UNKNOWN


@pytest.mark.parametrize("entry", licenses().license, ids=lambda entry: entry.id)
def test_an_entry_has_its_place_in_the_order_and_is_found_by_each_name_and_address(entry):
    assert openness(entry.id) != openness(UNKNOWN)
    assert entry.examples
    assert {normalise(name) for name in entry.names} <= {entry.id}
    assert {normalise("", f"https://{address}") for address in entry.addresses} <= {entry.id}


@pytest.mark.parametrize("language", titles().languages)
def test_each_language_has_an_example(language):
    assert titles().languages[language].examples


def test_no_element_means_two_things() -> None:
    meanings = defaultdict(set)
    for language in titles().languages.values():
        for element in ("by", "nc", "nd", "sa"):
            for text in getattr(language, element):
                meanings[key(text)].add(element)
    assert [text for text, elements in meanings.items() if len(elements) > 1] == []


def test_no_jurisdiction_has_two_codes() -> None:
    codes = defaultdict(set)
    for code, texts in titles().jurisdictions.items():
        for text in texts:
            codes[key(text)].add(code)
    assert [text for text, found in codes.items() if len(found) > 1] == []


def test_no_harmless_word_limits_or_claims() -> None:
    harmless = {key(text) for text in licenses().words.harmless}
    others = {text for text, name in license_table.names().items() if name.kind in (Kind.LIMIT, Kind.CLAIM, Kind.DOUBT)}
    assert harmless & others == set()
    stems = tuple(stem for _, found in license_table.stems() for stem in found)
    assert [text for text in harmless if text.startswith(stems)] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[flickr]", "[flickr", "found no valid TOML"),
        ("[flickr]", "[flicker]", "flickr: Field required"),
        ('name = "CC0 1.0"', 'nome = "CC0 1.0"', "license.0.name: Field required"),
    ],
)
def test_a_mistake_in_a_table_is_an_error_of_one_line(tmp_path, monkeypatch, old, new, message):
    text = (license_table._FOLDER / "licenses.toml").read_text(encoding="utf-8")
    (tmp_path / "licenses.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(license_table, "_FOLDER", tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        licenses.__wrapped__()
    assert "\n" not in str(caught.value)
