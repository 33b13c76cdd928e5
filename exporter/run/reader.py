"""A plan flows in, spooled days flow out: pieces are read concurrently, a stretch is yielded when complete."""

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from exporter.decoding.batch import AwaitedItem
from exporter.decoding.decoder import DAY, DecodedPage, PageDecoder, QuarantinedItem
from exporter.errors import Interrupted
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import Window
from exporter.run.reporting.progress import Progress
from exporter.sources.base import Source
from exporter.targets.quarantine import Quarantine
from exporter.targets.spool import Spool
from exporter.values.numbers import InexactDoubles


@dataclass
class Tally:
    """Counts of what was read."""

    rows: int = 0
    items: int = 0
    """Items with a readable day; as many as rows, but where a row is an element of an item."""
    items_by_day: dict[dt.date, dict[str, int]] = field(default_factory=dict)
    """By partition value, where a row is an element of an item."""
    rows_by_day: dict[dt.date, int] = field(default_factory=dict)
    """Counted page by page, independent of the spool and the files."""
    inexact: dict[str, InexactDoubles] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    """Partition values that gave at least one item."""


@dataclass(frozen=True)
class Sink:
    """Where rows and quarantined items go."""

    spool: Spool
    quarantine: Quarantine
    awaited: Callable[[Sequence[AwaitedItem]], None] = lambda _: None
    """Is given rows with a derived value that may come later."""


class Reader:
    """Reads a source into a spool."""

    def __init__(self, source: Source, *, progress: Progress, stop: threading.Event) -> None:
        self._source = source
        self._progress = progress
        self._stop = stop
        self._lock = threading.Lock()
        self.tally = Tally()

    def read(
        self, stretches: Iterable[Stretch], reach: Reach, decoder: Callable[[], PageDecoder], sink: Sink
    ) -> Iterator[Stretch]:
        """Read stretches, several pieces at a time, and yield each, in order, when all that belongs to it is spooled.

        While the caller publishes one, the next are read, but no more than twice as many pieces as are read at a time.
        `decoder` is called for each piece, because new columns may have been added. Raises Interrupted between two
        pages after a stop. When this generator has ended, for any reason, nothing is read any more.
        """
        most = self._source.concurrency
        end = threading.Event()
        with ThreadPoolExecutor(most, thread_name_prefix="range") as pool:
            waiting: deque[tuple[Stretch, list[Future[None]]]] = deque()
            try:
                for stretch in stretches:
                    tasks = [
                        pool.submit(self._read_piece, piece, reach, decoder, sink, end) for piece in stretch.pieces
                    ]
                    waiting.append((stretch, tasks))
                    while sum(len(tasks) for _, tasks in waiting) > 2 * most or len(waiting) > most:
                        yield _finished(waiting)
                while waiting:
                    yield _finished(waiting)
            finally:
                end.set()
                pool.shutdown(cancel_futures=True)

    def _read_piece(
        self,
        piece: Piece,
        reach: Reach,
        decoder: Callable[[], PageDecoder],
        sink: Sink,
        end: threading.Event,
    ) -> None:
        for page in self._source.pages(piece, decoder()):
            if self._stop.is_set():
                raise Interrupted("stopped on request; days published before stay published")
            if end.is_set():
                return
            self._take(page, piece, reach, sink)

    def _take(self, page: DecodedPage, piece: Piece, reach: Reach, sink: Sink) -> None:
        wanted = _within(page.rows, reach.window)
        nulled: dict[dt.date, list[QuarantinedItem]] = {}
        without_row: list[QuarantinedItem] = []
        for entry in page.nulled:
            if entry.day is None or not _is_within(entry.day, reach.window):
                continue
            if entry.row is None:
                without_row.append(entry)
            else:
                nulled.setdefault(entry.day, []).append(entry)
        value = piece.value if page.partition_value is None else page.partition_value
        counts = _rows_by_day(wanted)
        items = _items_within(page, reach.window)
        with self._lock:
            sink.spool.add(wanted, value, piece.order)
            sink.quarantine.add(page.withheld)
            if page.awaited:
                sink.awaited([one for one in page.awaited if reach.window is None or one.day in reach.window])
            for entry in without_row:  # each is an item of its own
                sink.quarantine.add([entry])
            for day, entries in nulled.items():
                sink.spool.count_nulled(day, sink.quarantine.add(entries))
            self._count(page, value, counts, items, reach.window)
            self._progress.read(items=page.items, units=page.read_units)

    def _count(
        self,
        page: DecodedPage,
        value: str,
        counts: dict[dt.date, int],
        items: dict[dt.date, int] | None,
        window: Window | None,
    ) -> None:
        tally = self.tally
        read = sum((counts if items is None else items).values())
        tally.items += read
        for day, count in (items or {}).items():
            of_day = tally.items_by_day.setdefault(day, {})
            of_day[value] = of_day.get(value, 0) + count
        for day, rows in counts.items():
            tally.rows += rows
            tally.rows_by_day[day] = tally.rows_by_day.get(day, 0) + rows
        if read:
            tally.answered.add(value)
        for (day, column), found in page.inexact.items():
            if window is None or day in window:
                tally.inexact[column] = tally.inexact.get(column, InexactDoubles()) + found
        for (day, attribute), count in page.ignored.items():
            if window is None or day in window:
                tally.ignored[attribute] = tally.ignored.get(attribute, 0) + count


def _finished(waiting: deque[tuple[Stretch, list[Future[None]]]]) -> Stretch:
    stretch, tasks = waiting.popleft()
    for task in tasks:
        task.result()
    return stretch


def _rows_by_day(rows: pa.RecordBatch) -> dict[dt.date, int]:
    days = rows.column(DAY)
    bounds = pc.min_max(days).as_py()
    if bounds["min"] == bounds["max"] and not days.null_count:  # most pages
        return {bounds["min"]: len(days)} if len(days) else {}
    counts = pc.value_counts(days)
    return dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))


def _items_within(page: DecodedPage, window: Window | None) -> dict[dt.date, int] | None:
    if page.items_by_day is None:
        return None
    return {day: items for day, items in page.items_by_day.items() if _is_within(day, window)}


def _is_within(day: dt.date, window: Window | None) -> bool:
    return window is None or day in window


def _within(rows: pa.RecordBatch, window: Window | None) -> pa.RecordBatch:
    if window is None or rows.num_rows == 0:
        return rows
    days = rows.column(DAY)
    bounds = pc.min_max(days).as_py()
    if bounds["min"] in window and bounds["max"] in window:
        return rows
    first, last = (pa.scalar(day, pa.date32()) for day in (window.first, window.last))
    return rows.filter(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)))
