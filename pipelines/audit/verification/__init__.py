"""Recomputes what a dataset version claims, and names everything that is not so."""

from collections.abc import Callable, Iterator

from common.errors import UserError
from pipelines.audit.verification import archives, documents, fingerprints, hashes, manifest, pixels
from pipelines.audit.verification.check import Check
from pipelines.versions.version import Version

Verify = Callable[[Version, int | None], Iterator[Check]]

ALL: tuple[Verify, ...] = (
    hashes.checks,
    archives.checks,
    manifest.checks,
    pixels.checks,
    fingerprints.checks,
    documents.checks,
)


def verify(version: Version, sample: int | None = None) -> Iterator[Check]:
    """Every check of a version, as each is done; of images' bytes and pixels only `sample`, spread evenly, if given."""
    for checks in ALL:
        try:
            yield from checks(version, sample)
        except UserError as error:
            yield Check(checks.__module__.rsplit(".", 1)[-1], failures=[str(error)])
