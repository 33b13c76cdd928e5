"""Items with a derived value that may come later flow in; the list of them, and days to read again, flow out.

A dataset with changes keeps a list, `_changes/_awaited/`: each entry has its item, so its row can be derived
again without reading the table. A dataset without changes leaves the item's day open, so the next scheduled run reads
it again. After a week a row is settled as it is.
"""

import contextlib
import datetime as dt
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from dataset_model.records.changes import CHANGES_FOLDER, SEQUENCE_DIGITS, milliseconds
from exporter.decoding.batch import AwaitedItem
from exporter.errors import StaleRun, StoreError
from exporter.storage.object_store import Store, StoredObject

WAIT = dt.timedelta(days=7)
"""How long a value may come later than its item."""

FIRST_PAUSE = dt.timedelta(minutes=5)
"""Between the first two attempts; later pauses are half of an entry's age."""

_PART_BYTES = 8 << 20


class Entry(msgspec.Struct, frozen=True):
    """A row that is to be derived again."""

    item: str
    """As DynamoDB JSON."""
    at: int
    """Milliseconds: when the row was written, or since when changes count where it was read from the table."""
    sequence: str
    """40 digits; zeros where it was read from the table, so that every change of the item is later."""
    since: int
    """Milliseconds: when it was first seen."""
    due: int = 0
    """Milliseconds: when the next attempt is due."""
    attempts: int = 0

    @property
    def next_sequence(self) -> str:
        """The number of the next attempt's row: after the item's change, and before any later change."""
        return f"{self.sequence}.{self.attempts + 1:05}"


_entries = msgspec.json.Decoder(Entry)
_encoder = msgspec.json.Encoder()


class AwaitedList:
    """The list of one dataset. Parts are named by their content; what is in two of them counts once."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._folder = store, f"{prefix}/{CHANGES_FOLDER}/_awaited/"
        self._lines: list[bytes] = []
        self._written: set[str] = set()

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries; they are stored by `flush`, or before when they are many."""
        self._lines += map(_encoder.encode, entries)
        if sum(map(len, self._lines)) >= _PART_BYTES:
            self.flush()

    def flush(self) -> None:
        """Store what was added."""
        if self._lines:
            body = b"\n".join(self._lines)
            key = f"{self._folder}{blake2b(body, digest_size=12).hexdigest()}.ndjson"
            self._store.write(key, body, content_type="application/x-ndjson")
            self._written.add(key)
            self._lines = []

    def read(self) -> tuple[list[Entry], list[StoredObject]]:
        """Return the entries, each once with its latest attempt, and the objects that hold them.

        Raises StoreError where a part is not readable.
        """
        found: dict[tuple[str, str], Entry] = {}
        objects = list(self._store.objects(self._folder))
        for stored in objects:
            body = self._store.read(stored.key)
            for line in body[0].splitlines() if body else ():
                entry = self._entry(stored.key, line)
                known = found.get((entry.sequence, entry.item))
                if known is None or known.attempts < entry.attempts:
                    found[entry.sequence, entry.item] = entry
        return list(found.values()), objects

    def replace(self, objects: Iterable[StoredObject], entries: Iterable[Entry]) -> None:
        """Store these entries instead of the objects that were read."""
        self._written.clear()
        self.add(entries)
        self.flush()
        for stored in objects:
            if stored.key not in self._written:  # equal entries have the same part
                with contextlib.suppress(StaleRun):  # another program has replaced them as well
                    self._store.remove(stored.key, stored.etag)

    def _entry(self, key: str, line: bytes) -> Entry:
        try:
            return _entries.decode(line)
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"s3://{self._store.bucket}/{key} is not readable ({error}). Remove it, and export the days with "
                "missing derived values again."
            ) from None


class AwaitedRows:
    """The waiting rows of one run."""

    def __init__(self, listed: AwaitedList | None, as_of: dt.datetime, now: dt.datetime) -> None:
        """`listed`: the list of a dataset with changes, None for one without; `as_of`: since when changes count."""
        self._listed, self._as_of, self._now = listed, milliseconds(as_of), now
        self.days: set[dt.date] = set()
        """Days to read again; empty where rows are listed."""

    def add(self, items: Sequence[AwaitedItem]) -> None:
        """Note rows; those of days that are over for more than a week are settled."""
        recent = [one for one in items if self._now.date() - one.day <= WAIT]
        if self._listed is None:
            self.days |= {one.day for one in recent}
            return
        since, first = milliseconds(self._now), "0" * SEQUENCE_DIGITS
        self._listed.add(Entry(one.item, self._as_of, first, since) for one in recent)

    def flush(self) -> None:
        """Store what is listed."""
        if self._listed is not None:
            self._listed.flush()


def tried(entry: Entry, now: dt.datetime) -> Entry:
    """Return an entry after an attempt that found nothing."""
    moment = milliseconds(now)
    pause = max((moment - entry.since) // 2, FIRST_PAUSE // dt.timedelta(milliseconds=1))
    return msgspec.structs.replace(entry, due=moment + pause, attempts=entry.attempts + 1)


def is_settled(entry: Entry, now: dt.datetime) -> bool:
    """Return whether a row stays as it is."""
    return entry.since < milliseconds(now - WAIT)
