"""Recomputes the contents of a dataset version, and reports all that does not match."""

from collections.abc import Callable, Iterator

from common.errors import UserError
from pipelines.audit.verification import archives, documents, fingerprints, hashes, manifest, models, pixels, signals
from pipelines.audit.verification.check import Check
from pipelines.versions.version import Version

Verify = Callable[[Version, int | None], Iterator[Check]]

ALL: tuple[Verify, ...] = (
    hashes.checks,
    archives.checks,
    manifest.checks,
    signals.checks,
    pixels.checks,
    fingerprints.checks,
    documents.checks,
    models.checks,
)


def verify(version: Version, sample: int | None = None) -> Iterator[Check]:
    """Yield the result of each check of a version.

    Args:
        version: The version to check.
        sample: How many images to check the bytes and pixels of, evenly spread; all if not given.
    """
    for checks in ALL:
        try:
            yield from checks(version, sample)
        except UserError as error:
            yield Check(checks.__module__.rsplit(".", 1)[-1], failures=[str(error)])
