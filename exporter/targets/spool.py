"""Decoded rows flow in, complete days flow out; in between they are on the local disk, so that memory stays bounded.

Each day has one file of Arrow IPC segments. A segment has a position in the row order of its partition value, so a day
is read back in order: the same items give the same file for every way of reading them.
"""

import contextlib
import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from exporter.decoding.batch import DAY, SORT
from exporter.decoding.late_columns import late_kinds
from exporter.errors import RowsTooLate
from exporter.runtime.memory import READ_BYTES, LongWork
from exporter.targets.sorted_runs import written_runs

BUFFER_BYTES = 8 << 20
"""Rows kept in memory, over all days, before they go to disk."""

_WRITTEN_BYTES = 1 << 17


@dataclass(frozen=True)
class Segment:
    """Rows of one page and partition value: in memory, or at an offset of the day's file."""

    order: tuple[int, int]
    offset: int | None
    batch: pa.RecordBatch | None
    rows: int
    bytes: int
    """About, in memory."""


@dataclass
class SpooledDay:
    """What is known of a day before it is written."""

    rows: int = 0
    bytes: int = 0
    rows_by_partition_value: dict[str, int] = field(default_factory=dict)
    nulled: int = 0
    """Rows with a value that contradicted its column."""
    late_kinds: dict[str, set[str]] = field(default_factory=dict)
    """Attribute without a column -> DynamoDB types that it had on this day."""
    segments: list["Segment"] = field(default_factory=list)


@dataclass(frozen=True)
class OpenDay:
    """A day that is being read."""

    streams: tuple[tuple[Segment, ...], ...]
    """By partition value; the rows of each in the order of their sort keys."""
    _source: pa.NativeFile | None

    def read(self, segment: Segment) -> pa.RecordBatch:
        """Return the rows of a segment."""
        if segment.batch is not None or self._source is None:
            return segment.batch
        self._source.seek(segment.offset)
        return pa.ipc.open_stream(self._source).read_next_batch()


