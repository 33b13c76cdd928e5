"""From a window to spooled days: which key ranges are read, in which order, and when a day is complete."""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from datasets import Dataset
from exporter.decode import DAY, DecodedPage, PageDecoder, SetAside
from exporter.errors import Interrupted
from exporter.key_ranges import EVERY_KEY, KeyRange
from exporter.progress import Progress
from exporter.quarantine import Quarantine
from exporter.schema import kinds_in_page
from exporter.sort_key import SortKey
from exporter.source import Index
from exporter.spool import Spool
from exporter.window import DayStride, Window, day_start

_DAY = dt.timedelta(days=1)
_EARLIEST = dt.date(2000, 1, 1)
_EARLIEST_POSITION = dt.datetime(1999, 12, 31, tzinfo=dt.UTC)  # of a key on that day, whatever its offset
_WHOLE_KEY = (EVERY_KEY,)

_PROBED_ITEMS = 50  # the first of which may be unreadable

KEPT_SAMPLES = 32
"""Sampled pages, of at most 1 MB each, that are kept because they are a partition value's whole answer."""


@dataclass(frozen=True)
class Reach:
    """What one pass over the index covers: the days wanted, and how far along the key they may lie.

    `window` None means every day. `start` and `end` are positions on the key's own axis; None is open.
    """

    window: Window | None
    start: dt.datetime | None
    end: dt.datetime | None


@dataclass(frozen=True)
class Stretch:
    """A piece of a reach that is read at once. After it, days that end by `complete_to` are complete."""

    ranges: tuple[KeyRange, ...]
    days: int
    complete_to: dt.datetime | None
    """None: every day is."""


@dataclass
class Tally:
    """What reading has met, apart from the rows."""

    read_units: float = 0.0
    rows: int = 0
    withheld: int = 0
    inexact: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    """Partition values that gave at least one item."""


