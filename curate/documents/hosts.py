"""The hosts that images came from."""

from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

import pyarrow as pa


def host_counts(images: pa.Table) -> Mapping[str, Mapping[str, int]]:
    """Count images by source and host, the most frequent host first; images without a host are not counted.

    Args:
        images: the columns `source` and `image_url`, for example of a manifest.
    """
    counts: dict[str, Counter[str]] = {}
    for source, url in zip(images["source"].to_pylist(), images["image_url"].to_pylist(), strict=True):
        counts.setdefault(source, Counter())[_host(url)] += 1
    return {
        source: dict(sorted(((host, n) for host, n in found.items() if host), key=lambda pair: (-pair[1], pair[0])))
        for source, found in sorted(counts.items())
    }


def _host(url: str) -> str:
    """Return the host of an http or https URL, else an empty text: files have none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
