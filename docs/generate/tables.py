"""tables.md and values.md: the columns of every table and the closed lists of values that they contain."""

from collections.abc import Iterator, Sequence

from common.described import Column, DescribedEnum
from crawler.archive import schemas as archive
from crawler.recheck.schemas import State
from crawler.rights import finding
from curate import schemas as dataset
from curate.rules import CurateParams
from docs.generate.markdown import sentence, table
from pipelines.report.labels import ALARMS, METRICS

TABLES: tuple[tuple[str, str, Sequence[Column]], ...] = (
    (
        "data/archive/SOURCE/fetches.parquet",
        "One row for every URL that was tried, sorted by `url`, then `role`.",
        archive.FETCHES_COLUMNS,
    ),
    (
        "data/archive/SOURCE/index.parquet",
        "Where the exact bytes of each stored image are, sorted by `sha256`, then `url`.",
        archive.INDEX_COLUMNS,
    ),
    (
        "data/images/SOURCE.parquet",
        "One row for each image that a page names and that was stored, sorted by `sha256`.\n"
        "If several URLs returned the same bytes, the row describes the one that states the strictest licence.",
        archive.IMAGES_COLUMNS,
    ),
    (
        "data/signals/SOURCE.parquet",
        "One row for each signal of reserved use that was looked at for an image, in every place; sorted by `sha256`, "
        "`image_url` and `page_url`, then by place and signal.\n"
        "A row without `page_url` is about the image, and a row with it is about that page. "
        "`file` and `offset` are the record of the archive that shows it: warcio reads it at that offset.",
        archive.SIGNALS_COLUMNS,
    ),
    (
        "data/prepared/SOURCE.parquet",
        "One row for each stored image, sorted by `sha256`.\n"
        "A row whose file does not decode has only `sha256` and `error`.\n"
        "The measures are taken on the crop.",
        dataset.prepared_columns(CurateParams().image_size),
    ),
    (
        "data/dataset/manifest.parquet",
        "One row for every image of every source, sorted by `sha256`, then `source`.",
        dataset.MANIFEST_COLUMNS,
    ),
    (
        "data/dataset/names.parquet",
        "The names by which [labels](../training.md#labels) are chosen, one row for each row of `images.npy`.",
        dataset.NAMES_COLUMNS,
    ),
)

ARRAYS = """Two arrays are in the same folder as the manifest.
Row `i` of both is the image whose `row` in the manifest is `i`.

| file | type | content |
|---|---|---|
| `data/dataset/images.npy` | uint8, N × 3 × S × S | The kept crops, sRGB, sorted by `sha256`. |
| `data/dataset/split.npy` | uint8, N | 0 for `train`, 1 for `holdout`. |
"""

LISTS: tuple[tuple[type[DescribedEnum], str], ...] = (
    (archive.Outcome, "`outcome` in `fetches.parquet`: how the fetch of one URL ended."),
    (archive.Role, "`role` in `fetches.parquet`: what a URL was fetched for."),
    (State, "`state` of an image at a [recheck](../sources.md#recheck); an image has the first that applies."),
    (finding.Signal, "`signal` in `data/signals/SOURCE.parquet`."),
    (finding.Place, "`place` in `data/signals/SOURCE.parquet`: where a signal was looked for."),
    (finding.Verdict, "`verdict` in `data/signals/SOURCE.parquet`: what a signal amounts to."),
    (dataset.Decision, "`decision` in `manifest.parquet`."),
    (
        dataset.Reason,
        "`reason` in `manifest.parquet`: why an image was dropped.\n"
        "The rules are applied in this order, and the first that matches counts.",
    ),
    (dataset.Split, "`split` in `manifest.parquet`: the part of the dataset that a kept image belongs to."),
)


def parts() -> Iterator[str]:
    """Yield the parts of tables.md."""
    yield (
        "Tables are Parquet files: read them with `pandas.read_parquet` or `pyarrow.parquet.read_table`.\n"
        "An *outcome*, a *role* or a *reason* is one of a [closed list of values](values.md)."
    )
    for path, description, columns in TABLES:
        yield f"## {path}"
        yield description
        rows = [[f"`{one.name}`", str(one.type).replace("element: ", ""), one.description] for one in columns]
        yield table(("column", "type", "content"), rows)
    yield "## Arrays"
    yield ARRAYS


def lists() -> Iterator[str]:
    """Yield the parts of values.md."""
    for values, description in LISTS:
        yield f"## {values.__name__}"
        yield description
        yield table(("value", "meaning"), [[f"`{value}`", value.description] for value in values])
    yield "## Metrics"
    yield (
        "Keys of `models/NAME/metrics.json`.\n"
        "Each exists three times: as it is, generated against held-out images; with `_floor`, training against "
        "held-out images; with `_train`, generated against training images.\n"
        "`step` is the step of the generator; `n_generated`, `n_training` and `n_heldout` count the images compared."
    )
    yield table(("key", "better", "meaning"), [[f"`{one.key}`", one.better, sentence(one.meaning)] for one in METRICS])
    yield "## Alarms"
    yield "Keys of `models/NAME/metrics.json`: the step at which an alarm was first raised; without the alarm, no key."
    yield table(("key", "meaning"), [[f"`{key}`", sentence(meaning)] for key, meaning in ALARMS.items()])
