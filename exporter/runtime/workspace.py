"""A folder on the local disk for rows that are not published yet; folders of dead runs are removed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

_PREFIX = "export-"
_MARK = ".exporter"
"""A file, locked while its run lives, by which a folder is known as ours."""

STALE_SECONDS = 24 * 3600

_log = structlog.get_logger()


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """Make a folder in TMPDIR for the length of a block, after removing those that dead runs left a day ago."""
    _clear()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, (Path(name) / _MARK).open("w") as mark:
        with contextlib.suppress(OSError):  # a file system without locks: the age alone decides
            fcntl.flock(mark, fcntl.LOCK_EX)
        yield Path(name)


def _clear() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # A folder that cannot be removed does not prevent an export.
        with contextlib.suppress(OSError):
            if _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)
                _log.info("removed the working folder of a dead run", folder=str(folder))


def _is_left(folder: Path) -> bool:
    """Whether a folder is the exporter's, old, and not in use by a run."""
    mark = folder / _MARK
    status = folder.lstat()
    if status.st_uid != os.getuid() or folder.is_symlink() or not mark.is_file():
        return False
    if time.time() - status.st_mtime < STALE_SECONDS:
        return False
    with mark.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
