"""Keys of the index flow in, counts and key hashes per day flow out.

A query for the key attributes costs as much as `Select=COUNT`, because read units are counted before the projection,
and it shows the day of each item. Its responses carry DynamoDB's own `Count`. The decoded items must add up to it, so
that an item which the decoder drops is found.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

import msgspec

from dataset_model import Dataset
from dataset_model.records.table_schema import SourceIdentity, TableSchema
from exporter.decoding.decoder import DAY, KEY, DecodedPage, PageDecoder
from exporter.decoding.key_hash import KeyHash
from exporter.errors import Interrupted, SourceError
from exporter.planning.planner import Planner
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window
from exporter.sources.description import SourceDescription
from exporter.sources.index import Index
from exporter.values.attribute_values import AttributeValue, key_text

Part = TypeVar("Part")

KEPT_UNREADABLE = 100_000
"""Most unreadable items remembered individually. With more of them the date format is wrong, not the items."""

_item = msgspec.json.Decoder(dict[str, AttributeValue])


class _Answer(msgspec.Struct):
    """What DynamoDB reports about its response, read without the items."""

    Count: int = 0
    LastEvaluatedKey: dict[str, msgspec.Raw] | None = None


_answer = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True)
class Unreadable:
    """An item with a sort key that has no readable day."""

    reason: str
    item: str
    """DynamoDB JSON, its key attributes alone."""


@dataclass
class KeyReading:
    """What the index holds."""

    days: dict[dt.date, dict[str, int]] = field(default_factory=dict)
    """Day -> partition value -> items."""
    hashes: dict[dt.date, KeyHash] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    """Partition value -> items by the `Count` of DynamoDB's answers. With a window this includes neighbouring days:
    text keys are read one day wider on each side."""
    decoded: dict[str, int] = field(default_factory=dict)
    """Partition value -> items that were read from these answers, with a readable day or without."""
    unreadable: dict[bytes, Unreadable] = field(default_factory=dict)
    """By `key_digest`; at most `KEPT_UNREADABLE` of them."""
    unreadable_items: int = 0
    """All of them."""

    def add(self, page: DecodedPage, value: str, window: Window | None, key: tuple[str, ...]) -> None:
        """Count a page's items; `value` is their partition value, "" for none, `key` the table's primary key."""
        for day, rows in _rows_by_day(page):
            if window is not None and day not in window:
                continue
            counts = self.days.setdefault(day, {})
            counts[value] = counts.get(value, 0) + len(rows)
            self.hashes.setdefault(day, KeyHash()).add(page.rows.column(KEY).take(rows))
        self.unreadable_items += len(page.withheld)
        for item in page.withheld:
            if len(self.unreadable) < KEPT_UNREADABLE:
                digest = key_digest(_item.decode(item.item), key)
                self.unreadable[digest] = Unreadable(item.reason, item.item)

    def items(self, day: dt.date) -> int:
        """Return how many items a day holds."""
        return sum(self.days.get(day, {}).values())

    def key_hash(self, day: dt.date) -> str:
        """Return a day's key hash as the manifest has it, "" for a day without items."""
        return self.hashes[day].hexadecimal() if day in self.hashes else ""


class _CountingDecoder(PageDecoder):
    """Counts the items that DynamoDB reports and the items decoded, for one partition value."""

    counted = decoded = 0

    def decode(self, body: bytes) -> DecodedPage:
        answer, page = _answer.decode(body), super().decode(body)
        if bool(answer.LastEvaluatedKey) != bool(page.last_evaluated_key):
            raise SourceError(
                "a DynamoDB response has a LastEvaluatedKey but was decoded as the last page; nothing was compared"
            )
        self.counted += answer.Count
        self.decoded += page.rows.num_rows + len(page.withheld)
        return page


class KeyReader:
    """Reads the keys of one dataset's items."""

    def __init__(self, index: Index, dataset: Dataset, description: SourceDescription, sort_key: SortKey) -> None:
        """`index` asks for `key_attributes`."""
        self._index = index
        self._dataset = dataset.model_copy(update={"columns": (), "undeclared": "ignore", "explode": None})
        self._key = description.table_key
        self._sort_key = sort_key
        self._planner = Planner(dataset, sort_key)
        self._lock = threading.Lock()

    def read(self, window: Window | None, stop: threading.Event) -> KeyReading:
        """Return what the index holds of a window's days; None reads the whole key, including unreadable dates.

        Each partition value is read in key order, all of them at the same time. Raises Interrupted after a stop.
        """
        reading = KeyReading()
        values = self._dataset.source.partition_values
        workers = self._index.limiter.most
        read_at_once(workers, values, lambda value: self._read_value(value, window, reading, stop), stop)
        return reading

    def _read_value(self, value: str, window: Window | None, reading: KeyReading, stop: threading.Event) -> None:
        decoder = _CountingDecoder(no_columns(self._dataset), self._dataset, self._sort_key, self._key)
        for keys in self._planner.ranges(self._planner.reach(window)):
            for page in self._index.pages(value, keys, decoder):
                if stop.is_set():
                    raise Interrupted("stopped on request; nothing was changed")
                with self._lock:
                    reading.add(page, value, window, self._key)
        with self._lock:
            reading.counted[value] = decoder.counted
            reading.decoded[value] = decoder.decoded


def read_at_once(workers: int, parts: Iterable[Part], read: Callable[[Part], None], stop: threading.Event) -> None:
    """Read parts of a source in threads; the first failure stops the others and is raised."""
    with ThreadPoolExecutor(workers, thread_name_prefix="keys") as pool:
        tasks = [pool.submit(read, part) for part in parts]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            stop.set()
            raise


def no_columns(dataset: Dataset) -> TableSchema:
    """Return a schema without columns, under which a decoder reads keys and days alone."""
    return TableSchema(dataset=dataset.name, source=SourceIdentity.of(dataset), updated_at=dt.datetime.now(dt.UTC))


def key_attributes(dataset: Dataset, description: SourceDescription) -> tuple[str, ...]:
    """Return the attributes that a reading of keys needs."""
    return (*description.table_key, dataset.source.sort_key)


def key_digest(item: Mapping[str, AttributeValue], attributes: Sequence[str]) -> bytes:
    """Return 16 bytes that identify an item by its primary key; equal keys have equal digests in every spelling."""
    text = "".join(key_text(item.get(attribute)) for attribute in attributes)
    return blake2b(text.encode(), digest_size=16).digest()


def _rows_by_day(page: DecodedPage) -> list[tuple[dt.date, list[int]]]:
    days: dict[dt.date, list[int]] = {}
    for row, day in enumerate(page.rows.column(DAY).to_pylist()):
        days.setdefault(day, []).append(row)
    return list(days.items())
