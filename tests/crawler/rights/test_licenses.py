"""Licences as sources really write them: recorded API answers, the Creative Commons list, Commons templates, Flickr."""

import pytest

from crawler.rights.licenses import attribution, name_of, normalise, openness, url_of

BY = "https://creativecommons.org/licenses/by/4.0/"
SPELLINGS = {
    # Wikimedia Commons: LicenseShortName, License, UsageTerms, LicenseUrl
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "CC BY-SA 3.0 de": "CC-BY-SA-3.0-DE",
    "cc-by-sa-3.0-de": "CC-BY-SA-3.0-DE",
    "CC BY-SA 3.0 at": "CC-BY-SA-3.0-AT",
    "CC BY 2.5 br": "CC-BY-2.5-BR",
    "CC BY-SA 2.1 jp": "CC-BY-SA-2.1-JP",
    "CC BY-SA 3.0 igo": "CC-BY-SA-3.0-IGO",
    "CC BY 3.0 us": "CC-BY-3.0-US",
    "CC-BY-SA-3.0,2.5,2.0,1.0": "CC-BY-SA-3.0",
    "Creative Commons Attribution-Share Alike 4.0": "CC-BY-SA-4.0",
    "Creative Commons Attribution-Share Alike 3.0 Unported": "CC-BY-SA-3.0",
    "Creative Commons Attribution-ShareAlike 2.0 Generic": "CC-BY-SA-2.0",
    "Creative Commons Attribution 3.0 Germany": "CC-BY-3.0-DE",
    "Creative Commons Attribution 4.0 International": "CC-BY-4.0",
    "CC0": "CC0-1.0",
    "cc-zero": "CC0-1.0",
    "Creative Commons Zero, Public Domain Dedication": "CC0-1.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "Public domain": "PDM-1.0",
    "pd": "PDM-1.0",
    "PD-old-70-expired": "PDM-1.0",
    "PD-self": "PDM-1.0",
    "CC-PD-Mark": "PDM-1.0",
    "GFDL": "GFDL-1.2-or-later",
    "GFDL 1.2": "GFDL-1.2-or-later",
    "GNU Free Documentation License 1.3 only": "GFDL-1.3-only",
    "GFDL 1.3 or later": "GFDL-1.3-or-later",
    "FAL": "LAL-1.3",
    "Free Art License": "LAL-1.3",
    "OGL 3": "OGL-UK-3.0",
    "Open Government Licence v3.0": "OGL-UK-3.0",
    # pages of licences
    "https://creativecommons.org/licenses/by/4.0/": "CC-BY-4.0",
    "http://creativecommons.org/licenses/by/2.0": "CC-BY-2.0",
    "https://creativecommons.org/licenses/by-sa/3.0/de/deed.en": "CC-BY-SA-3.0-DE",
    "https://creativecommons.org/licenses/by-sa/4.0/deed.de": "CC-BY-SA-4.0",
    "https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode": "CC-BY-NC-ND-4.0",
    "http://creativecommons.org/licenses/by-nd-nc/1.0/": "CC-BY-NC-ND-1.0",
    "//creativecommons.org/licenses/by-nc/2.5/scotland/": "CC-BY-NC-2.5-SCOTLAND",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "https://creativecommons.org/publicdomain/zero/1.0/deed.en": "CC0-1.0",
    "http://creativecommons.org/publicdomain/mark/1.0/": "PDM-1.0",
    "https://creativecommons.org/licenses/publicdomain/": "PDM-1.0",
    "https://www.gnu.org/copyleft/fdl.html": "GFDL-1.2-or-later",
    "https://www.gnu.org/licenses/fdl-1.3.html": "GFDL-1.3-or-later",
    "http://rightsstatements.org/vocab/NKC/1.0/": "NKC-1.0",
    "http://rightsstatements.org/vocab/NoC-US/1.0/": "NoC-US-1.0",
    "http://rightsstatements.org/vocab/InC/1.0/": "InC-1.0",
    "https://rightsstatements.org/page/InC-EDU/1.0/?language=en": "InC-1.0",
    "https://www.flickr.com/commons/usage/": "NKC-1.0",
    # Openverse: licence and version
    "CC by 2.0": "CC-BY-2.0",
    "CC cc0 1.0": "CC0-1.0",
    "CC pdm 1.0": "PDM-1.0",
    "by-sa 2.0": "CC-BY-SA-2.0",
    "by-nc-sa 3.0": "CC-BY-NC-SA-3.0",
    "by-nc-nd 2.0": "CC-BY-NC-ND-2.0",
    "cc0 1.0": "CC0-1.0",
    "pdm 1.0": "PDM-1.0",
    # Flickr's numbers
    "0": "InC-1.0",
    "4": "CC-BY-2.0",
    "5": "CC-BY-SA-2.0",
    "7": "NKC-1.0",
    "9": "CC0-1.0",
    "10": "PDM-1.0",
    "12": "CC-BY-SA-4.0",
    # Library of Congress: rights advisories
    "No known restrictions on publication.": "NKC-1.0",
    "No known copyright restrictions": "NKC-1.0",
    # people
    "Attribution 4.0 International (CC BY 4.0)": "CC-BY-4.0",
    "Creative Commons — Attribution-NonCommercial-NoDerivs 2.0": "CC-BY-NC-ND-2.0",
    "Licensed under CC-BY-NC 4.0": "CC-BY-NC-4.0",
    "This is licensed under a Creative Commons Attribution-NonCommercial-ShareAlike 3.0 License": "CC-BY-NC-SA-3.0",
    "cc by 4": "CC-BY-4.0",
    "CC BY 3.0 in the whole gallery": "CC-BY-3.0",
    "gemeinfrei": "PDM-1.0",
    "United States Government Work": "NoC-US-1.0",
    "© 2019 A. Person, all rights reserved": "InC-1.0",
    "Alle Rechte vorbehalten": "InC-1.0",
    # nothing that could be kept to
    "": "unknown",
    "CC BY": "unknown",
    "by": "unknown",
    "Some rights reserved (BY)": "unknown",
    "by 2.0": "unknown",
    "No known restrictions on images made by the U.S. Government; images copied from other sources may be": "unknown",
    "Creative Commons": "unknown",
    "sampling+ 1.0": "unknown",
    "https://creativecommons.org/licenses/sampling+/1.0/": "unknown",
    "Not in the public domain": "unknown",
    "Unsplash License": "unknown",
    "Fair use": "unknown",
    "Photo by 3.0 Studio": "unknown",
    "CC BY 9.9": "unknown",
    "BY-SA-ND 4.0": "unknown",
    "http://rightsstatements.org/vocab/CNE/1.0/": "unknown",
    "17": "unknown",
    "© 2020 Somebody": "unknown",
    "Rights status not evaluated.": "unknown",
}


