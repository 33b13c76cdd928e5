"""From a plan to spooled days: pieces are read at the same time, and a stretch is handed on when all of its are in."""

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model import Dataset
from exporter.decoding.decoder import DAY, DecodedPage, PageDecoder, SetAside
from exporter.decoding.page import texts_at_ends
from exporter.decoding.schema import kinds_in_page
from exporter.errors import Interrupted
from exporter.planning.key_ranges import KeyRange
from exporter.planning.planner import Piece, Planner, Reach, Stretch
from exporter.planning.window import Window
from exporter.run.progress import Progress
from exporter.sources.index import Index, Sample
from exporter.targets.quarantine import Quarantine
from exporter.targets.spool import Spool
from exporter.values.numbers import InexactDoubles

_EARLIEST = dt.date(2000, 1, 1)
_EARLIEST_REACH = Reach(None, dt.datetime(1999, 12, 31, tzinfo=dt.UTC), None)  # a key of that day, whatever its offset
_PROBED_ITEMS = 50  # the first of which may be unreadable

KEPT_SAMPLES = 32
"""Sampled pages, of at most 1 MB each, that are kept because they would be read again."""


@dataclass(frozen=True)
class _FirstPage:
    """A partition value's first page: nothing lies before its first item, and all between that and its last is here."""

    body: bytes | None
    """None once it has been taken."""
    first: str
    """The first item's sort key."""
    last: str
    """As `first`."""


@dataclass
class Tally:
    """What reading has met, apart from the rows."""

    rows: int = 0
    inexact: dict[str, InexactDoubles] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    """Partition values that gave at least one row."""


@dataclass(frozen=True)
class Sink:
    """Where rows and set-aside items go."""

    spool: Spool
    quarantine: Quarantine


