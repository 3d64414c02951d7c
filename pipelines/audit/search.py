"""Finds images by hash, row number, URL or picture."""

import difflib
import hashlib
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.errors import UserError
from common.published import public_url
from curate.crop import thumbnail
from curate.decode import Picture, decode
from curate.duplicates import fingerprints
from curate.duplicates.clusters import verify
from curate.duplicates.fingerprints import Fingerprints
from curate.rules import Duplicates
from curate.schemas import THUMBNAIL_SIDE
from pipelines.versions.version import Version

RADIUS = 12
"""Hamming distance of two hashes up to which a picture is compared; beyond it no two are copies (docs/curation.md)."""
SIMILARITY = Duplicates().similarity
"""Similarity from which two pictures count as the same: the default of curation."""
LISTED = 10

Codes = NDArray[np.uint64]


def images(version: Version, query: str) -> list[str]:
    """Find images of a version.

    Args:
        version: The version to search.
        query: The start of a sha256 (at least 4 digits), a row number in images.npy, the URL of an image or its page,
            or a picture file, which is compared by its bytes or else by its content.

    Returns:
        The sha256 of each, the most similar first if `query` is a picture.

    Raises:
        UserError: There is no such image, or several images have that start.
    """
    if Path(query).is_file():
        return _by_picture(version, Path(query))
    if "://" in query:
        return _by_url(version, query)
    if query.isdecimal() and len(query) < 8:
        return _by_row(version, int(query))
    if re.fullmatch("[0-9a-f]{4,64}", query):
        return _by_prefix(version, query)
    raise UserError(
        f"{query}: no such file; expected a picture, a URL, a row number, or 4 or more digits of a sha256 (0-9a-f)"
    )


def by_author(version: Version, author: str) -> list[str]:
    """Return the sha256 of all images of an author, by the exact name that the source gives.

    Raises:
        UserError: There is none; the message contains similar names.
    """
    table = version.manifest(("sha256", "author"))
    found = _matching(table, pc.equal(table["author"], author))
    if not found:
        near = difflib.get_close_matches(author, pc.unique(table["author"]).drop_null().to_pylist(), 3, 0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(f"{author}: no image of that author at {version.name}{hint}")
    return found


def _by_row(version: Version, row: int) -> list[str]:
    table = version.manifest(("sha256", "row"))
    found = _matching(table, pc.equal(table["row"], row))
    if not found:
        raise UserError(
            f"{row}: no such row in images.npy at {version.name}, which has {pc.count(table['row']).as_py()}"
        )
    return found


def _by_prefix(version: Version, prefix: str) -> list[str]:
    table = version.manifest(("sha256",))
    found = _matching(table, pc.starts_with(table["sha256"], prefix))
    if not found:
        raise UserError(f"{prefix}: no image with this start of its sha256 at {version.name}")
    if len(found) > 1:
        raise UserError(
            f"{prefix}: {len(found)} images have this start: {', '.join(one[:16] for one in found[:LISTED])}"
        )
    return found


def _by_url(version: Version, query: str) -> list[str]:
    url = public_url(query)  # tables have no credentials
    table = version.manifest(("sha256", "image_url", "page_url"))
    found = _matching(table, pc.or_kleene(pc.equal(table["image_url"], url), pc.equal(table["page_url"], url)))
    for path in version.outputs("extract", "data/images/*").values() if not found else ():
        others = version.table(path, ("sha256", "others"))
        parents, flat = pc.list_parent_indices(others["others"]), pc.list_flatten(others["others"])
        matches = pc.or_kleene(*(pc.equal(pc.struct_field(flat, name), url) for name in ("image_url", "page_url")))
        found += others["sha256"].take(parents.filter(matches)).to_pylist()
    if not found:
        raise UserError(f"{url}: no image with that URL, or from that page, at {version.name}")
    return sorted(set(found))


def _by_picture(version: Version, path: Path) -> list[str]:
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if version.manifest(("sha256",), [sha256]).num_rows:
        return [sha256]
    picture = decode(data, min_side=2 * THUMBNAIL_SIDE)
    if not isinstance(picture, Picture):
        raise UserError(f"{path}: {picture.replace('_', ' ')}; expected a picture")
    found = _similar_to(version, picture)
    if not found:
        raise UserError(f"{path}: no image at {version.name} has these bytes or is similar")
    return found


def _similar_to(version: Version, picture: Picture) -> list[str]:
    """The images that curation would count as duplicates of `picture`, the most similar first."""
    own = fingerprints.compute(thumbnail(picture.rgb)[None])
    found: dict[str, float] = {}
    for path in version.outputs("prepare", "*.parquet").values():
        near = _near(version.file(path), own.hashes)
        if near.num_rows:
            others = fingerprints.read(near)
            prints = Fingerprints(
                np.concatenate([own.hashes, others.hashes]), np.concatenate([own.thumbnails, others.thumbnails])
            )
            pairs = np.zeros(near.num_rows, np.int64), 1 + np.arange(near.num_rows)
            found |= dict(zip(near["sha256"].to_pylist(), np.concatenate(list(verify(prints, *pairs))), strict=True))
    similar = {image: value for image, value in found.items() if value >= SIMILARITY}
    return sorted(similar, key=lambda image: (-similar[image], image))[:LISTED]


def _near(prepared: Path, own: Codes) -> pa.Table:
    """The rows of a prepared table whose hashes are within RADIUS of those of one picture."""
    table = pq.read_table(prepared, columns=["sha256", "phash", "probes"])
    table = table.filter(table["phash"].is_valid())
    codes = fingerprints.read_hashes(table)
    # The hash of the whole of one against those of the whole and the parts of the other.
    distances = np.hstack([np.bitwise_count(codes ^ own[:, :1]), np.bitwise_count(codes[:, :1] ^ own)])
    chosen = table["sha256"].filter(pa.array((distances <= RADIUS).any(axis=1)))
    columns = ["sha256", "phash", "probes", "thumbnail"]
    return pq.read_table(prepared, columns=columns, filters=pc.field("sha256").isin(chosen.combine_chunks()))


def _matching(table: pa.Table, mask: pa.ChunkedArray) -> list[str]:
    return sorted(set(table["sha256"].filter(mask).to_pylist()))
