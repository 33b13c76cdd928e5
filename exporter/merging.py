"""Streams of rows, each in the order of its sort keys, to one stream in that order.

How the rows came in batches makes no difference to the order in which they leave: equal keys keep the order of their
streams, and within a stream nothing changes its place.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

T = TypeVar("T")

AT_ONCE = 32
"""Streams that are merged; more follow one another in groups of so many. Each has a batch in memory."""


def merged(streams: Sequence[Sequence[T]], load: Callable[[T], pa.RecordBatch], key: str) -> Iterator[pa.RecordBatch]:
    """Yield all rows by their column `key`, which holds no null; `load` is called once for each part of a stream."""
    for start in range(0, len(streams), AT_ONCE):
        group = streams[start : start + AT_ONCE]
        if len(group) == 1:
            yield from map(load, group[0])
        else:
            yield from _merged([_Head(stream, load, key) for stream in group], key)


class _Head(Generic[T]):
    """What is loaded of a stream and not yet taken."""

    def __init__(self, stream: Sequence[T], load: Callable[[T], pa.RecordBatch], key: str) -> None:
        self._left = iter(stream)
        self._behind = len(stream)
        self._load = load
        self._key = key
        self.rows = self._next()

    @property
    def last(self) -> Any:
        """The last key that is loaded."""
        return self.rows.column(self._key)[-1].as_py()

    @property
    def whole(self) -> bool:
        """Whether nothing is left to be loaded."""
        return self._behind == 0

    def take(self, bound: Any) -> pa.RecordBatch:
        """Return the rows before the first whose key is not below `bound`, all of them where it is None."""
        keys = self.rows.column(self._key)
        end = len(keys) if bound is None else bisect_left(range(len(keys)), bound, key=lambda row: keys[row].as_py())
        taken, self.rows = self.rows.slice(0, end), self.rows.slice(end)
        return taken

    def load(self) -> None:
        """Load more, behind what is left."""
        self.rows = pa.concat_batches([self.rows, self._next()]) if self.rows.num_rows else self._next()

    def _next(self) -> pa.RecordBatch:
        self._behind -= 1
        return self._load(next(self._left))


def _merged(heads: list[_Head[Any]], key: str) -> Iterator[pa.RecordBatch]:
    while heads:
        # Only below what every stream has loaded is it certain that no row is missing.
        bound = min((head.last for head in heads if not head.whole), default=None)
        parts = [rows for head in heads if (rows := head.take(bound)).num_rows]
        if parts:
            yield _sorted(parts, key)
        for head in heads:
            if not head.whole and (not head.rows.num_rows or head.last == bound):
                head.load()
        heads = [head for head in heads if head.rows.num_rows]


def _sorted(parts: list[pa.RecordBatch], key: str) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    rows = pa.concat_batches(parts)
    return rows.take(pc.sort_indices(rows.column(key)))  # which is stable
