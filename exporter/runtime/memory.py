"""Settings of Python's collector, C's allocator and Arrow's pool for the length of a run.

A page is a burst: megabytes of bytes, tens of thousands of small objects, a few arrays, all freed before the next
page, which needs as much.
"""

import contextlib
import ctypes
import gc
from collections.abc import Iterator

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
_MIB = 1 << 20

READ_BYTES = 64 * _MIB
"""Rows after which reading gives back what is free: less often leaves more memory unused, more often costs more."""

WRITTEN_BYTES = 32 * _MIB
"""The same for days that are written: their blocks differ more from those before."""


@contextlib.contextmanager
def steady_memory() -> Iterator[None]:
    """Reuse memory that a page has freed; run the collector rarely, and never over objects of the start-up.

    The allocator's settings stay for the life of the process. The collector stays on, for the cycles that the SDK
    makes now and then.
    """
    _keep_freed_memory()
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _keep_freed_memory() -> None:
    # Giving pages of memory back and asking for them again cost a tenth of a run. One allocator for everything, with
    # few arenas, lets Arrow's arrays have what a body had before.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc; its default is right, only slower
        return
    mallopt(_MMAP_THRESHOLD, 32 * _MIB)
    mallopt(_TRIM_THRESHOLD, 64 * _MIB)
    mallopt(_ARENA_MAX, 2)


class LongWork:
    """Work that goes on for long: free memory between used blocks grows a little with each page or day."""

    def __init__(self, row_bytes: int) -> None:
        """`row_bytes`: rows after which what is free goes back."""
        self._bound = row_bytes
        self._since = 0

    def work(self, row_bytes: int) -> bool:
        """Count bytes of rows; after many, return free memory to the system. Return whether that was done."""
        self._since += row_bytes
        if self._since < self._bound:
            return False
        self._since = 0
        _give_back_freed_memory()
        return True

    @contextlib.contextmanager
    def apart(self, row_bytes: int) -> Iterator[None]:
        """Count bytes of rows; work on them needs blocks of other sizes than the work before and after.

        Where it is time to give memory back, that is done before and after.
        """
        is_time = self.work(row_bytes)
        try:
            yield
        finally:
            if is_time:
                _give_back_freed_memory()


def _give_back_freed_memory() -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
