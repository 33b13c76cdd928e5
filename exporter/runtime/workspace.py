"""A folder on the local disk for rows that are not published yet; folders of dead runs are removed."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from exporter.errors import WorkspaceError

_PREFIX = "export-"
_MARK = ".exporter"
"""A file, locked while its run lives, by which a folder is known as ours."""

STALE_SECONDS = 24 * 3600

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_FILES = {errno.EMFILE, errno.ENFILE}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT}

_log = structlog.get_logger()


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """Make a folder in TMPDIR for the length of a block, after removing those that dead runs left a day ago."""
    _clear()
    try:
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, (Path(name) / _MARK).open("w") as mark:
            with contextlib.suppress(OSError):  # a file system without locks: the age alone decides
                fcntl.flock(mark, fcntl.LOCK_EX)
            yield Path(name)
    except OSError as error:
        if problem := _disk_problem(error):
            raise WorkspaceError(problem) from None
        raise


def _disk_problem(error: OSError) -> str | None:
    """Return what is wrong with the local disk and what to do, or None for an error of another kind."""
    if error.errno in _NO_SPACE:
        return (
            f"the working folder in {tempfile.gettempdir()} cannot hold the days that are being read: "
            f"{os.strerror(error.errno)}. Free space there, or set TMPDIR to a folder on a larger disk."
        )
    if error.errno in _NO_FILES:
        return (
            f"the process may open no more files: {os.strerror(error.errno)}. Raise the limit (ulimit -n), or lower "
            "--ranges."
        )
    if error.errno in _NOT_WRITABLE:
        return f"there is no folder to work in: {error}. Set TMPDIR to a folder that can be written."
    return None


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
