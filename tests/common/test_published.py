"""What may be published: no credentials in URLs, no folders of the user's own disk."""

from typing import Any

import pytest

from common.published import public_parameter, public_text, public_url

UNCHANGED = (
    "https://commons.invalid/w/index.php?title=File:A_b.jpg&oldid=7#metadata",
    "https://museum.invalid/iiif/42/full/!512,512/0/default.jpg",
    "https://shop.invalid/?monkeys=3&keyboard=de&tokens_of_love=1",
    "https://museum.invalid/manifest.json#xywh=0,0,1,1",
    "http://[2001:db8::1]:8080/a%20b?q=%C3%A9",
    "folder://prints/a%20house.jpg",
    "",
)

CLEANED = {
    "https://bob:S3cret@museum.invalid:8443/a.jpg?size=9": "https://museum.invalid:8443/a.jpg?size=9",
    "https://token@museum.invalid/": "https://museum.invalid/",
    "https://a:b@c@museum.invalid/": "https://museum.invalid/",
    "https://museum.invalid/a?key=K": "https://museum.invalid/a",
    "https://museum.invalid/a?api_key=K&size=9": "https://museum.invalid/a?size=9",
    "https://museum.invalid/a?size=9&Access-Token=K#top": "https://museum.invalid/a?size=9#top",
    "https://museum.invalid/a?access%5Ftoken=K": "https://museum.invalid/a",
    "https://bucket.invalid/a?X-Amz-Date=1&X-Amz-Credential=K&X-Amz-Signature=K&X-Amz-Security-Token=K": (
        "https://bucket.invalid/a?X-Amz-Date=1"
    ),
    "https://blob.invalid/a?sv=1&sp=r&sig=K": "https://blob.invalid/a?sv=1&sp=r",
    "https://cdn.invalid/a?Policy=P&Signature=K&Key-Pair-Id=I": "https://cdn.invalid/a",
    "https://museum.invalid/a#access_token=K&state=1": "https://museum.invalid/a",
    "https://museum.invalid/a;jsessionid=K?id=1": "https://museum.invalid/a?id=1",
    "//bob:S3cret@museum.invalid/a": "//museum.invalid/a",
    "file:///home/bob/pictures/a%20house.jpg": "a house.jpg",
    "/home/bob/pictures/a.jpg": "a.jpg",
    "~bob/pictures/a.jpg": "a.jpg",
    "C:\\Users\\bob\\a.jpg": "a.jpg",
    "c:/Users/bob/a.jpg": "a.jpg",
    "https://[bob:S3cret@": "",
}


@pytest.mark.parametrize("url", UNCHANGED)
def test_a_url_without_credentials_is_unchanged(url: str) -> None:
    assert public_url(url) == url


@pytest.mark.parametrize(("url", "expected"), CLEANED.items())
def test_credentials_and_folders_of_a_disk_are_cut_out(url: str, expected: str) -> None:
    assert public_url(url) == expected
    assert public_url(expected) == expected


def test_urls_in_a_text_are_cleaned() -> None:
    text = "redirected to https://bob:S3cret@museum.invalid/a?token=K, then lost"
    assert public_text(text) == "redirected to https://museum.invalid/a then lost"


PARAMETERS: dict[str, tuple[Any, str]] = {
    "a URL with a query": ("https://bob:S3cret@museum.invalid/m?set=3&x=K", "https://museum.invalid/m?…"),
    "a URL with a fragment": ("https://museum.invalid/m#K", "https://museum.invalid/m"),
    "a folder": ("/home/bob.smith/private/facades", "facades"),
    "a folder with a slash at its end": ("/home/bob.smith/facades/", "facades"),
    "a home": ("~/pictures/facades.zip", "facades.zip"),
    "a folder above": ("../bob/facades", "facades"),
    "a path of Windows": ("D:\\bob\\facades", "facades"),
    "a share": ("\\\\server\\bob\\facades", "facades"),
    "a path in the project": ("pictures/facades", "pictures/facades"),
    "a category": ("Facades in Paris / Lyon", "Facades in Paris / Lyon"),
    "a selector": ("a[href^='https://bob@museum.invalid/x?key=K']", "a[href^='https://museum.invalid/x?…']"),
    "a list": (["https://a.invalid/?k=K", 3], "https://a.invalid/?… 3"),
    "a mapping": ({"page_url": "/home/bob/link"}, "page_url: link"),
    "a number": (7, "7"),
    "a flag": (True, "True"),
}


@pytest.mark.parametrize(("value", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_is_published_without_what_is_private(value: Any, expected: str) -> None:
    assert public_parameter(value) == expected
