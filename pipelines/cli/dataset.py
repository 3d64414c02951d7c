"""`facades dataset`: what a dataset version contains and why, how versions differ, what to exclude."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from common.errors import UserError
from pipelines.cli import completion, exports
from pipelines.cli.options import VERSION, Html, Image, Json, OptionalImage, Out, Rev, opened

commands = typer.Typer(no_args_is_help=True, help="Compare, explain, verify and export dataset versions.")
commands.add_typer(exports.dataset, name="export")

Name = TypeVar("Name", bound=str)

Author = Annotated[
    str | None, typer.Option("--author", metavar="NAME", help="All images by this author, by exact name.")
]


@commands.command()
def log(
    json: Json = False,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Include other branches, merged branches and experiments.")
    ] = False,
) -> None:
    """List every dataset version: counts, changes, the version number that is due, and models."""
    from pipelines.audit import as_json, history
    from pipelines.audit.terminal import tables, versions
    from pipelines.versions.repository import Repository

    found = history.entries(Repository(Path.cwd()), everywhere=everywhere)
    as_json.show(found) if json else tables.show(*versions.log(found))


@commands.command()
def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="BEFORE",
            help="Dataset version to compare with: a git revision, for example HEAD.",
            autocompletion=completion.revisions,
        ),
    ],
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help=VERSION, autocompletion=completion.revisions)
    ] = "workspace",
    json: Json = False,
    html: Html = None,
) -> None:
    """Explain the difference of two versions: every image that was added, removed or decided differently, and why."""
    from pipelines.audit import as_json
    from pipelines.audit.comparison import compare_versions
    from pipelines.audit.terminal import tables, versions

    old, new = opened(before), opened(after)
    found = compare_versions(old, new)
    if html:
        from pipelines.audit.pages import save
        from pipelines.audit.pages.difference import page

        print(save(page(found, old, new), html))
    else:
        as_json.show(found) if json else tables.show(*versions.diff(found))


@commands.command()
def show(
    image: OptionalImage = None,
    author: Author = None,
    rev: Rev = "workspace",
    json: Json = False,
    html: Html = None,
) -> None:
    """Show all that is known of an image: fetch, licence, measures, decision, duplicates, versions and models."""
    from pipelines.audit import as_json, provenance, search
    from pipelines.audit.pages import provenance as pages
    from pipelines.audit.pages import save
    from pipelines.audit.terminal import images, tables

    what, value = _one_of({"image": image, "author": author}, "show", "IMAGE or --author")
    version = opened(rev)
    if what == "author":
        summary = provenance.manifest_summary(version, search.by_author(version, value))
        if html:
            print(save(pages.author_page(value, summary.to_pylist(), version), html))
        else:
            as_json.show(summary) if json else tables.show(*images.author(value, summary.to_pylist()))
        return
    traces = [provenance.trace_image(version.repository, version, sha256) for sha256 in search.images(version, value)]
    if html:
        print(save(pages.page(traces[0], version), html))
    else:
        as_json.show(traces) if json else tables.show(*(part for one in traces for part in images.provenance(one)))


@commands.command()
def why(
    image: Image,
    rev: Rev = "workspace",
    out: Out = None,
    json: Json = False,
) -> None:
    """Explain why an image was kept or dropped: each filter, the keeper of its cluster, and pictures of both."""
    from pipelines.audit import as_json, search
    from pipelines.audit.terminal import tables
    from pipelines.audit.terminal import why as words
    from pipelines.audit.why import save
    from pipelines.audit.why import why as explain

    version = opened(rev)
    found = [one for sha256 in search.images(version, image) for one in explain(version, sha256)]
    if json:
        as_json.show(found)
        return
    for one in found:
        tables.show(*words.why(one, save(version, one, out or Path("exports/why"))))


@commands.command()
def verify(
    rev: Annotated[str, typer.Argument(metavar="REV", help=VERSION, autocompletion=completion.revisions)] = "workspace",
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help="Check bytes and pixels of only N images, evenly spread."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute checksums, pixels, manifest, licences and documents of a version; exit with 1 on a mismatch."""
    from pipelines.audit import as_json, verification
    from pipelines.audit.terminal import checks as words
    from pipelines.audit.terminal import tables

    checks = []
    for check in verification.verify(opened(rev), sample):
        checks.append(check)
        if not json:
            tables.show(*words.check(check))
    as_json.show(checks) if json else tables.show(*words.verdict(checks))
    if any(check.failures for check in checks):
        raise typer.Exit(1)


@commands.command()
def exclude(
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Reason; it is written to exclusions.csv and shown by `show`."),
    ],
    image: OptionalImage = None,
    author: Author = None,
    page: Annotated[str | None, typer.Option("--page", metavar="URL", help="Every image from this page.")] = None,
    near: Annotated[bool, typer.Option("--near/--exact", help="Exclude near duplicates, too.")] = True,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who decided. Default: git's user.name.")
    ] = None,
) -> None:
    """Exclude images from all later versions: add a line to exclusions.csv, which the next `dvc repro` applies."""
    from pipelines.audit import search, takedown
    from pipelines.audit.terminal import images, tables
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import Version

    given: dict[takedown.Kind, str | None] = {"image": image, "author": author, "page": page}
    kind, value = _one_of(given, "exclude", "IMAGE, --author or --page")
    repository = Repository(Path.cwd())
    workspace = Version(repository, None)
    if kind == "image" and "://" in value:
        kind = "url"
    elif kind == "image":
        value = search.images(workspace, value)[0]
    request = takedown.Request(kind, value, reason, repository.user() if by is None else by, takedown.today(), near)
    takedown.append(repository.root / takedown.FILE, request)
    tables.show(*images.exclusion(request, takedown.rows_of(workspace, request)))


@commands.command()
def affected(json: Json = False) -> None:
    """List the versions and models that still contain images excluded since."""
    from pipelines.audit import as_json
    from pipelines.audit.affected import find_affected
    from pipelines.audit.terminal import images, tables
    from pipelines.versions.repository import Repository

    found = find_affected(Repository(Path.cwd()))
    as_json.show(found) if json else tables.show(*images.affected(found))


def _one_of(given: Mapping[Name, str | None], verb: str, expected: str) -> tuple[Name, str]:
    """Return the one value that is given, with its name."""
    found = [(name, value) for name, value in given.items() if value is not None]
    if len(found) != 1:
        raise UserError(f"found {len(found)} things to {verb}, expected one: {expected}")
    return found[0]
