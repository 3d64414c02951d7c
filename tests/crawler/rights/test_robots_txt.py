"""robots.txt: RFC 9309, and what https://github.com/google/robotstxt expects wherever the RFC says the same."""

import pytest

from crawler.rights.finding import Verdict
from crawler.rights.robots_txt import MAX_PREFERENCES, Preference, deciding, matches, parse, preferences, training_rules
from crawler.rights.text import decode

IMAGE = "https://town.example/photos/mill.jpg"


def allowed(text, url=IMAGE, agent="facades"):
    return parse(text if isinstance(text, bytes) else text.encode()).can_fetch(url, agent)


# Bytes


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /",
        b"\xef\xbbUser-agent: *\nDisallow: /",
        b"\xef\xbb\xbf\xef\xbb\xbfUser-agent: *\nDisallow: /",
        "User-agent: *\nDisallow: /".encode("utf-16"),
        "\ufeffUser-agent: *\nDisallow: /".encode("utf-16-be"),
        "User-agent: *\nDisallow: /".encode("utf-16-le"),
        "User-agent: *\nDisallow: /".encode("utf-16-be"),
        "User-agent: *\nDisallow: /".encode("utf-32"),
        b"# B\xfcrger\nUser-agent: *\nDisallow: /",
        b"User-agent: *\rDisallow: /",
        b"User-agent: *\r\n\r\n\r\nDisallow: /\r\n",
        b"\0\0User-agent: *\n\0Disallow: /\0",
        b"\n" * 600_000 + b"User-agent: *\nDisallow: /",
    ],
    ids=range(13),
)
def test_a_file_of_any_encoding_and_size_is_read(body):
    assert not allowed(body)


@pytest.mark.parametrize("path", ["/%FC/a.jpg", "/%C3%BC/a.jpg", "/ü/a.jpg"])
@pytest.mark.parametrize("body", [b"User-agent: *\nDisallow: /\xfc/", "User-agent: *\nDisallow: /ü/".encode()])
def test_a_letter_in_a_path_is_matched_as_latin_1_and_as_utf_8(body, path):
    assert not allowed(body, f"https://town.example{path}")


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"<!doctype html>\n<p>Not found: /robots.txt</p>", b'{"error": 404}', b"\x1f\x8b\x08"]
)
def test_what_is_no_robots_txt_allows_all(body):
    assert allowed(body)
    assert parse(body).crawl_delay("facades") is None


# Lines


@pytest.mark.parametrize(
    "text",
    [
        "USER-AGENT: *\nDISALLOW: /",
        "user-agent:*\ndisallow:/",
        " User-agent :\t* \n\tDisallow\t:  /  ",
        "User-agent *\nDisallow /",
        "useragent: *\ndisalow: /",
        "User agent: *\nDissallow: /",
        "User-agent: * # all of you\nDisallow: / # please",
        "User-agent:\u00a0*\nDisallow:\u00a0/",
        "\u200bUser-agent: *\n\ufeffDisallow: /",
    ],
)
def test_a_line_is_read_with_usual_mistakes(text):
    assert not allowed(text)


# Agents and groups


@pytest.mark.parametrize(
    "agent",
    [
        "facades",
        "FACADES",
        "facades/0.1.0",
        "facades (pictures)",
        "facades images",
        "facades*",
        "*",
        "* # all",
        "* all",
    ],
)
def test_an_agent_is_the_token_before_what_cannot_be_in_one(agent):
    assert not allowed(f"User-agent: {agent}\nDisallow: /")


