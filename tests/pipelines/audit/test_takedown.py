"""`exclude` and `affected`: a takedown reaches every version and every model."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from common.errors import UserError
from pipelines.audit.affected import find_affected
from pipelines.audit.history import entries
from pipelines.audit.takedown import Request, append, parse, requests_for
from pipelines.versions.repository import Repository

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration

HEADER = "kind,value,reason,by,date,near\n"
REQUEST = Request("author", "Ann", 'she said "no",\nfirmly', "curator", "2026-11-23", True)


def test_a_line_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.csv"
    before = HEADER + "page,https://a.invalid/,no,me,2026-01-01,false"  # no newline at the end
    path.write_text(before)
    append(path, REQUEST)
    assert path.read_text().startswith(before + "\n")
    assert parse(path.read_bytes())[1] == REQUEST
    with pytest.raises(UserError, match="author Ann is excluded already"):
        append(path, REQUEST)


def test_a_file_with_a_mistake_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.csv"
    path.write_text(HEADER + "sound,x,,,,\n")
    with pytest.raises(UserError, match=r"exclusions\.csv:2: kind: found 'sound'"):
        append(path, REQUEST)
    assert path.read_text() == HEADER + "sound,x,,,,\n"


def test_the_most_specific_request_counts() -> None:
    rows: list[dict[str, str | None]] = [
        {"sha256": "a", "image_url": "u", "page_url": "p", "author": "Ann", "keeper": None},
        {"sha256": "b", "image_url": "v", "page_url": "q", "author": "Bob", "keeper": "a"},
        {"sha256": "c", "image_url": "w", "page_url": "r", "author": "Bob", "keeper": None},
    ]
    by_author = Request("author", "Ann", "", "", "", True)
    assert requests_for(rows, [by_author]) == {"a": by_author, "b": by_author}
    by_image = Request("image", "a", "", "", "", True)
    assert requests_for(rows, [by_author, by_image])["a"] == by_image, (
        "a request for the image itself is the most specific"
    )


def test_a_request_for_a_url_with_a_credential_names_the_image_without_it(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.csv"
    path.write_text(HEADER)
    append(path, Request("url", "https://bob:S3cret@a.invalid/1.jpg?size=9&token=K3Y", "asked", "me", "", False))
    (request,) = parse(path.read_bytes())
    assert request.value == "https://a.invalid/1.jpg?size=9"
    older = Request("url", "https://a.invalid/1.jpg?token=K3Y&size=9", "asked", "me", "", False)
    row = {"sha256": "a", "image_url": request.value, "page_url": "", "author": "", "keeper": None}
    assert requests_for([row], [request]) == {"a": request}
    assert requests_for([row], [older]) == {"a": older}


def test_a_takedown_from_the_command_to_the_next_version(town: "Town") -> None:
    victim = next(b for b in town.sources["town"] if b.author == "Cleo" and b.side > 200)
    code, printed = town.facades("dataset", "exclude", victim.sha256[:10], "--reason", "the owner asked", "--exact")
    assert code == 0, printed
    assert "1 image(s) of the work tree's dataset, 1 of them facades" in " ".join(printed.split())
    (*_, request) = parse((town.folder / "exclusions.csv").read_bytes())
    assert (request.kind, request.value, request.by, request.near) == ("image", victim.sha256, "Test", False)

    found = find_affected(Repository(town.folder))
    assert [one.version for one in found.versions][-1] == "v1.0.0"
    assert {one.images for one in found.versions[:3]} == {1}, "the last three versions contain only this one"
    assert {one.model for one in found.models} == {"facade"}

    town.models["facade"] = 3  # `dvc repro` trains again, as images.npy is another
    town.commit("taken down")
    newest = entries(Repository(town.folder))[0]
    assert str(newest.number) == "5.0.0"
    found = find_affected(Repository(town.folder))
    assert newest.name not in {one.version for one in found.versions}
    assert newest.revision[:8] not in {one.version for one in found.models}
    assert "1fac" not in found.unknown

    town.params["sources"]["town"]["snapshot"] = "2"
    town.drawn.clear()  # crawled again, with the same images
    town.commit("refreshed")
    rows = {row["sha256"]: row["reason"] for row in _manifest(town)}
    assert rows[victim.sha256] == "excluded", "a refresh does not bring it back"


def _manifest(town: "Town") -> list[dict[str, str]]:
    from pipelines.versions.version import open_version

    return open_version(Repository(town.folder), "HEAD").manifest(["sha256", "reason"]).to_pylist()


def test_authors_pages_and_urls_can_be_excluded(town: "Town") -> None:
    building = town.sources["town"][19]
    for arguments, kind, value in (
        (["--author", "Ann"], "author", "Ann"),
        (["--page", building.page_url], "page", building.page_url),
        ([building.image_url], "url", building.image_url),
    ):
        assert town.facades("dataset", "exclude", *arguments, "--reason", "no", "--by", "me")[0] == 0
        (*_, request) = parse((town.folder / "exclusions.csv").read_bytes())
        assert (request.kind, request.value, request.by, request.near) == (kind, value, "me", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reason", "no"], "found 0 things to exclude"),
        (["--reason", " ", "--author", "Ann"], "found an empty reason"),
        (["--reason", "no", "--author", "Ann", "--page", "https://x.invalid/"], "found 2 things to exclude"),
        (["--reason", "no", "beefbeef"], "no image with this start of its sha256"),
        (["--reason", "no", "--author", "Bob", "--exact"], "author Bob is excluded already"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(story: "Town", arguments: list[str], message: str) -> None:
    before = (story.folder / "exclusions.csv").read_bytes()
    code, printed = story.facades("dataset", "exclude", *arguments)
    assert code == 1
    assert message in printed
    assert "\n" not in printed
    assert (story.folder / "exclusions.csv").read_bytes() == before


def test_older_versions_and_models_still_contain_excluded_images(story: "Town") -> None:
    found = find_affected(Repository(story.folder))
    names = [one.version for one in found.versions]
    assert len(names) == 3
    assert names[-1] == "v1.0.0"
    assert all(one.requests == ["by curator, 2026-11-20: asked by mail (author Bob)"] for one in found.versions)
    assert len(found.models) == 4, "trained twice on the first version, once on each of the next two"
    code, table = story.facades("dataset", "affected")
    assert (code, max(map(len, table.splitlines())) <= 80) == (0, True)