@pytest.mark.parametrize(("text", "license_id"), SPELLINGS.items())
def test_normalise(text, license_id):
    assert normalise(text) == license_id
    assert normalise(text.upper() if "/" not in text else text) == license_id
    assert normalise(f"  {text}\n") == license_id


@pytest.mark.parametrize(
    ("html", "license_id"),
    [
        ("<p>Licensed under <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY 4.0</a>.</p>", "CC-BY-4.0"),
        ("<a href='https://creativecommons.org/licenses/by-nc/4.0/'>CC BY 4.0</a>", "CC-BY-NC-4.0"),
        ("<img src='https://i.creativecommons.org/l/by/4.0/88x31.png' alt='Creative Commons License'>", "CC-BY-4.0"),
        ("<img alt='CC BY-NC 4.0' src='/badge.png'> CC BY 4.0", "CC-BY-NC-4.0"),
        ("CC&nbsp;BY&#160;4.0", "CC-BY-4.0"),
        ("is <b>not</b> <a href='/pd'>public domain</a>", "unknown"),
        ("n<b>o</b>t public domain", "unknown"),
        ("<b>CC BY</b><br>4.0", "CC-BY-4.0"),
        ("&copy; 2020 CC BY 4.0", "unknown"),
        ("&amp;copy; 2020 CC BY 4.0", "unknown"),
        ("<s>CC BY 4.0</s>", "unknown"),
        ("CC BY 4.0 <del>for all</del>", "unknown"),
        ("CC BY 4.0 <no commercial use>", "CC-BY-NC-4.0"),
        ("CC BY 4.0 <NC", "CC-BY-NC-4.0"),
        ("CC BY 4.0 <!-- all rights reserved", "InC-1.0"),
        ("<? All rights reserved", "InC-1.0"),
    ],
)
def test_markup_is_taken_out_first_and_hides_nothing(html, license_id):
    assert normalise(html) == license_id