@pytest.mark.parametrize(
    "agent", ["facade", "facades-images", "facades_images", "myfacades", "fac*", "*facades", "", "3facades"]
)
def test_other_tokens_are_other_agents(agent):
    assert allowed(f"User-agent: {agent}\nDisallow: /")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("User-agent: *\nDisallow: /\nUser-agent: facades\nDisallow: /texts/", True),
        ("User-agent: *\nDisallow: /texts/\nUser-agent: facades/1\nDisallow: /", False),
        (
            "User-agent: facades\nDisallow: /a/\nUser-agent: other\nDisallow: /\nUser-agent: facades\nDisallow: /p",
            False,
        ),
        ("User-agent: facades\nUser-agent: other\n\nDisallow: /", False),
        ("User-agent: other\nDisallow: /\nUser-agent: facades", True),
        ("User-agent: *\nDisallow: /\nUser-agent: facades", True),
        ("Disallow: /\nUser-agent: facades\nDisallow: /texts/", True),
        ("User-agent: other\nDisallow: /", True),
    ],
)
def test_the_groups_that_name_the_crawler_apply_or_else_those_for_all(text, result):
    assert allowed(text) is result


@pytest.mark.parametrize(
    "line",
    [
        "Content-Signal: ai-train=no",
        "Sitemap: https://town.example/map.xml",
        "Crawl-delay: 5",
        "Unknown: x",
        "License: /l",
        "no line",
    ],
)
def test_a_line_that_the_rfc_does_not_define_does_not_split_a_group(line):
    assert not allowed(f"User-agent: facades\n{line}\nUser-agent: *\nDisallow: /")


# Paths


@pytest.mark.parametrize(
    ("rules", "path", "result"),
    [
        ("Disallow: /a", "/a", False), ("Disallow: /a", "/ab/c", False), ("Disallow: /a", "/A", True),
        ("Disallow: /a/", "/a", True), ("Disallow: /b", "/a/b", True), ("Disallow:", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True), ("Disallow: /a\nAllow: /a/b", "/a/c", False),
        ("Disallow: /a/b\nAllow: /a", "/a/b", False), ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.jpg", "/a/b.jpg?w=1", False), ("Disallow: /*.jpg$", "/a/b.jpg?w=1", True),
        ("Disallow: /*.jpg$", "/a/b.jpg", False), ("Disallow: /*/b", "/a/b", False), ("Disallow: /a$", "/ab", True),
        ("Disallow: /$", "/", False), ("Disallow: /$", "/a", True), ("Disallow: *.jpg", "/b.jpg", False),
        ("Allow: /p\nDisallow: /*.jpg", "/photo.jpg", False), ("Disallow: /?s=", "/?s=1", False),
        ("Disallow: /a%62", "/ab", False), ("Disallow: /a%2Fb", "/a/b", True), ("Disallow: /%c3%bc", "/%C3%BC", False),
        ("Disallow: /a#b", "/a", False), ("Disallow: /", "", False), ("Disallow: /", "/robots.txt", True),
    ],
)  # fmt: skip
def test_the_longest_path_decides(rules, path, result):
    assert allowed(f"User-agent: *\n{rules}", f"https://town.example{path}") is result


@pytest.mark.parametrize(
    "url", ["//town.example/photos/", "http://[::1/photos/", "photos/", "HTTP://town.example/photos/"]
)
def test_any_url_is_matched_by_its_path(url):
    assert not allowed("User-agent: *\nDisallow: /", url)


# Delays


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("2", 2.0), ("1.5", 1.5), ("1,5", 1.5), ("1.5s", 1.5), (".5", 0.5), ("10 # slow", 10.0), ("30 s", 30.0),
     ("3600", 3600.0), ("", None), ("soon", None), ("-1", None), ("inf", None), ("nan", None)],
)  # fmt: skip
def test_a_delay_is_read_with_a_comma_and_a_unit(delay, seconds):
    assert parse(f"User-agent: *\nCrawl-delay: {delay}".encode()).crawl_delay("facades") == seconds


def test_of_several_delays_the_longest_counts():
    rules = parse(b"User-agent: facades\nCrawl-delay: 3\nUser-agent: *\nCrawl-delay: 1\nDisallow: /x")
    assert rules.crawl_delay("facades") == 3


# Preferences


def verdict(values):
    return {"no": Verdict.RESERVED, "yes": Verdict.PERMITTED}.get("".join(values).strip(), Verdict.SILENT)