class Spool:
    """The days being read. Any thread may add; one thread takes days out. The caller removes its folder."""

    def __init__(self, folder: Path, *, in_order: bool = True) -> None:
        """`in_order`: whether the rows of a split arrive in sort key order; if not, a day is sorted when it is read."""
        self._folder = folder
        self._in_order = in_order
        self._days: dict[dt.date, SpooledDay] = {}
        self._taken: set[dt.date] = set()
        self._buffered = 0
        self._memory = LongWork(READ_BYTES)
        self._lock = threading.Lock()

    def add(self, rows: pa.RecordBatch, partition_value: str, order: tuple[int, int]) -> None:
        """Add decoded rows, of any days, from the place `order` in the order of rows.

        Raises RowsTooLate for a day that has been taken out: such rows would be lost, or replace the published ones.
        """
        if rows.num_rows == 0:
            return
        parts = list(_by_day(rows))
        # A slice keeps its whole page alive, so the page's size is divided by its rows.
        per_row = rows.get_total_buffer_size() / rows.num_rows
        with self._lock:
            for day, part in parts:
                if day in self._taken:
                    raise RowsTooLate(day)
                spooled = self._days.setdefault(day, SpooledDay())
                segment = Segment(order, None, part, part.num_rows, int(part.num_rows * per_row))
                _observe(spooled, segment, part, partition_value)
                spooled.segments.append(segment)
                self._buffered += segment.bytes
            if self._buffered >= BUFFER_BYTES:
                self._flush()
                self._memory.work(BUFFER_BYTES)

    def count_nulled(self, day: dt.date, rows: int) -> None:
        """Add to a day's rows that hold a nulled value."""
        with self._lock:
            self._days.setdefault(day, SpooledDay()).nulled += rows

    def day(self, day: dt.date) -> SpooledDay | None:
        """Return what has been read of a day, or None where nothing has."""
        with self._lock:
            return self._days.get(day)

    def size(self, day: dt.date) -> int:
        """Return a day's bytes, as they are in memory."""
        spooled = self.day(day)
        return spooled.bytes if spooled else 0

    def days(self) -> list[dt.date]:
        """Return the days that hold rows, in order."""
        with self._lock:
            return sorted(self._days)

    @contextlib.contextmanager
    def open(self, day: dt.date) -> Iterator["OpenDay"]:
        """Open a complete day to be read; raise KeyError if the spool has no rows of it."""
        with self._lock:
            self._taken.add(day)
            ordered = sorted(self._days[day].segments, key=lambda segment: segment.order)
        if not self._in_order:
            yield from self._opened_sorted(day, ordered)
            return
        values = itertools.groupby(ordered, key=lambda segment: segment.order[0])
        streams = tuple(tuple(segments) for _, segments in values)
        if all(segment.batch is not None for segment in ordered):
            yield OpenDay(streams, None)
            return
        # Not memory-mapped: mapped pages count as the process's memory while the day is written.
        with pa.OSFile(str(self._file(day))) as source:
            yield OpenDay(streams, source)

    def _opened_sorted(self, day: dt.date, segments: list[Segment]) -> Iterator["OpenDay"]:
        runs = self._folder / f"{day.isoformat()}.runs"
        try:
            with contextlib.ExitStack() as files:
                spooled = any(segment.batch is None for segment in segments)
                source = files.enter_context(pa.OSFile(str(self._file(day)))) if spooled else None
                unsorted = OpenDay((tuple(segments),), source)
                written = written_runs((unsorted.read(segment) for segment in segments), runs, SORT)
            streams = tuple(
                tuple(Segment((number, 0), offset, None, rows, 0) for offset, rows in run)
                for number, run in enumerate(written)
            )
            with pa.OSFile(str(runs)) as sorted_rows:
                yield OpenDay(streams, sorted_rows)
        finally:
            runs.unlink(missing_ok=True)

    def drop(self, day: dt.date) -> None:
        """Forget a day and free its disk space."""
        with self._lock:
            self._taken.add(day)
            spooled = self._days.pop(day, None)
            if spooled is not None:
                self._buffered -= sum(segment.bytes for segment in spooled.segments if segment.batch is not None)
                self._file(day).unlink(missing_ok=True)

    def _flush(self) -> None:
        for day, spooled in self._days.items():
            if not any(segment.batch is not None for segment in spooled.segments):
                continue
            # Arrow writes each buffer of each column separately. Buffering them halves the cost.
            with pa.OSFile(str(self._file(day)), "ab") as file, pa.BufferedOutputStream(file, _WRITTEN_BYTES) as buffer:
                spooled.segments = [_written(segment, buffer) for segment in spooled.segments]
        self._buffered = 0

    def _file(self, day: dt.date) -> Path:
        return self._folder / f"{day.isoformat()}.arrows"


def _written(segment: Segment, file: pa.NativeFile) -> Segment:
    if segment.batch is None:
        return segment
    offset: int = file.tell()
    with pa.ipc.new_stream(file, segment.batch.schema) as writer:
        writer.write_batch(segment.batch)
    return replace(segment, offset=offset, batch=None)


def _observe(spooled: SpooledDay, segment: Segment, part: pa.RecordBatch, partition_value: str) -> None:
    spooled.rows += segment.rows
    spooled.bytes += segment.bytes
    if partition_value:  # a table that is scanned has none
        counts = spooled.rows_by_partition_value
        counts[partition_value] = counts.get(partition_value, 0) + segment.rows
    for attribute, kinds in late_kinds(part).items():
        spooled.late_kinds.setdefault(attribute, set()).update(kinds)


def _by_day(rows: pa.RecordBatch) -> Iterator[tuple[dt.date, pa.RecordBatch]]:
    column = rows.column(DAY)
    bounds = pc.min_max(column).as_py()
    if bounds["min"] == bounds["max"]:
        yield bounds["min"], rows
        return
    runs = pc.run_end_encode(column)
    days = runs.values.to_pylist()
    ends = runs.run_ends.to_pylist()
    if len(set(days)) == len(days):
        start = 0
        for day, end in zip(days, ends, strict=True):
            yield day, rows.slice(start, end - start)
            start = end
        return
    for day in sorted(set(days)):
        yield day, rows.filter(pc.equal(column, pa.scalar(day, pa.date32())))
