"""Days that were read in a window flow in; the items in their files that are not on them any more flow out.

There are two kinds. An item that came to a day and left it again has a line in the export, with images of other days.
An item that was created, read and deleted inside the window has no line at all. It can only be a row that no line is
about, and that was not known to be on its day when the window began: the table is asked for each such item.
"""

import datetime as dt
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.table_schema import TableSchema
from exporter.run.incremental.known_keys import KnownKeys
from exporter.run.incremental.outdated_days import sure_until
from exporter.run.incremental.placement import Placement
from exporter.run.kept_rows import Item, PublishedKeys
from exporter.sources.partial_reads.item_lookup import ItemLookup
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.storage.object_store import StoredObject

MOST_LOOKUPS = 1_000_000
"""Items that are asked for in one window: they cost about half a read unit each."""

_DIGEST = pa.binary(16)


@dataclass
class Leftovers:
    """Items that a day's file holds although they are not on the day."""

    passed: dict[dt.date, "array[int]"] = field(default_factory=dict)
    """Day -> places in the window's items of those that only passed through it, in ascending order."""
    vanished: dict[dt.date, pa.Array] = field(default_factory=dict)
    """Day -> hashes of the keys of those that no line is about."""
    present: dict[dt.date, pa.Array] = field(default_factory=dict)
    """Day -> hashes of the keys of items that were asked for, for the first time, and are there."""
    untold: set[dt.date] = field(default_factory=set)
    """Days of which the files do not hold the table's key exactly, so that nothing can be asked."""
    unasked: dict[dt.date, int] = field(default_factory=dict)
    """Day -> items that were not asked for, because there are too many."""
    asked: int = 0

    @property
    def days(self) -> set[dt.date]:
        """The days that hold such an item."""
        return self.passed.keys() | self.vanished.keys()


@dataclass
class LeftoverSearch:
    """Searches the files of days that were read in one window."""

    items: pa.Table
    """Of the window."""
    manifest: Manifest
    schema: TableSchema
    published: PublishedKeys
    known: KnownKeys
    asked: KnownKeys
    lookup: ItemLookup
    placement: Placement
    keeps_deleted: bool
    """Whether rows of deleted items stay."""

    def run(self, days: Collection[dt.date], again: Collection[dt.date], start: dt.datetime) -> Leftovers:
        """Search the files of the days that were read in a window, from `start` on.

        On the days of `again` only the items that were asked for after the window before are searched for.
        """
        found = Leftovers()
        for day in days:
            self._search(day, start, found, is_again=False)
        for day in again:
            self._search(day, start, found, is_again=True)
        return found

    def _search(self, day: dt.date, start: dt.datetime, found: Leftovers, *, is_again: bool) -> None:
        record = self.manifest.days[day]
        objects = objects_of(record)
        if not self.published.are_known(day, objects, self.schema):
            found.untold.add(day)
            return
        held = pa.concat_arrays([self.published.digests(one, self.schema) for one in objects])
        if not is_again and (places := self._passed(day, record, held)):
            found.passed[day] = places
        if self.keeps_deleted:
            return
        asked = self.asked.of(day, start)
        silent = _without(held, self.items.column("key").combine_chunks())
        silent = _within(silent, asked) if is_again else _without(silent, _without(self.known.of(day, start), asked))
        if len(silent):
            self._ask(day, silent.unique(), asked, found)

    def _ask(self, day: dt.date, silent: pa.Array, asked: pa.Array, found: Leftovers) -> None:
        """Ask the table for items of a day that no line is about."""
        objects = objects_of(self.manifest.days[day])
        if not self.published.can_tell(day, objects, self.schema):
            found.untold.add(day)
        elif found.asked + len(silent) > MOST_LOOKUPS:
            found.unasked[day] = len(silent)
        else:
            found.asked += len(silent)
            gone = pa.array([key for one in objects for key in self._gone(day, one, silent)], _DIGEST)
            if len(gone):
                found.vanished[day] = gone
            present = _without(_without(silent, gone), asked)
            if len(present):
                found.present[day] = present

    def _passed(self, day: dt.date, record: DayRecord, held: pa.Array) -> "array[int]":
        """Return the places of the items that were written after a day was read, and are neither before nor now on it.

        Where an image is on the day, its line says what has become of the item.
        """
        items, here = self.items, pa.scalar(day, pa.date32())
        is_passed = pc.greater_equal(items.column("at"), sure_until(record))
        for column in ("left", "reached"):
            is_elsewhere = pc.fill_null(pc.not_equal(items.column(column), here), fill_value=True)
            is_passed = pc.and_(is_passed, is_elsewhere)
        if self.keeps_deleted:
            is_passed = pc.and_(is_passed, pc.invert(items.column("is_deleted")))
        if not pc.any(is_passed).as_py():
            return array("q")
        is_passed = pc.and_(is_passed, pc.is_in(items.column("key"), value_set=held))
        return array("q", pc.indices_nonzero(is_passed).to_pylist())

    def _gone(self, day: dt.date, found: StoredObject, wanted: pa.Array) -> Iterator[bytes]:
        """Yield the hashes of the wanted keys of which the item is not on a day any more."""
        for digests, keys in self.published.items(found, self.schema, wanted):
            once = dict(zip(digests.to_pylist(), keys, strict=True))
            there = self._on_day(day, once)
            yield from (digest for digest in once if digest not in there)

    def _on_day(self, day: dt.date, keys: Mapping[bytes, Item]) -> set[bytes]:
        """Return which of these items are on a day now."""
        present = list(self.lookup.items(keys.values()))
        carried = {number: self.placement.carried(msgspec.to_builtins(item)) for number, item in enumerate(present)}
        days, _ = self.placement.days({number: image for number, image in carried.items() if image is not None})
        names = [*self.published.key]
        return {key_digest(present[number], names) for number, of_it in days.items() if of_it == day}


def _within(keys: pa.Array, others: pa.Array) -> pa.Array:
    return keys.filter(pc.is_in(keys, value_set=others))


def _without(keys: pa.Array, others: pa.Array) -> pa.Array:
    return keys.filter(pc.invert(pc.is_in(keys, value_set=others)))


def objects_of(record: DayRecord) -> list[StoredObject]:
    """Return the objects of a day as they are found in S3."""
    return [StoredObject(found.key, found.etag, found.bytes) for found in record.objects]
