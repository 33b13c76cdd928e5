"""Streams of rows in sort key order flow in, one stream in that order flows out.

The result does not depend on batch bounds: equal keys keep the order of their streams, and the order within a stream
does not change.
"""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

T = TypeVar("T")

AT_ONCE = 16
"""Most streams merged at once; more are merged in groups of this size. Each has a part in memory."""

_PARTS = 8
"""Parts in memory for few streams: sorting more rows at once costs less."""


def merged(streams: Sequence[Sequence[T]], load: Callable[[T], pa.RecordBatch], key: str) -> Iterator[pa.RecordBatch]:
    """Yield all rows by their column `key`, which holds no null; `load` is called once for each part of a stream."""
    for start in range(0, len(streams), AT_ONCE):
        group = streams[start : start + AT_ONCE]
        if len(group) == 1:
            yield from map(load, group[0])
        else:
            most = max(1, _PARTS // len(group))
            yield from _merged([_Head(stream, load, key, most) for stream in group], key)


class _Head(Generic[T]):
    """What is loaded of a stream and not yet taken."""

    def __init__(self, stream: Sequence[T], load: Callable[[T], pa.RecordBatch], key: str, most: int) -> None:
        self._left = iter(stream)
        self._unloaded = len(stream)
        self._load = load
        self._key = key
        self._most = most
        self._parts: list[pa.RecordBatch] = []
        self.load()

    @property
    def is_empty(self) -> bool:
        """Whether all loaded rows have been taken."""
        return not self._parts

    @property
    def is_whole(self) -> bool:
        """Whether every part has been loaded."""
        return self._unloaded == 0

    @property
    def last(self) -> Any:
        """The last key that is loaded."""
        return self._last(self._parts[-1])

    def take(self, bound: Any) -> list[pa.RecordBatch]:
        """Return the rows before the first with a key that is not below `bound`, or all of them if it is None."""
        taken: list[pa.RecordBatch] = []
        while self._parts and (bound is None or self._last(self._parts[0]) < bound):
            taken.append(self._parts.pop(0))
        if self._parts:
            part = self._parts[0]
            keys = part.column(self._key)
            if end := bisect_left(range(len(keys)), bound, key=lambda row: keys[row].as_py()):
                taken.append(part.slice(0, end))
                self._parts[0] = part.slice(end)
        return taken

    def load(self) -> None:
        """Load more parts after the remaining ones."""
        for part in itertools.islice(self._left, self._most):
            self._unloaded -= 1
            self._parts.append(self._load(part))

    def _last(self, part: pa.RecordBatch) -> Any:
        return part.column(self._key)[-1].as_py()


def _merged(heads: list[_Head[Any]], key: str) -> Iterator[pa.RecordBatch]:
    while heads:
        # Below the smallest last loaded key no row can be missing.
        bound = min((head.last for head in heads if not head.is_whole), default=None)
        if parts := [part for head in heads for part in head.take(bound)]:
            yield _sorted(parts, key)
        for head in heads:
            if not head.is_whole and (head.is_empty or head.last == bound):
                head.load()
        heads = [head for head in heads if not head.is_empty]


def _sorted(parts: list[pa.RecordBatch], key: str) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    rows = pa.concat_batches(parts)
    order = pc.sort_indices(rows.column(key))  # which is stable
    return pc.take(rows, order, boundscheck=False)