def test_there_are_enough_of_them() -> None:
    assert len(SPELLINGS) >= 60


@pytest.mark.parametrize(
    ("text", "url", "license_id"),
    [
        ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0", "CC-BY-SA-4.0"),
        ("", "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("Some rights reserved", "https://creativecommons.org/licenses/by/2.0/", "CC-BY-2.0"),
        ("CC BY-NC 4.0", "https://creativecommons.org/licenses/by/4.0/", "CC-BY-NC-4.0"),
        ("All rights reserved", "https://creativecommons.org/licenses/by/4.0/", "InC-1.0"),
        ("CC BY 4.0", "https://example.org/terms", "CC-BY-4.0"),
        ("see the terms", "https://example.org/terms", "unknown"),
        ("CC BY 4.0", "/terms.html", "CC-BY-4.0"),
        ("CC BY-SA 4.0", "CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("Provided by the Museum of the Town", BY, "CC-BY-4.0"),
        ("Not for resale", BY, "unknown"),
        ("© The Museum", BY, "unknown"),
        ("Attribution-ShareAlike", BY, "unknown"),
        ("Creative Commons Attribution License", BY, "CC-BY-4.0"),
        ("Jane Doe, CC BY 4.0", BY, "unknown"),  # so would be "allegedly CC BY 4.0"
        (f"Jane Doe, <a href='{BY}'>CC BY 4.0</a>", BY, "CC-BY-4.0"),
        (f"allegedly <a href='{BY}'>CC BY 4.0</a>", BY, "unknown"),
        (f"Jane Doe, <a href='{BY}'>CC BY 4.0</a>", BY.replace("by", "by-sa"), "unknown"),
        (f"Jane Doe, <a href='{BY}'>CC BY 4.0</a>", "", "unknown"),
        ("CC0", "http://rightsstatements.org/vocab/CNE/1.0/", "unknown"),
        ("CC BY 4.0", f"{BY}nc", "unknown"),
    ],
)
def test_of_text_and_url_the_stricter_licence_counts(text, url, license_id):
    assert normalise(text, url) == license_id


def test_a_licence_s_page_names_it() -> None:
    for license_id in set(SPELLINGS.values()) - {"unknown", "GFDL-1.3-only"}:
        assert normalise(url_of(license_id)) == license_id
        assert normalise("", url_of(license_id)) == license_id


def test_a_licence_s_name_names_it() -> None:
    for license_id in set(SPELLINGS.values()) - {"unknown"}:
        assert normalise(name_of(license_id)) == license_id


def test_openness_is_an_order_from_free_to_closed() -> None:
    order = [
        "CC0-1.0",
        "PDM-1.0",
        "CC-BY-4.0",
        "CC-BY-SA-3.0-DE",
        "CC-BY-NC-4.0",
        "CC-BY-NC-ND-4.0",
        "unknown",
        "InC-1.0",
    ]
    assert sorted(order, key=openness) == order
    assert openness("CC-BY-2.0") == openness("CC-BY-4.0")
    assert openness("something else") == openness("unknown")


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (
            ("Facade", "Ada", "CC-BY-SA-4.0", "http://x.org/1"),
            "“Facade” by Ada, CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/), via http://x.org/1",
        ),
        (
            ("", "", "PDM-1.0", ""),
            "Untitled by an unknown author, public domain (https://creativecommons.org/publicdomain/mark/1.0/)",
        ),
        (("A", "B", "unknown", "http://x.org/2"), "“A” by B, licence unknown, via http://x.org/2"),
    ],
)
def test_attribution_is_a_line_to_paste(parts, line):
    assert attribution(*parts) == line
