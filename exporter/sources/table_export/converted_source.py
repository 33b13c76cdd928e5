"""Converted files of a table export as a source: their rows flow out day by day, decoded already.

The rows of a day lie together in every file. So the days are read in groups, each from all files, and no group needs
more local disk than its own rows.
"""

import datetime as dt
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import DAY, AwaitedItem, DecodedPage, QuarantinedItem
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.late_columns import with_types
from exporter.errors import SourceError
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import DayStride, Window, day_end
from exporter.runtime.memory import WRITTEN_BYTES, LongWork
from exporter.sources.base import Capabilities
from exporter.sources.description import SourceDescription
from exporter.sources.partial_reads.probe import RunningProbe
from exporter.sources.table_export.converted_file import (
    VALUE,
    ConvertedDay,
    ConvertedFile,
    Part,
    awaited_of,
    columns_of,
    items_of,
    misfit,
)
from exporter.values.numbers import InexactDoubles

GROUP_BYTES = 64 << 20
"""Converted bytes of the days that are read together; they are some three times as large in memory and on disk."""

READ_BYTES = 4 << 20
"""Bytes of one request; its rows keep all of them in memory."""


_NO_ROWS = pa.RecordBatch.from_arrays([pa.array([], pa.date32())], [DAY])


@dataclass(frozen=True)
class _Group:
    """Days that are read together."""

    days: frozenset[dt.date]
    is_first: bool
    """Whether the items without a readable day are read with them."""


class Parts(Protocol):
    """Reads parts of the objects of a bucket."""

    @property
    def bucket(self) -> str:
        """The bucket."""

    def read(self, key: str, part: Part | None = None) -> tuple[bytes, str] | None:
        """Return an object's bytes, or those of a part, and its ETag; None where there is none."""


