"""The exact bytes of every image, in the archives, against their sha256."""

import hashlib
from collections.abc import Iterator

from common.errors import UserError
from pipelines.audit.verification.check import Check, spread
from pipelines.versions.originals import Originals, RecordLocation
from pipelines.versions.version import Version


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    check = Check("archives hold the bytes of their sha256")
    sources = list(version.outputs("crawl"))
    for source in sources:
        with Originals(version, source) as originals:
            places = originals.locations
            chosen = spread(len(places), None if sample is None else sample // len(sources) + 1)
            for place in sorted((places[row] for row in chosen), key=lambda place: (place.path, place.offset)):
                _one(originals, place, check)
    yield check


def _one(originals: Originals, place: RecordLocation, check: Check) -> None:
    check.looked_at += 1
    try:
        body = originals.read(place)
    except UserError as error:
        if str(error) not in check.failures:  # once for a whole file that is missing
            check.fail(str(error))
        return
    if hashlib.sha256(body).hexdigest() != place.sha256:
        where = f"{place.path}: bytes {place.offset} to {place.offset + place.length}"
        check.fail(f"{where} are not those of {place.sha256} ({place.url})")
