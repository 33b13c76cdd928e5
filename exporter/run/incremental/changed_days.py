"""Changed items of a window flow in; the days that they were on and are on, with their log, flow out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import pyarrow as pa

from dataset_model import Dataset
from exporter.planning.window import day_of
from exporter.run.incremental.item_log import ItemLog, differing
from exporter.run.incremental.placement import Placement
from exporter.sources.description import SourceDescription
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.sources.table_export.changed_items import ChangedItem
from exporter.targets.quarantine import Quarantine
from exporter.values.attribute_values import AttributeValue, Image

_BEGIN, _MINUTE, _MICROSECONDS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(minutes=1), 60_000_000

_key = msgspec.json.Decoder(dict[str, AttributeValue])

ITEMS = pa.schema([
    ("key", pa.binary(16)), ("at", pa.int64()), ("left", pa.date32()), ("reached", pa.date32()),
    ("is_deleted", pa.bool_()), ("is_expired", pa.bool_()),
])  # fmt: skip
"""Hash of an item's key; its last write in the window, in microseconds since 1970; the days that it was on at the
window's begin and is on at its end, null where it is on none; whether it is gone, and by time to live alone."""


@dataclass
class ChangedDays:
    """What a window has changed, of items that the source of a dataset holds or held."""

    oldest: dt.date
    """The first day of which nothing had expired when the window ended."""
    touched: dict[dt.date, int] = field(default_factory=dict)
    """Day -> latest write of an item that was or is on it, in microseconds since 1970."""
    rewritten: dict[dt.date, int] = field(default_factory=dict)
    """Day -> latest write of an item that is on it as it was when the window began, and may have been otherwise."""
    items: int = 0
    """Items that differ on some day."""
    parts: list[pa.RecordBatch] = field(default_factory=list)
    """`ITEMS` of every item of the window, whatever the source holds of it, in the order of the export's files."""

    def touch(self, day: dt.date, at: int) -> None:
        """Note a write on a day."""
        _note(self.touched, day, at)

    def rewrite(self, day: dt.date, at: int) -> None:
        """Note a write that has left an item of a day as it was."""
        _note(self.rewritten, day, at)

    def table(self) -> pa.Table:
        """Return all items of the window."""
        return pa.Table.from_batches(self.parts, ITEMS).combine_chunks()


class WindowReader:
    """Reads the items of one window for one dataset."""

    def __init__(
        self,
        dataset: Dataset,
        description: SourceDescription,
        placement: Placement,
        log: ItemLog,
        quarantine: Quarantine | None,
        end: dt.datetime,
    ) -> None:
        """`end` is that of the window; without a quarantine the caller keeps what has no day."""
        self._table_key, self.placement = description.table_key, placement
        self._log, self._quarantine = log, quarantine
        # A deletion on an older day than this was one by time to live.
        self._oldest = lru_cache(lambda minute: oldest_day(dataset, _BEGIN + minute * _MINUTE))
        self.found = ChangedDays(oldest_day(dataset, end))

    def add(self, items: Sequence[ChangedItem]) -> None:
        """Take account of some items."""
        carried = self.placement.carried
        old = [None if item.old is None else carried(item.old) for item in items]
        new = [None if item.new is None else carried(item.new) for item in items]
        left, reached = self._days(old, is_new=False), self._days(new, is_new=True)
        self._add_items(items, left, reached)
        for number, item in enumerate(items):
            self._add(item, (left.get(number), reached.get(number)), (old[number], new[number]))
        self._log.flush()

    def _add(
        self,
        item: ChangedItem,
        days: tuple[dt.date | None, dt.date | None],
        images: tuple[Image | None, Image | None],
    ) -> None:
        oldest = self._oldest(item.at // _MICROSECONDS)
        left, reached = (None if day is not None and day < oldest else day for day in days)
        before, after = (image or {} for image in images)
        if left == reached:
            before, after = differing(before, after)
            if left is None:
                return
            if not (before or after):
                self.found.rewrite(left, item.at)
                return
            self._log.add(left, "changed", item, before, after)
        else:
            if left is not None:
                self._log.add(left, "deleted", item, before, {})
            if reached is not None:
                self._log.add(reached, "added", item, {}, after)
        self.found.items += 1
        for day in {left, reached} - {None}:
            self.found.touch(day, item.at)  # type: ignore[arg-type]  # None is taken out

    def _add_items(self, items: Sequence[ChangedItem], left: dict[int, dt.date], reached: dict[int, dt.date]) -> None:
        numbers = range(len(items))
        columns = (
            [key_digest(_key.decode(item.key), self._table_key) for item in items],
            [item.at for item in items],
            [left.get(number) for number in numbers],
            [reached.get(number) for number in numbers],
            [item.new is None for item in items],
            [self._is_expired(item, left.get(number)) for number, item in enumerate(items)],
        )
        arrays = [pa.array(values, kind) for values, kind in zip(columns, ITEMS.types, strict=True)]
        self.found.parts.append(pa.RecordBatch.from_arrays(arrays, schema=ITEMS))

    def _is_expired(self, item: ChangedItem, left: dt.date | None) -> bool:
        return item.new is None and left is not None and left < self._oldest(item.at // _MICROSECONDS)

    def _days(self, images: Sequence[Image | None], *, is_new: bool) -> dict[int, dt.date]:
        """Return number -> day of the images that have one; the others that are new are quarantined."""
        held = {number: image for number, image in enumerate(images) if image is not None}
        days, poison = self.placement.days(held)
        if self._quarantine is not None:
            for number in (held.keys() - days.keys()) if is_new else ():
                self._quarantine.add(self.placement.reasons(held[number], poison.get(number)))
        return days


def oldest_day(dataset: Dataset, now: dt.datetime) -> dt.date:
    """Return the first day of which time to live has removed nothing at an instant."""
    expires = dataset.retention.expires_after_days
    return day_of(now, dataset.zone) - dt.timedelta(days=expires - 1) if expires else dt.date.min


def _note(writes: dict[dt.date, int], day: dt.date, at: int) -> None:
    writes[day] = max(at, writes.get(day, at))