class Reader:
    """Reads one dataset's index into a spool."""

    def __init__(
        self,
        index: Index,
        dataset: Dataset,
        sort_key: SortKey,
        *,
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        self._index = index
        self._values = dataset.source.partition_values
        self._zone = dataset.zone
        self.sort_key = sort_key
        self._progress = progress
        self._stop = stop
        self._kept: dict[str, bytes] = {}
        self.tally = Tally()

    def reach(self, window: Window | None) -> Reach:
        """Return how far along the key a window's items may lie."""
        if window is None or not self.sort_key.sorts:
            return Reach(window, None, None)
        bounds = _day_bounds(window.start - self.sort_key.slack, window.end + self.sort_key.slack, self._axis_zone)
        return Reach(window, bounds[0], bounds[-1])

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types on the first and last page of each partition value.

        A first page that is the whole answer is kept, so that it is neither read nor paid for again.
        """
        found: dict[str, set[str]] = {}
        self._kept = {}
        for value in self._values:
            ranges = self.sort_key.key_ranges(reach.start, reach.end) if self.sort_key.sorts else _WHOLE_KEY
            first = self._index.first_page(value, ranges[0])
            pages = [first]
            if len(ranges) > 1 or b'"LastEvaluatedKey"' in first:
                pages.append(self._index.last_page(value, ranges[-1]))
            elif len(self._kept) < KEPT_SAMPLES:
                self._kept[value] = first
            for page in pages:
                for attribute, kinds in kinds_in_page(page).items():
                    found.setdefault(attribute, set()).update(kinds)
        return found

    def extent(self, decoder: PageDecoder) -> Window | None:
        """Return the days between the first and last readable item of the index, or None where it has none."""
        if not self.sort_key.sorts:
            return None
        ranges = self.sort_key.key_ranges(_EARLIEST_POSITION, None)
        days: list[dt.date] = []
        for value in self._values:
            if value in self._kept:
                days += _days_of(decoder.decode(self._kept[value]), _EARLIEST)
            else:
                days += self._probed(value, decoder, self._index.first_page, ranges, _EARLIEST)
                days += self._probed(value, decoder, self._index.last_page, ranges[::-1], self._latest)
        return Window(min(days), max(days), self._zone) if days else None

    def _probed(
        self,
        value: str,
        decoder: PageDecoder,
        probe: Callable[..., bytes],
        ranges: Iterable[KeyRange],
        unreadable: dt.date,
    ) -> list[dt.date]:
        for keys in ranges:
            if days := _days_of(decoder.decode(probe(value, keys, limit=_PROBED_ITEMS)), unreadable):
                return days
        return []

    @property
    def _latest(self) -> dt.date:
        return dt.date(self.sort_key.latest_year, 12, 31)

    def stretches(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:
        """Yield the pieces of a reach in key order, each of as many days as `stride` says when it is asked for.

        `extent` stands for the window where the reach has none. A key that does not sort is one piece.
        """
        covered = reach.window or extent
        if not self.sort_key.sorts or covered is None:
            yield Stretch(_WHOLE_KEY, 1, None)
            return
        start = reach.start or covered.start - self.sort_key.slack
        end = reach.end or covered.end + self.sort_key.slack
        bounds = _day_bounds(start, end, self._axis_zone)
        at = 0
        while at < len(bounds) - 1:
            days = stride.next_days(len(bounds) - 1 - at)
            low, high = bounds[at], bounds[at + days]
            first, last = at == 0, at + days == len(bounds) - 1
            ranges = self.sort_key.key_ranges(reach.start if first else low, reach.end if last else high)
            yield Stretch(ranges, days, None if last else high - self.sort_key.slack)
            at += days

    @property
    def _axis_zone(self) -> ZoneInfo:
        # A text key's order is that of its digits, so its axis is cut at the dates written in it; a number is an
        # instant, so its axis is cut where the dataset's days begin.
        return ZoneInfo("UTC") if self.sort_key.slack else self._zone

    def read(self, stretch: Stretch, reach: Reach, decoder: PageDecoder, spool: Spool, quarantine: Quarantine) -> None:
        """Read a stretch of every partition value into the spool; raise Interrupted between two pages."""
        for order, value in enumerate(self._values):
            for page in self._pages(value, stretch, decoder):
                if self._stop.is_set():
                    raise Interrupted("stopped on request; days published before stay published")
                self._take(page, value, order, reach, spool, quarantine)

    def _pages(self, value: str, stretch: Stretch, decoder: PageDecoder) -> Iterator[DecodedPage]:
        if value in self._kept:
            if body := self._kept[value]:
                self._kept[value] = b""  # the later stretches hold nothing more of this value
                yield decoder.decode(body)
            return
        for keys in stretch.ranges:
            yield from self._index.pages(value, keys, decoder)

    def _take(
        self, page: DecodedPage, value: str, order: int, reach: Reach, spool: Spool, quarantine: Quarantine
    ) -> None:
        tally = self.tally
        tally.read_units += page.read_units
        if page.items:
            tally.answered.add(value)
        wanted = _within(page.rows, reach.window)
        spool.add(wanted, value, order)
        tally.rows += wanted.num_rows
        tally.withheld += len(page.withheld)
        quarantine.add(page.withheld)
        by_day: dict[dt.date, list[SetAside]] = {}
        for aside in page.nulled:
            if aside.day is not None and (reach.window is None or aside.day in reach.window):
                by_day.setdefault(aside.day, []).append(aside)
        for day, asides in by_day.items():
            spool.count_nulled(day, quarantine.add(asides))
        for (day, column), count in page.inexact.items():
            if reach.window is None or day in reach.window:
                tally.inexact[column] = tally.inexact.get(column, 0) + count
        for attribute, count in page.ignored.items():
            tally.ignored[attribute] = tally.ignored.get(attribute, 0) + count
        self._progress.read(items=page.items, units=page.read_units)


def _days_of(page: DecodedPage, unreadable: dt.date) -> list[dt.date]:
    """Return the first and last day on a page; `unreadable` where it holds items and no readable day."""
    if page.rows.num_rows:
        return list(pc.min_max(page.rows.column(DAY)).as_py().values())
    return [unreadable] if page.items else []


def _within(rows: pa.RecordBatch, window: Window | None) -> pa.RecordBatch:
    if window is None or rows.num_rows == 0:
        return rows
    days = rows.column(DAY)
    bounds = pc.min_max(days).as_py()
    if window.first <= bounds["min"] and bounds["max"] <= window.last:
        return rows
    first, last = (pa.scalar(day, pa.date32()) for day in (window.first, window.last))
    return rows.filter(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)))


def _day_bounds(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    """Return the instants between which days lie, from the day of `start` to the end of the day before `end`."""
    first = start.astimezone(zone).date()
    last = (end - dt.timedelta(microseconds=1)).astimezone(zone).date()
    return [day_start(first + offset * _DAY, zone) for offset in range((last - first).days + 2)]
