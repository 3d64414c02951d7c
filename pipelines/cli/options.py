"""Arguments and options that several commands share: one name, one metavar and one help text each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import completion

if TYPE_CHECKING:
    from pipelines.versions.version import Version

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="Name of a source in params.yaml, for example demo.",
        autocompletion=completion.sources,
    ),
]
Kind = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="Kind of source, for example commons; `facades source list` shows all kinds.",
        autocompletion=completion.kinds,
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE", help='Parameters of the kind, for example "category=Facades in Paris" limit=50.'
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Name of a model in params.yaml, for example facade.",
        autocompletion=completion.models,
    ),
]
_IMAGE = typer.Argument(
    metavar="IMAGE",
    help="Image: the start of its sha256, its row in images.npy, its URL, its page's URL, or a picture file.",
)
Image = Annotated[str, _IMAGE]
OptionalImage = Annotated[str | None, _IMAGE]
VERSION = "Dataset version: a git revision, or `workspace` for the files as they are now."
Rev = Annotated[str, typer.Option("--rev", metavar="REV", help=VERSION, autocompletion=completion.revisions)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write one self-contained HTML page instead of printing."),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print progress lines instead of a progress bar, as for a log.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="PATH", help="File or folder to write. Default: a name under exports/."),
]
Number = Annotated[int, typer.Option("-n", metavar="N", min=1, help="Number of images to draw.")]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        help="Seed of the latents; image k depends only on the seed and on k.",
    ),
]
Truncation = Annotated[
    float | None,
    typer.Option(
        "--truncation",
        metavar="X",
        min=0.01,
        help="Limit each component of z to [-X, X]: fewer failures, less variety.",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        "--label",
        metavar="LABEL",
        help="Label to draw, for a model with labels; `none` draws images without a label.",
    ),
]


def opened(rev: str) -> "Version":
    """Open the version that an argument or `--rev` names, of the repository that contains the working directory."""
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    return open_version(Repository(Path.cwd()), rev)