class Reader:
    """Reads one dataset's index into a spool."""

    def __init__(
        self, index: Index, dataset: Dataset, planner: Planner, *, progress: Progress, stop: threading.Event
    ) -> None:
        self._index = index
        self._values = dataset.source.partition_values
        self._sort_attribute = dataset.source.sort_key
        self._zone = dataset.zone
        self._planner = planner
        self._progress = progress
        self._stop = stop
        self._kept: dict[str, bytes] = {}
        self._first: dict[str, _FirstPage] = {}
        self._ends: dict[str, list[dt.date]] = {}
        self._lock = threading.Lock()
        self.tally = Tally()

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types on the first and last page of each partition value.

        First pages are kept, so that they are neither read nor paid for again. Of those that are not the whole answer
        it is remembered how dense they are, and which days they hold.
        """
        found: dict[str, set[str]] = {}
        self._kept, self._first, self._ends = {}, {}, {}
        ranges = self._planner.ranges(reach)
        with ThreadPoolExecutor(self._index.limiter.most, thread_name_prefix="sample") as pool:
            for kinds in pool.map(lambda value: self._sampled(value, ranges), self._values):
                for attribute, tags in kinds.items():
                    found.setdefault(attribute, set()).update(tags)
        return found

    def _sampled(self, value: str, ranges: tuple[KeyRange, ...]) -> dict[str, set[str]]:
        first = self._index.first_page(value, ranges[0])
        bodies = [*first.bodies]
        if len(ranges) > 1 or first.more:
            last = self._index.last_page(value, ranges[-1])
            bodies += last.bodies
            self._look_at_ends(value, first, last.bodies[0], whole=len(ranges) == 1)
        elif len(bodies) == 1:
            with self._lock:
                if self._may_keep:
                    self._kept[value] = bodies[0]
        found: dict[str, set[str]] = {}
        for body in bodies:
            for attribute, tags in kinds_in_page(body).items():
                found.setdefault(attribute, set()).update(tags)
        return found

    @property
    def _may_keep(self) -> bool:
        return len(self._kept) + len(self._first) < KEPT_SAMPLES

    def _look_at_ends(self, value: str, first: Sample, last: bytes, *, whole: bool) -> None:
        """Learn from a first and a last page; with `whole`, between them lie the keys of one range."""
        key = self._planner.sort_key
        ends = [
            texts_at_ends(body, self._sort_attribute, key.attribute_type, _PROBED_ITEMS)
            for body in (first.bodies[0], last)
        ]
        if len(first.bodies) == 1:
            begun, ended = ends[0]
            self._planner.learn_page(value, first.units, begun, ended)
            with self._lock:
                if whole and self._may_keep and len(begun):
                    self._first[value] = _FirstPage(first.bodies[0], begun[0].as_py(), ended[-1].as_py())
        days = [_extent(key.days(texts)) for texts, _ in ends]
        if all(days):
            self._ends[value] = [day for found in days for day in found]

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:
        """Return the days between the first and last readable item of the index, or None where it has none.

        `latest` stands for the last day where the last items have no readable one.
        """
        ranges = self._planner.ranges(_EARLIEST_REACH)
        days: list[dt.date] = []
        for value in self._values:
            if value in self._kept:
                days += _days_of(decoder.decode(self._kept[value]), _EARLIEST)
                continue
            if value in self._ends:
                days += self._ends[value]
                continue
            days += self._probed(value, decoder, self._index.first_items, ranges, _EARLIEST)
            days += self._probed(value, decoder, self._index.last_items, ranges[::-1], latest)
        return Window(min(days), max(days), self._zone) if days else None

    def _probed(
        self,
        value: str,
        decoder: PageDecoder,
        probe: Callable[[str, KeyRange, int], bytes],
        ranges: Iterable[KeyRange],
        unreadable: dt.date,
    ) -> list[dt.date]:
        for keys in ranges:
            if days := _days_of(decoder.decode(probe(value, keys, _PROBED_ITEMS)), unreadable):
                return days
        return []

    def read(
        self, stretches: Iterable[Stretch], reach: Reach, decoder: Callable[[], PageDecoder], sink: Sink
    ) -> Iterator[Stretch]:
        """Read stretches, several pieces at a time, and yield each, in order, when all that belongs to it is spooled.

        While the caller publishes one, the next are read, but no more than twice as many pieces as are read at a time.
        `decoder` is asked for each piece, so that it may learn of new columns. Raises Interrupted between two pages
        after a stop; whatever ends it, nothing is read any more when this generator has ended.
        """
        most = self._index.limiter.most
        end = threading.Event()
        with ThreadPoolExecutor(most, thread_name_prefix="range") as pool:
            waiting: deque[tuple[Stretch, list[Future[None]]]] = deque()
            try:
                for stretch in stretches:
                    # A kept answer belongs to the first piece of its value: were a later stretch to take it, the days
                    # of this one would be published without its rows.
                    tasks = [
                        pool.submit(self._read_piece, piece, self._kept_for(piece), reach, decoder, sink, end)
                        for piece in stretch.pieces
                    ]
                    waiting.append((stretch, tasks))
                    while sum(len(tasks) for _, tasks in waiting) > 2 * most or len(waiting) > most:
                        yield _finished(waiting)
                while waiting:
                    yield _finished(waiting)
            finally:
                end.set()
                pool.shutdown(cancel_futures=True)

    def _kept_for(self, piece: Piece) -> bytes | None:
        """Return the whole answer of a piece's value, for its first piece; nothing for the others; None: to be read."""
        body = self._kept.get(piece.value)
        if body is not None:
            self._kept[piece.value] = b""
        return body

    def _read_piece(
        self,
        piece: Piece,
        kept: bytes | None,
        reach: Reach,
        decoder: Callable[[], PageDecoder],
        sink: Sink,
        end: threading.Event,
    ) -> None:
        units, items = 0.0, 0
        for page in self._pages(piece, kept, decoder()):
            if self._stop.is_set():
                raise Interrupted("stopped on request; days published before stay published")
            if end.is_set():
                return
            units += page.read_units
            items += page.items
            self._take(page, piece, reach, sink)
        # What lies beyond a value's first and last item is empty, and says nothing of what lies between.
        if items and piece.hours is not None and kept is None:
            self._planner.density.learn(piece.value, units, piece.hours)

    def _pages(self, piece: Piece, kept: bytes | None, decoder: PageDecoder) -> Iterator[DecodedPage]:
        if kept is not None:
            if kept:
                yield decoder.decode(kept)
            return
        for keys in piece.ranges:
            first, is_empty = self._first_page(piece.value, keys)
            if not is_empty:
                yield from self._index.pages(piece.value, keys, decoder, first)

    def _first_page(self, value: str, keys: KeyRange) -> tuple[bytes | None, bool]:
        """Return the first page of a range where it has been read, once; and whether it showed that there is none."""
        kind = self._planner.sort_key.attribute_type
        with self._lock:
            found = self._first.get(value)
            place = keys.place_of(found.first, kind) if found else -1
            if found is None or place:
                return None, place > 0
            self._first[value] = replace(found, body=None)
        # One that reaches further holds items of the next range, too, and is read again.
        return None if keys.place_of(found.last, kind) else found.body, False

    def _take(self, page: DecodedPage, piece: Piece, reach: Reach, sink: Sink) -> None:
        wanted = _within(page.rows, reach.window)
        nulled: dict[dt.date, list[SetAside]] = {}
        for aside in page.nulled:
            if aside.day is not None and (reach.window is None or aside.day in reach.window):
                nulled.setdefault(aside.day, []).append(aside)
        with self._lock:
            sink.spool.add(wanted, piece.value, piece.order)
            sink.quarantine.add(page.withheld)
            for day, asides in nulled.items():
                sink.spool.count_nulled(day, sink.quarantine.add(asides))
            self._count(page, piece, wanted.num_rows, reach.window)
            self._progress.read(items=page.items, units=page.read_units)

    def _count(self, page: DecodedPage, piece: Piece, rows: int, window: Window | None) -> None:
        tally = self.tally
        tally.rows += rows
        if rows:
            tally.answered.add(piece.value)
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


def _days_of(page: DecodedPage, unreadable: dt.date) -> list[dt.date]:
    """Return the first and last day on a page; `unreadable` where it holds items and no readable day."""
    return _extent(page.rows.column(DAY)) or ([unreadable] if page.items else [])


def _extent(days: pa.Date32Array) -> list[dt.date]:
    """Return the first and last day that is not null, if any is."""
    found = pc.min_max(days).as_py()
    return [] if found["min"] is None else [found["min"], found["max"]]


def _within(rows: pa.RecordBatch, window: Window | None) -> pa.RecordBatch:
    if window is None or rows.num_rows == 0:
        return rows
    days = rows.column(DAY)
    bounds = pc.min_max(days).as_py()
    if bounds["min"] in window and bounds["max"] in window:
        return rows
    first, last = (pa.scalar(day, pa.date32()) for day in (window.first, window.last))
    return rows.filter(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)))
