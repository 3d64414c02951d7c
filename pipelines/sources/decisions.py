"""How many images of each source the dataset keeps and drops."""

from collections import Counter

from pipelines import paths


def count_decisions() -> Counter[tuple[str, str]]:
    """Count the images of the dataset by source and decision; all counts are 0 if there is no dataset."""
    manifest = paths.DATASET / "manifest.parquet"
    if not manifest.is_file():
        return Counter()
    from pyarrow.parquet import ParquetFile  # a third of the time of read_table and group_by

    with ParquetFile(manifest) as file:
        table = file.read(columns=["source", "decision"])
    return Counter(zip(table["source"].to_pylist(), table["decision"].to_pylist(), strict=True))
