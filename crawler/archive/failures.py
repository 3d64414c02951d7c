"""The fetches of an archive that stored nothing."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.archive.fetches import STORED
from crawler.archive.reader import FETCHES_FILE
from crawler.archive.schemas import HOST_FILES


def failed(fetches: pa.Table) -> pa.Table:
    """Return the rows of a fetches table whose outcome has no body in the archive."""
    return fetches.filter(pc.invert(pc.is_in(fetches["outcome"], value_set=pa.array(sorted(STORED), pa.string()))))


def failed_downloads(archive: Path) -> pa.Table:
    """Read the failed fetches of pages and images from a finished archive, in the order of their URLs.

    It is no failure that a host has no robots.txt or no tdmrep.json: most have none.
    """
    stored = pc.field("outcome").isin(sorted(STORED))
    of_hosts = pc.field("role").isin(sorted(HOST_FILES))
    return pq.read_table(archive / FETCHES_FILE, filters=~stored & ~of_hosts)
