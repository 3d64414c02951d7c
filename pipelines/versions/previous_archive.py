"""The archive that a crawl is about to replace. DVC removes a stage's output before it runs the stage."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import UserError
from crawler.archive.run_record import RUN_FILE
from pipelines import paths


@contextmanager
def previous_archive(source: str) -> Iterator[Path | None]:
    """Yield a folder with the last finished archive of a source, or None if there is none.

    It is the folder in the work tree or, under `dvc repro`, which removes that one, the archive named in dvc.lock, from
    DVC's cache or its default remote. If that is not available, a line on standard error says so.
    """
    archive = paths.archive(source)
    if (archive / RUN_FILE).is_file():
        yield archive
        return
    with tempfile.TemporaryDirectory(prefix="facades-") as folder:
        yield _from_dvc(source, Path(folder))


def _from_dvc(source: str, folder: Path) -> Path | None:
    """The archive named in dvc.lock, as links in `folder`."""
    lock_file = Path("dvc.lock")
    if not lock_file.is_file():
        return None
    from pipelines.versions.dvc_lock import parse
    from pipelines.versions.repository import Repository

    archive = paths.archive(source).as_posix()
    lock = parse(lock_file.read_bytes(), str(lock_file))
    outs = [out for out in lock.outs() if out.path == archive]
    if not outs:
        return None
    try:
        files = Repository(Path.cwd()).output_files(outs)
        for path in files.hashes(archive):
            (folder / Path(path).name).symlink_to(files.file(path).resolve())
    except (UserError, FileNotFoundError) as error:
        print(f"crawl {source}: everything is fetched again: the previous archive: {error}", file=sys.stderr)
        return None
    return folder
