"""Collects what is known of the signals of all images, and writes it as one table sorted by image."""

from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.files import replacing
from common.published import public_url
from crawler.archive.schemas import SIGNALS
from crawler.evidence import Evidence
from crawler.rights.finding import Finding
from crawler.rights.reservation import order

IMAGES_PER_GROUP = 4096  # in a row group of the file; its dictionaries then stay below a megabyte

Indices = NDArray[np.intp]
_public = lru_cache(maxsize=1024)(public_url)  # the records of an image have the same URLs, one after the other


class SignalTable:
    """The rows of `crawler.archive.schemas.SIGNALS`; in memory, 36 bytes for each record that was read for an image.

    Findings repeat: a million pages that say nothing are one entry.
    """

    def __init__(self) -> None:
        self._findings: dict[tuple[Finding, ...], int] = {}
        self._files: dict[str, int] = {"": 0}
        self._images: dict[str, int] = {}
        # One entry for each record:
        self._image, self._found, self._file = array("i"), array("i"), array("i")
        self._offset = array("q")
        self._image_url: list[str] = []
        self._page_url: list[str] = []

    def add(self, sha256: str, evidence: Iterable[Evidence]) -> None:
        """Add what is known of an image; equal entries count once."""
        image = self._images.setdefault(sha256, len(self._images))
        for image_url, page_url, findings, file, offset in dict.fromkeys(evidence):
            self._image.append(image)
            self._found.append(self._findings.setdefault(findings, len(self._findings)))
            self._file.append(self._files.setdefault(file, len(self._files)))
            self._offset.append(offset)
            self._image_url.append(_public(image_url))
            self._page_url.append(_public(page_url))

    def write(self, path: Path) -> None:
        """Write the table to `path`."""
        findings = _Findings(self._findings)
        with replacing(path) as draft, pq.ParquetWriter(draft, SIGNALS, compression="zstd") as writer:
            for records, names in self._groups():
                batch = self._batch(records, names, findings)
                writer.write_batch(batch, row_group_size=max(1, len(batch)))

    def _groups(self) -> Iterator[tuple[Indices, list[str]]]:
        """Yield the records of some images, in the order of the table, with the sha256 of each."""
        names = sorted(self._images)
        ranks = np.empty(len(names), np.intp)
        ranks[[self._images[name] for name in names]] = np.arange(len(names))
        rank = ranks[np.frombuffer(self._image, np.int32)] if names else ranks
        by_image = np.argsort(rank, kind="stable")
        bounds = np.searchsorted(rank[by_image], range(0, len(names) + IMAGES_PER_GROUP, IMAGES_PER_GROUP))
        for start, stop in pairwise(bounds):
            records = sorted(by_image[start:stop].tolist(), key=lambda at: (rank[at], *self._urls(at)))
            yield np.array(records, np.intp), [names[rank[at]] for at in records]

    def _batch(self, records: Indices, names: list[str], findings: "_Findings") -> pa.RecordBatch:
        found = np.frombuffer(self._found, np.int32)[records]
        row_of, finding = findings.rows(found)
        keys = [(name, *self._urls(at)) for name, at in zip(names, records.tolist(), strict=True)]
        subject = np.cumsum([0, *(one != other for one, other in pairwise(keys))])[: len(keys)]
        ordered = np.lexsort((findings.order[finding], subject[row_of]))
        row_of, finding = row_of[ordered], finding[ordered]
        file = np.frombuffer(self._file, np.int32)[records][row_of]
        offset = np.frombuffer(self._offset, np.int64)[records][row_of]
        columns = {
            "sha256": pa.array(names, pa.string()).take(pa.array(row_of)),
            "image_url": pa.array([self._image_url[at] for at in records], pa.string()).take(pa.array(row_of)),
            "page_url": pa.array([self._page_url[at] or None for at in records], pa.string()).take(pa.array(row_of)),
            **{name: column.take(pa.array(finding)) for name, column in findings.columns.items()},
            "file": pa.array([name or None for name in self._files], pa.string()).take(pa.array(file)),
            "offset": pa.array(offset, mask=file == 0),
        }
        return pa.RecordBatch.from_pydict(columns, schema=SIGNALS)

    def _urls(self, record: int) -> tuple[str, str]:
        return self._image_url[record], self._page_url[record]


class _Findings:
    """Distinct tuples of findings, one after the other in Arrow columns."""

    def __init__(self, distinct: Iterable[tuple[Finding, ...]]) -> None:
        distinct = list(distinct)
        self._counts = np.array([len(findings) for findings in distinct], np.intp)
        self._starts = np.cumsum(self._counts) - self._counts
        flat = list(chain.from_iterable(distinct))
        self.columns = {
            name: pa.array([str(getattr(finding, name)) for finding in flat], pa.string())
            for name in ("signal", "place", "verdict", "value")
        }
        self.columns["policy"] = pa.array([_public(finding.policy) for finding in flat], pa.string())
        places = sorted({order(finding) for finding in flat})
        rank = {place: at for at, place in enumerate(places)}
        self.order = np.array([rank[order(finding)] for finding in flat], np.intp)
        """The rank of each finding by place and signal."""

    def rows(self, found: NDArray[np.int32]) -> tuple[Indices, Indices]:
        """Return the rows that some tuples become: for each row, the index in `found` and the index of its finding."""
        counts = self._counts[found]
        row_of = np.repeat(np.arange(len(found)), counts)
        within = np.arange(len(row_of)) - np.repeat(np.cumsum(counts) - counts, counts)
        return row_of, self._starts[found][row_of] + within
