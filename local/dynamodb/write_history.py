"""Writes of items flow in; what has changed between two instants flows out, for tables with point-in-time recovery.

moto keeps no history. The newest million writes of a table are kept here; what is older cannot be exported any more,
as in DynamoDB after the recovery period.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.dynamodb.writes import Change, Image, listen

MOST_WRITES = 1_000_000
RESTORABLE_LAG = 300
"""Seconds by which the latest instant that can be restored is behind the present, as DynamoDB states it."""

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
    listen(_has_recovery, _keep)
    if hasattr(DynamoDBBackend.describe_continuous_backups, "dates_recovery"):
        return
    for name in ("describe_continuous_backups", "update_continuous_backups"):
        setattr(DynamoDBBackend, name, _dated(getattr(DynamoDBBackend, name)))


def _has_recovery(table: Table) -> bool:
    return history_of(table) is not None


def _keep(change: Change) -> None:
    if history := history_of(change.table):
        history.add(change.key_text, change.old, change.new)


def _dated(ask: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(ask)
    def dated(self: Any, table_name: str, *more: Any) -> Any:
        answer = ask(self, table_name, *more)
        history_of(self.get_table(table_name))
        return answer

    dated.__dict__["dates_recovery"] = True
    return dated
