"""Checks the bytes of images in the archives against their sha256."""

import hashlib
from collections.abc import Iterator

from common.errors import UserError
from pipelines.audit.verification.check import Check, spread
from pipelines.versions.originals import Originals, RecordLocation
from pipelines.versions.version import Version


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    """Yield the check of the archives."""
    check = Check("archives contain the bytes of their sha256")
    sources = list(version.outputs("crawl"))
    for source in sources:
        with Originals(version, source) as originals:
            locations = originals.locations
            chosen = spread(len(locations), None if sample is None else sample // len(sources) + 1)
            for location in sorted((locations[row] for row in chosen), key=lambda one: (one.path, one.offset)):
                _one(originals, location, check)
    yield check


def _one(originals: Originals, location: RecordLocation, check: Check) -> None:
    check.looked_at += 1
    try:
        body = originals.read(location)
    except UserError as error:
        if str(error) not in check.failures:  # one line for a missing file
            check.fail(str(error))
        return
    if hashlib.sha256(body).hexdigest() != location.sha256:
        where = f"{location.path}: bytes {location.offset} to {location.offset + location.length}"
        check.fail(f"{where} are not those of {location.sha256} ({location.url})")