def decided(*values, url=IMAGE):
    found = deciding(preferences("Use", list(values), verdict), url)
    return found and (found.verdict, found.line)


def test_the_preference_with_the_longest_path_decides():
    assert decided("no", "/photos/ yes") == (Verdict.PERMITTED, "Use: /photos/ yes")
    assert decided("yes", "/photos/*.jpg no", "/photos/ yes") == (Verdict.RESERVED, "Use: /photos/*.jpg no")
    assert decided("/texts/ no") is None
    assert decided("/photos/mill.jpg$\tno") == (Verdict.RESERVED, "Use: /photos/mill.jpg$\tno")


def test_of_preferences_for_equal_paths_the_strictest_counts():
    assert decided("/photos/ yes", "/photos/ no") == (Verdict.RESERVED, "Use: /photos/ no")
    assert decided("no", "yes") == (Verdict.RESERVED, "Use: no")


def test_a_longer_path_with_another_preference_does_not_lift_a_refusal():
    assert decided("no", "/photos/ other") == (Verdict.RESERVED, "Use: no")


def test_more_rules_than_are_read_reserve():
    many = [f"/{number}/ yes" for number in range(MAX_PREFERENCES + 1)]
    assert decided(*many, url="https://town.example/a") == (Verdict.RESERVED, f"more than {MAX_PREFERENCES} rules")


def test_preferences_before_any_group_are_for_every_crawler():
    rules = parse(b"Use: x\nContent-Usage: train-ai=n\nUser-agent: facades\nContent-Usage: search=y")
    assert rules.values("content-usage", "facades") == ["search=y", "train-ai=n"]
    assert rules.values("content-usage", "other") == ["train-ai=n"]


def test_a_preference_ends_the_list_of_agents_for_preferences_but_not_for_paths():
    rules = parse(
        b"User-agent: *\nContent-Usage: train-ai=n\nUser-agent: facades\nContent-Usage: train-ai=y\nDisallow: /"
    )
    assert rules.values("content-usage", "facades") == ["train-ai=y"]
    assert rules.values("content-usage", "other") == ["train-ai=n"]
    assert not rules.can_fetch(IMAGE, "other")


def test_a_page_in_place_of_the_file_states_no_preference():
    rules = parse(b"<html>\nLicense: https://town.example/l.xml\nContent-Usage: train-ai=n")
    assert rules.licences == []
    assert rules.values("content-usage", "facades") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DisallowAITraining: /", Verdict.RESERVED),
        ("DisallowAITraining: /photos/", Verdict.RESERVED),
        ("DisallowAITraining: yes", Verdict.RESERVED),
        ("DisallowAITraining: /\nAllowAITraining: /photos/", Verdict.PERMITTED),
        ("DisallowAITraining: /\nAllowAITraining: /", Verdict.RESERVED),
        ("DisallowAITraining: /texts/", None),
        ("DisallowAITraining:", None),
    ],
)
def test_disallow_ai_training(text, expected):
    found = deciding(training_rules(parse(f"User-agent: *\n{text}".encode()), "facades"), IMAGE)
    assert (found and found.verdict) == expected


def test_a_path_alone_can_be_matched():
    assert matches("/photos/*.jpg$", IMAGE)
    assert not matches("/photos/*.png$", IMAGE)
    assert deciding([Preference("", Verdict.SILENT, "")], "") is not None


@pytest.mark.parametrize(
    ("body", "declared", "text"),
    [
        ("ü".encode(), "", "ü"), (b"\xfc", "", "ü"), (b"\xfc", "latin-1", "ü"), (b"\xfc", "no-such", "ü"),
        (b"ab", "hex", "ab"), ("ü".encode("utf-8-sig"), "utf-16", "ü"), ("hello".encode("utf-16-le"), "", "hello"),
        ("a".encode("utf-16"), "", "a"), (b"", "utf-7", ""),
    ],
)  # fmt: skip
def test_text_is_decoded_by_mark_declaration_and_content(body, declared, text):
    assert decode(body, declared) == text
