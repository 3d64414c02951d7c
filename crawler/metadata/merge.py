"""Merge what a source and the file itself state about one picture."""

from collections.abc import Sequence
from typing import Any

from crawler.archive.schemas import FacadeImage
from crawler.metadata.dates import iso_date
from crawler.metadata.embedded_types import in_file
from crawler.metadata.exif import read_exif
from crawler.metadata.places import coordinates, heading
from crawler.metadata.source_types import most_synthetic
from crawler.metadata.wikidata import q_id


def place_date_and_kind(images: Sequence[FacadeImage], body: bytes) -> dict[str, Any]:
    """Return the columns latitude, longitude, heading, taken, wikidata and digital_source_type of one picture.

    The source comes first and EXIF fills what it leaves out. A value that is not certain, is out of range or is no
    number is None.

    Args:
        images: what the source states for each URL of these bytes; the first one is used, except for
            digital_source_type: the term of any URL or of the file that is least a photograph.
        body: the bytes of the file.
    """
    stated, file = images[0], read_exif(body)
    place = coordinates(stated.latitude, stated.longitude) or coordinates(
        file.get("latitude", ""), file.get("longitude", "")
    )
    direction = heading(stated.heading)
    return {
        "latitude": place and place[0],
        "longitude": place and place[1],
        "heading": heading(file.get("heading", "")) if direction is None else direction,
        "taken": iso_date(stated.taken) or iso_date(file.get("taken", "")),
        "wikidata": q_id(stated.wikidata),
        "digital_source_type": most_synthetic([*(image.digital_source_type for image in images), *in_file(body)]),
    }
