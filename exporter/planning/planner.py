"""A window flows in, stretches of days flow out, each cut into pieces: ranges of keys that are read concurrently.

A stretch is read and published as a unit. Its pieces are disjoint ranges of one partition value each. The order of
pieces, not of their arrival, is the order of rows.
"""

import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa

from dataset_model import Dataset
from exporter.planning.key_ranges import EVERY_KEY, KeyRange
from exporter.planning.sort_key import SortKey
from exporter.planning.window import DayStride, Window, day_end, day_start

PIECE_UNITS = 512.0
"""Read units that a piece should cost: four full pages, so that the last piece of a stretch is soon complete."""

MOST_PIECES = 64
"""Of one partition value in a stretch: enough for every range to be busy to the end."""

_UNIT_BYTES = 8192
"""What a read unit reads, eventually consistent; about as much as its rows take in memory."""

_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Reach:
    """What one pass over the index covers: the days wanted, and the key range that may hold them.

    `window` None means every day. `start` and `end` are positions on the key's own axis; None is open.
    """

    window: Window | None
    start: dt.datetime | None
    end: dt.datetime | None


@dataclass(frozen=True)
class Piece:
    """Disjoint ranges of one partition value, read one after the other."""

    value: str
    order: tuple[int, int]
    """Position of the partition value, then of the piece: rows of a day have this order."""
    ranges: tuple[KeyRange, ...]
    hours: float | None
    """Length on the key's axis; None where the key does not sort."""


@dataclass(frozen=True)
class Stretch:
    """What is read at once. After it, days that end by `complete_to` are complete."""

    pieces: tuple[Piece, ...]
    days: int
    complete_to: dt.datetime | None
    """None: every day is."""


class Density:
    """Read units per hour of each partition value, as earlier pieces showed. Safe to use from any thread."""

    def __init__(self) -> None:
        self._per_hour: dict[str, float] = {}
        self._lock = threading.Lock()

    def learn(self, value: str, units: float, hours: float) -> None:
        """Record the cost of a piece that has been read."""
        if hours > 0:
            with self._lock:
                known = self._per_hour.get(value)
                found = units / hours
                self._per_hour[value] = found if known is None else (known + found) / 2

    @property
    def bytes_per_day(self) -> float:
        """Memory of a day of all partition values, as far as known."""
        with self._lock:
            return sum(self._per_hour.values()) * 24 * _UNIT_BYTES

    def pieces(self, value: str, hours: float, empty_days: int = 0) -> int:
        """Return the best number of pieces for that many hours of a value.

        After `empty_days` without an item there are fewer, because each costs a request even if it is empty.
        """
        with self._lock:
            wanted = round(self._per_hour.get(value, 0.0) * hours / PIECE_UNITS)
        return max(1, min(wanted, MOST_PIECES) // (1 + empty_days))


class Planner:
    """Plans the reading of one dataset."""

    def __init__(self, dataset: Dataset, sort_key: SortKey) -> None:
        self._values = dataset.source.partition_values
        self._zone = dataset.zone
        self.sort_key = sort_key
        self._pieces = 0
        self.density = Density()

    def reach(self, window: Window | None) -> Reach:
        """Return the key range that may hold a window's items."""
        if window is None or not self.sort_key.sorts:
            return Reach(window, None, None)
        bounds = _day_bounds(window.start - self.sort_key.slack, window.end + self.sort_key.slack, self._axis_zone)
        return Reach(window, bounds[0], bounds[-1])

    def ranges(self, reach: Reach) -> tuple[KeyRange, ...]:
        """Return the ranges of a whole reach, in key order."""
        return self.sort_key.key_ranges(reach.start, reach.end) if self.sort_key.sorts else (EVERY_KEY,)

    def learn_page(self, value: str, units: float, first: pa.StringArray, last: pa.StringArray) -> None:
        """Take account of a page of consecutive items before any piece is read, by the sort keys at its ends."""
        if not self.sort_key.sorts:
            return
        begun, ended = (keys.filter(self.sort_key.days(keys).is_valid()) for keys in (first, last))
        if len(begun) and len(ended):
            length = self.sort_key.instant(ended[-1].as_py()) - self.sort_key.instant(begun[0].as_py())
            self.density.learn(value, units, length / _HOUR)

    def stretches(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:
        """Yield the stretches of a reach in key order, each of as many days as `stride` gives when it is asked.

        `extent` stands for the window where the reach has none. A key that does not sort is one stretch.
        """
        covered = reach.window or extent
        if not self.sort_key.sorts or covered is None:
            pieces = [Piece(value, self._next(at), (EVERY_KEY,), None) for at, value in enumerate(self._values)]
            yield Stretch(tuple(pieces), 1, None)
            return
        start = reach.start or covered.start - self.sort_key.slack
        end = reach.end or covered.end + self.sort_key.slack
        bounds = _day_bounds(start, end, self._axis_zone)
        at = 0
        while at < len(bounds) - 1:
            days = stride.next_days(len(bounds) - 1 - at, self.density.bytes_per_day)
            low, high = bounds[at], bounds[at + days]
            last = at + days == len(bounds) - 1
            open_low = at == 0 and reach.start is None
            open_high = last and reach.end is None
            pieces = list(self._cut(low, high, stride.empty_days, open_low=open_low, open_high=open_high))
            yield Stretch(tuple(pieces), days, None if last else high - self.sort_key.slack)
            at += days

    def _cut(
        self, low: dt.datetime, high: dt.datetime, empty_days: int, *, open_low: bool, open_high: bool
    ) -> Iterator[Piece]:
        hours = (high - low) / _HOUR
        for position, value in enumerate(self._values):
            count = self.density.pieces(value, hours, empty_days)
            cuts = self._cuts(low, high, count)
            for first, second in itertools.pairwise(cuts):
                ranges = self.sort_key.key_ranges(
                    None if open_low and first == low else first, None if open_high and second == high else second
                )
                yield Piece(value, self._next(position), ranges, (second - first) / _HOUR)

    def _cuts(self, low: dt.datetime, high: dt.datetime, count: int) -> list[dt.datetime]:
        unit = self.sort_key.finest_cut
        units = (high - low) // unit
        inner = sorted({low + unit * (units * number // count) for number in range(1, count)} - {low, high})
        return [low, *inner, high]

    def _next(self, position: int) -> tuple[int, int]:
        self._pieces += 1
        return position, self._pieces

    @property
    def _axis_zone(self) -> ZoneInfo:
        # A text key's order is that of its digits, so its axis is cut at the dates written in it; a number is an
        # instant, so its axis is cut where the dataset's days begin.
        return ZoneInfo("UTC") if self.sort_key.slack else self._zone


def _day_bounds(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> list[dt.datetime]:
    """Return the bounds of days, from the day of `start` to the end of the day before `end`, each once.

    A day that the calendar leaves out has no length, and a range needs one: there the last bound is an hour later.
    """
    first = start.astimezone(zone).date()
    last = (end - dt.timedelta(microseconds=1)).astimezone(zone).date()
    starts = {day_start(first + offset * _DAY, zone) for offset in range((last - first).days + 1)} or {start}
    return [*sorted(starts), max(day_end(last, zone), max(starts) + _HOUR)]
