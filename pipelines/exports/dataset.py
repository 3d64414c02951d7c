"""Writes a dataset version in one of the formats."""

from collections.abc import Callable, Mapping
from pathlib import Path

from common.errors import UserError
from common.files import replacing
from common.progress import Progress
from pipelines.exports import DatasetFormat, huggingface, imagefolder, stylegan, webdataset
from pipelines.exports.facades import Facades
from pipelines.versions.version import Version

WRITERS: Mapping[DatasetFormat, Callable[[Facades, Path], None]] = {
    DatasetFormat.IMAGEFOLDER: imagefolder.write,
    DatasetFormat.WEBDATASET: webdataset.write,
    DatasetFormat.HF: huggingface.write,
    DatasetFormat.ZIP: stylegan.write,
}


def export(version: Version, folder: Path, format_: DatasetFormat, progress: Progress) -> Path:
    """Write the facades of a version to `folder`, completely or not at all; equal versions give equal bytes.

    Args:
        folder: new folder; for the format `zip` a new file, whose suffix .zip is added if it is missing.

    Returns:
        The folder or file.

    Raises:
        UserError: it exists, or the data of the version are not available.
    """
    out = folder.with_name(f"{folder.name}.zip") if format_ is DatasetFormat.ZIP and folder.suffix != ".zip" else folder
    if out.exists():
        raise UserError(f"{out}: found an existing file or folder, expected a new name")
    facades = Facades(version, progress)
    with replacing(out) as draft:
        WRITERS[format_](facades, draft)
    return out