class ConvertedSource:
    """The converted files of one export."""

    def __init__(
        self,
        objects: Parts,
        files: Sequence[ConvertedFile],
        description: SourceDescription,
        zone: ZoneInfo,
        at_a_time: int,
    ) -> None:
        """`zone` is that of the dataset's days."""
        self._objects, self._files, self._zone, self._at_a_time = objects, tuple(files), zone, at_a_time
        self._groups: list[_Group] = []
        self._observing = threading.Lock()
        self._memory = LongWork(WRITTEN_BYTES)
        self.description = description
        self.probe = RunningProbe()

    @property
    def capabilities(self) -> Capabilities:
        """Days can be read alone, and counted by the records; the rows of a day have no order."""
        return Capabilities(sorted_by_time=True, in_key_order=False, cheap_count=True, deletes=False)

    @property
    def concurrency(self) -> int:
        """Files that are read at the same time."""
        return self._at_a_time

    def kinds(self, reach: Reach) -> dict[str, set[str]]:  # noqa: ARG002 - the interface of all sources
        """Return attribute -> DynamoDB types of every item, as the workers have seen them."""
        found: dict[str, set[str]] = {}
        for file in self._files:
            for attribute, tags in file.kinds.items():
                found.setdefault(attribute, set()).update(tags)
        return found

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:  # noqa: ARG002 - the interface of all sources
        """Return the days between the first and the last row, or None without rows."""
        days = [file.days[end].day for file in self._files if file.days for end in (0, -1)]
        return Window(min(days), max(days), self._zone) if days else None

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:  # noqa: ARG002 - the interface of all sources
        """Yield groups of days, oldest first; the first one also has what has no readable day."""
        window = reach.window or extent
        groups = list(self._grouped(window)) if window else []
        for group in groups or [()]:
            number = len(self._groups)
            self._groups.append(_Group(frozenset(group), is_first=group == (groups or [()])[0]))
            pieces = tuple(Piece("", (file, number), (), None) for file in range(len(self._files)))
            # What is left after the last group are days without rows.
            complete_to = None if group == (groups or [()])[-1] else day_end(group[-1], self._zone)
            yield Stretch(pieces, len(group), complete_to)

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the rows of one file and group of days: a page for each batch and partition value."""
        file, group = self._files[split.order[0]], self._groups[split.order[1]]
        self._require_columns(file, decoder)
        if group.is_first:
            for part in file.withheld:
                yield self._page(withheld=items_of(self._bytes(file, part)))
        for day in file.days:
            if day.day in group.days:
                yield from self._day(file, day, decoder.schema)

    def _require_columns(self, file: ConvertedFile, decoder: PageDecoder) -> None:
        """Raise SourceError if rows were decoded into a column that the table does not have: it would be lost.

        So would be a value that its column does not hold.
        """
        lost = sorted(file.columns.items() - columns_of(decoder.schema).items())
        if lost:
            raise SourceError(
                f"s3://{self._objects.bucket}/{file.data} has the column {lost[0][0]} ({lost[0][1]}), and the schema "
                "of the table has not: the schema was replaced after `convert`. Remove the folder, and convert again"
            )
        if attribute := misfit(file, decoder.schema):
            raise SourceError(
                f"s3://{self._objects.bucket}/{file.data} has values of attribute {attribute} that its column does not "
                "hold: another run has published the column meanwhile. Run the same command again, which converts "
                f"{file.source} again"
            )

    def _day(self, file: ConvertedFile, day: ConvertedDay, schema: TableSchema) -> Iterator[DecodedPage]:
        rows = 0
        for batch in self._batches(file, day.streams):
            typed, of_columns = with_types(batch, schema)
            if of_columns:
                yield self._page(inexact={(day.day, column): found for column, found in of_columns.items()})
            for value, part in _by_value(typed):
                rows += part.num_rows
                yield self._page(part, value=value)
        if rows != day.rows:
            raise SourceError(
                f"s3://{self._objects.bucket}/{file.data} holds {rows:,} rows of {day.day}, its record says "
                f"{day.rows:,}. The day is not published. Remove the record, and run `convert` for {file.source}"
            )
        inexact = {(day.day, column): found for column, found in day.inexact.items()}
        ignored = {(day.day, name): count for name, count in day.ignored.items()}
        if inexact or ignored:
            yield self._page(inexact=inexact, ignored=ignored)
        for nulled in day.nulled:
            yield self._page(nulled=items_of(self._bytes(file, nulled)))
        for awaited in day.awaited:
            yield self._page(awaited=awaited_of(self._bytes(file, awaited)))

    def _page(
        self,
        rows: pa.RecordBatch = _NO_ROWS,
        *,
        value: str = "",
        withheld: tuple[QuarantinedItem, ...] = (),
        nulled: tuple[QuarantinedItem, ...] = (),
        awaited: tuple[AwaitedItem, ...] = (),
        inexact: Mapping[tuple[dt.date, str], InexactDoubles] = MappingProxyType({}),
        ignored: Mapping[tuple[dt.date, str], int] = MappingProxyType({}),
    ) -> DecodedPage:
        page = DecodedPage(
            rows=rows, items=rows.num_rows + len(withheld), withheld=withheld, nulled=nulled,
            inexact=inexact, ignored=ignored,
            awaited=awaited, last_evaluated_key=None, read_units=0.0, partition_value=value,
        )  # fmt: skip
        with self._observing:
            self.probe.observe(page)
        return page

    def _batches(self, file: ConvertedFile, streams: Sequence[Part]) -> Iterator[pa.RecordBatch]:
        """Yield the batches of streams; those that follow one another are read by one request."""
        waiting = list(streams)
        while waiting:
            start, end, count = waiting[0][0], waiting[0][0], 0
            for offset, length in waiting:
                if offset != end or (count and end + length - start > READ_BYTES):
                    break
                end, count = end + length, count + 1
            body = self._bytes(file, (start, end - start))
            with self._observing:
                self._memory.work(len(body))
            for offset, length in waiting[:count]:
                yield pa.ipc.open_stream(memoryview(body)[offset - start : offset - start + length]).read_next_batch()
            del waiting[:count]

    def _bytes(self, file: ConvertedFile, part: Part) -> bytes:
        found = self._objects.read(file.data, part)
        if found is None or len(found[0]) != part[1]:
            raise SourceError(
                f"s3://{self._objects.bucket}/{file.data} is missing or shorter than its record says. Remove the "
                f"record, and run `convert` for {file.source}"
            )
        return found[0]

    def _grouped(self, window: Window) -> Iterator[tuple[dt.date, ...]]:
        """Yield the days of a window that have rows, in groups of about `GROUP_BYTES`."""
        sizes: dict[dt.date, int] = {}
        for day in itertools.chain.from_iterable(file.days for file in self._files):
            if day.day in window:
                sizes[day.day] = sizes.get(day.day, 0) + sum(length for _, length in day.streams)
        group: list[dt.date] = []
        for found in sorted(sizes):
            if group and sum(sizes[day] for day in group) + sizes[found] > GROUP_BYTES:
                yield tuple(group)
                group = []
            group.append(found)
        if group:
            yield tuple(group)


def _by_value(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    values, rows = batch.column(VALUE), batch.drop_columns([VALUE])
    found = pc.unique(values).to_pylist()
    for value in found:
        yield value, rows if len(found) == 1 else rows.filter(pc.equal(values, value))
