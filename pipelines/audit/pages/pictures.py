"""The crops of chosen images of a version."""

from collections.abc import Collection

import numpy as np
import pyarrow.compute as pc

from pipelines.report.crops import Pixels, channels_last
from pipelines.versions.version import Version, one_of


def pixels(version: Version, images: Collection[str]) -> dict[str, Pixels]:
    """Return the crops of images by sha256, S × S × 3, of those that could be decoded."""
    where = one_of("sha256", images) & pc.field("pixels").is_valid()
    found: dict[str, Pixels] = {}
    for path in version.outputs("prepare", "*.parquet").values() if images else ():
        rows = version.table(path, ("sha256", "pixels"), where)
        for sha256, content in zip(rows["sha256"].to_pylist(), rows["pixels"].to_pylist(), strict=True):
            found[sha256] = channels_last(np.frombuffer(content, np.uint8))
    return found
