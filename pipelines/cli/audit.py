"""`facades audit …`: what is in a dataset version, why, from whom, and how it differs from another."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from common.errors import UserError
from common.files import replacing

audit = typer.Typer(no_args_is_help=True, help="What a dataset version holds, why, from whom, and how it differs.")

Sample = Annotated[int | None, typer.Option(min=1, help="Of bytes and pixels check so many images, evenly spread.")]
Html = Annotated[Path | None, typer.Option(help="Write one self-contained page to this file instead.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Revision = Annotated[str, typer.Argument(help="A git revision, or `workspace` for the work tree.")]


@audit.command()
def log(
    json: Json = False,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Also other branches, merged ones and experiments.")
    ] = False,
) -> None:
    """List every dataset version: what it holds, what changed, its number, its models."""
    from pipelines.audit import as_json, history
    from pipelines.audit.terminal import tables, versions
    from pipelines.versions.repository import Repository

    found = history.entries(Repository(Path.cwd()), everywhere=everywhere)
    as_json.show(found) if json else tables.show(*versions.log(found))


@audit.command()
def diff(before: Revision, after: Revision = "workspace", json: Json = False, html: Html = None) -> None:
    """Explain the difference of two versions: every image that came, went or was decided otherwise, and why."""
    from pipelines.audit import as_json
    from pipelines.audit.comparison import compare_versions
    from pipelines.audit.terminal import tables, versions
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    repository = Repository(Path.cwd())
    old, new = open_version(repository, before), open_version(repository, after)
    found = compare_versions(old, new)
    if html:
        from pipelines.audit.pages.difference import page

        _write(page(found, old, new), html)
    else:
        as_json.show(found) if json else tables.show(*versions.diff(found))


class By(StrEnum):
    AUTHOR = "author"


@audit.command()
def show(
    image: Annotated[
        str, typer.Argument(help="A sha256's start, a row number, a URL, a picture file; or a name with --by.")
    ],
    by: Annotated[By | None, typer.Option(help="List all images of an author, by the exact name.")] = None,
    rev: Annotated[str, typer.Option(help="The version to look in.")] = "workspace",
    json: Json = False,
    html: Html = None,
) -> None:
    """Tell the whole life of an image: fetch, licence, measures, decision, duplicates, versions and models."""
    from pipelines.audit import as_json, provenance, search
    from pipelines.audit.pages import provenance as pages
    from pipelines.audit.terminal import images, tables
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    repository = Repository(Path.cwd())
    version = open_version(repository, rev)
    if by is By.AUTHOR:
        works = provenance.manifest_summary(version, search.by_author(version, image))
        if html:
            _write(pages.author_page(image, works.to_pylist(), version), html)
        else:
            as_json.show(works) if json else tables.show(*images.author(image, works.to_pylist()))
        return
    lives = [provenance.trace_image(repository, version, sha256) for sha256 in search.images(version, image)]
    if html:
        _write(pages.page(lives[0], version), html)
    else:
        as_json.show(lives) if json else tables.show(*(part for one in lives for part in images.provenance(one)))


@audit.command()
def verify(rev: Revision = "workspace", sample: Sample = None, json: Json = False) -> None:
    """Recompute what a version claims of bytes, pixels, manifest, licences, papers; exit with 1 if it is not so."""
    from pipelines.audit import as_json, verification
    from pipelines.audit.terminal import checks as words
    from pipelines.audit.terminal import tables
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    version = open_version(Repository(Path.cwd()), rev)
    checks = []
    for check in verification.verify(version, sample):
        checks.append(check)
        if not json:
            tables.show(*words.check(check))
    as_json.show(checks) if json else tables.show(*words.verdict(checks))
    if any(check.failures for check in checks):
        raise typer.Exit(1)


@audit.command()
def exclude(
    reason: Annotated[str, typer.Option(help="Why; it is kept in exclusions.csv and shown wherever the image is.")],
    image: Annotated[str | None, typer.Argument(help="An image's URL, or what `show` takes.")] = None,
    author: Annotated[str | None, typer.Option(help="All images of an author, by the exact name.")] = None,
    page: Annotated[str | None, typer.Option(help="All images from a page, by its URL.")] = None,
    near: Annotated[bool, typer.Option("--near/--exact", help="Near duplicates too.")] = True,
    by: Annotated[str | None, typer.Option(help="Who decided; git's user.name if not given.")] = None,
) -> None:
    """Leave images out of all versions to come: a line in exclusions.csv, which the next `dvc repro` obeys."""
    from pipelines.audit import search, takedown
    from pipelines.audit.terminal import images, tables
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import Version

    named: dict[takedown.Kind, str | None] = {"image": image, "author": author, "page": page}
    given = [(kind, value) for kind, value in named.items() if value is not None]
    if len(given) != 1:
        raise UserError(f"found {len(given)} things to exclude, expected one: IMAGE, --author or --page")
    (kind, value) = given[0]
    repository = Repository(Path.cwd())
    workspace = Version(repository, None)
    if kind == "image" and "://" in value:
        kind = "url"
    elif kind == "image":
        value = search.images(workspace, value)[0]
    request = takedown.Request(kind, value, reason, repository.user() if by is None else by, takedown.today(), near)
    takedown.append(repository.root / takedown.FILE, request)
    tables.show(*images.exclusion(request, takedown.rows_of(workspace, request)))


@audit.command()
def contaminated(json: Json = False) -> None:
    """List the versions and models that still hold what is excluded by now."""
    from pipelines.audit import as_json
    from pipelines.audit.affected import find_affected
    from pipelines.audit.terminal import images, tables
    from pipelines.versions.repository import Repository

    found = find_affected(Repository(Path.cwd()))
    as_json.show(found) if json else tables.show(*images.affected(found))


@audit.command()
def memorised(
    model: Annotated[str, typer.Argument(help="Its name in params.yaml.")],
    rev: Annotated[str, typer.Option(help="The version to take the model from.")] = "workspace",
    n: Annotated[int, typer.Option("-n", min=10, help="How many images to draw.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the latents.")] = 0,
    json: Json = False,
    html: Html = None,
) -> None:
    """Ask whether a model's images are copies of its training images; real held-out images are the yardstick."""
    from common.progress import progress
    from pipelines.audit import as_json
    from pipelines.audit.memorization import measure_memorization
    from pipelines.audit.terminal import memorization, tables
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    version = open_version(Repository(Path.cwd()), rev)
    with progress(f"memorised {model}", "images") as report:
        found, pictures = measure_memorization(version, model, n, seed, report)
    if html:
        from pipelines.audit.pages.memorization import page

        _write(page(found, pictures), html)
    else:
        as_json.show(found) if json else tables.show(*memorization.memorization(found))


def _write(page: str, out: Path) -> None:
    with replacing(out) as draft:
        draft.write_text(page, encoding="utf-8")
    print(out)
