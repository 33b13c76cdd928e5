"""Writes of items flow in; what has changed between two instants flows out, for tables with point-in-time recovery.

moto keeps no history. The newest million writes of a table are kept here; what is older cannot be exported any more,
as in DynamoDB after the recovery period.
"""

from __future__ import annotations

import functools
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType

from local.dynamodb.fast_items import attribute_value

MOST_WRITES = 1_000_000
RESTORABLE_LAG = 300
"""Seconds by which the latest instant that can be restored is behind the present, as DynamoDB states it."""

Image = dict[str, Any]

_lock = threading.RLock()  # of the process: a history is saved with moto's state, and a lock cannot be


def clock() -> float:
    """Return seconds since 1970, at which a write is dated; tests replace it."""
    return time.time()


@dataclass(frozen=True)
class Write:
    """One write of one item, by its key as JSON."""

    micros: int
    key: str
    old: Image | None
    new: Image | None


@dataclass
class History:
    """The writes of one table since its recovery was switched on."""

    since: float
    """The earliest instant from which they are complete."""
    writes: deque[Write] = field(default_factory=deque)

    def add(self, key: str, old: Image | None, new: Image | None) -> None:
        """Add a write, later than all before it."""
        with _lock:
            last = self.writes[-1].micros if self.writes else 0
            self.writes.append(Write(max(int(clock() * 1_000_000), last + 1), key, old, new))
            if len(self.writes) > MOST_WRITES:
                self.since = (self.writes.popleft().micros + 1) / 1_000_000

    def __deepcopy__(self, _: object) -> History:
        """Return a copy that shares the writes: moto copies a table, and takes the copy if a transaction fails."""
        return History(self.since, deque(self.writes))

    def changes(self, start: float, end: float) -> list[Write]:
        """Return the items written in [start, end): as they were before, as they were at its end, and the last write.

        An item that came and went in between is left out, as DynamoDB leaves it out.
        """
        found: dict[str, Write] = {}
        with _lock:
            writes = list(self.writes)
        for write in writes:
            if start * 1_000_000 <= write.micros < end * 1_000_000:
                first = found.get(write.key, write)
                found[write.key] = Write(write.micros, write.key, first.old, write.new)
        return [write for write in found.values() if write.old is not None or write.new is not None]


def history_of(table: Any) -> History | None:
    """Return a table's history, or None where its recovery is off."""
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
        table.__dict__.pop("write_history", None)
        return None
    with _lock:
        history: History = table.__dict__.setdefault("write_history", History(clock()))
    recovery["EarliestRestorableDateTime"] = history.since
    recovery["LatestRestorableDateTime"] = max(history.since, clock() - RESTORABLE_LAG)
    return history


def keep_histories() -> None:
    """Let moto in this process keep what is written to tables with recovery; calling it again changes nothing."""
    if hasattr(DynamoDBBackend.put_item, "keeps_history"):
        return
    for name in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, name, _kept(getattr(DynamoDBBackend, name)))
    for name in ("describe_continuous_backups", "update_continuous_backups"):
        setattr(DynamoDBBackend, name, _dated(getattr(DynamoDBBackend, name)))


def _kept(write: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(write)
    def kept(self: Any, table_name: str, item: dict[str, Any], *more: Any, **options: Any) -> Any:
        table = self.tables.get(table_name)
        history = history_of(table) if table is not None else None
        if history is None:
            return write(self, table_name, item, *more, **options)
        key = {name: item[name] for name in (table.hash_key_attr, table.range_key_attr) if name in item}
        with _lock:
            old = _image(table, key)
            answer = write(self, table_name, item, *more, **options)
            new = _image(table, key)
            if old is not None or new is not None:
                history.add(json.dumps({name: attribute_value(value) for name, value in key.items()}), old, new)
        return answer

    kept.__dict__["keeps_history"] = True
    return kept


def _dated(ask: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(ask)
    def dated(self: Any, table_name: str, *more: Any) -> Any:
        answer = ask(self, table_name, *more)
        history_of(self.get_table(table_name))
        return answer

    return dated


def _image(table: Any, key: dict[str, Any]) -> Image | None:
    """Return an item as it is, in the form of the JSON protocol."""
    parts = [DynamoType(value) for value in key.values()]
    item = table.get_item(*parts) if len(parts) == 1 + bool(table.has_range_key) else None
    return None if item is None else {name: attribute_value(value) for name, value in item.attrs.items()}
