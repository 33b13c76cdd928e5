"""Changes of items flow in, the records of a DynamoDB stream flow out, in shards that split.

What the usual stand-ins get wrong is right here: a write that changes nothing gives no record, removals by time to live
say so, sequence numbers have gaps and differ in length, records are kept for 24 hours and a number of them at most.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Image = dict[str, dict[str, Any]]
Record = dict[str, Any]

RETENTION = dt.timedelta(hours=24)
FIRST_NUMBER = 999_999_999_999_999_990_000
"""21 digits, and soon 22: as text, 10000... sorts before 9999..."""

MOST_OPEN = 4
"""Shards that are open at once, if they split by themselves; then a full one is followed by one."""

MOST_SHARDS = 200
"""In the description; beyond it those that are closed and empty are left out before their 24 hours are over."""

TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_LONGEST_GAP = 5_000
_HASHES = 1 << 32


def now() -> dt.datetime:
    """Return the present; a stream may be given another clock."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it is kept: as text, a quarter of its size as values."""

    at: dt.datetime
    number: int
    event: str
    change: str
    """Its part `dynamodb` as JSON."""
    by_ttl: bool

    def record(self, arn: str) -> Record:
        """Return it as an event source mapping gives it to a function."""
        record: Record = {
            "eventID": f"{self.number:032x}",
            "eventName": self.event,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": arn.split(":")[3],
            "eventSourceARN": arn,
            "dynamodb": json.loads(self.change) | {"SizeBytes": len(self.change)},
        }
        return record | ({"userIdentity": TTL_IDENTITY} if self.by_ttl else {})


@dataclass
class Shard:
    """A part of a stream: the records of the keys in a range of hashes, in order."""

    shard_id: str
    parent: str | None
    first: int
    last: int
    starting: int
    """Its first sequence number, which no record has."""
    ending: int | None = None
    closed: dt.datetime | None = None
    records: deque[Kept] = field(default_factory=deque)
    trimmed: int = 0
    """Records that have left at the front."""

    @property
    def is_open(self) -> bool:
        """Whether it still takes records."""
        return self.closed is None

    @property
    def end(self) -> int:
        """Position after the newest record."""
        return self.trimmed + len(self.records)

    def position_from(self, number: int, *, after: bool) -> int:
        """Return the position of the first record with a sequence number from this one on, or after it."""
        return self.trimmed + sum(kept.number < number or (after and kept.number == number) for kept in self.records)

    def has_trimmed(self, number: int) -> bool:
        """Return whether records from this sequence number on may be gone."""
        if not self.trimmed:
            return False
        oldest = self.records[0].number if self.records else self.ending
        return oldest is None or number < oldest


class Stream:
    """The stream of one table, from its enabling on."""

    def __init__(
        self,
        table: str,
        arn: str,
        *,
        view: str = "NEW_AND_OLD_IMAGES",
        most: int = 1_000_000,
        split_after: int | None = None,
        first_number: int = FIRST_NUMBER,
        seed: int = 0,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        """`most` records are kept in memory, the newest. None of `split_after` leaves splitting to the caller."""
        self.table, self.arn, self.view = table, arn, view
        self._most, self._split_after, self.clock = most, split_after, clock
        self._random = random.Random(seed)  # noqa: S311 - gaps, not secrets
        self.number = first_number
        """The newest sequence number."""
        self.shards: dict[str, Shard] = {}
        self._made = 0
        self._kept = 0
        self._add_shard(None, 0, _HASHES)

    def record(self, key: Image, old: Image | None, new: Image | None, *, by_ttl: bool = False) -> Kept | None:
        """Record what became of an item; `key` has the partition key first. None where nothing changed."""
        if new == old:
            return None
        place = zlib.crc32(str(next(iter(next(iter(key.values())).values()))).encode())
        shard = next(found for found in self._open() if found.first <= place < found.last)
        kept = self._recorded(key, new, old, by_ttl=by_ttl)
        shard.records.append(kept)
        self._kept += 1
        if self._kept > self._most:
            self.trim()
        if self._split_after and shard.end >= self._split_after:
            self._follow(shard)
        return kept

    def split(self, shard_id: str) -> None:
        """Close a shard and open two for its keys, which follow it."""
        parent = self.shards[shard_id]
        self._close(parent)
        middle = (parent.first + parent.last) // 2
        self._add_shard(shard_id, parent.first, middle)
        self._add_shard(shard_id, middle, parent.last)

    def disable(self) -> None:
        """Close every shard; what they hold can be read until it is trimmed."""
        for shard in self._open():
            self._close(shard)

    @property
    def is_enabled(self) -> bool:
        """Whether it takes records."""
        return bool(self._open())

    def is_over(self) -> bool:
        """Return whether a disabled stream has been gone for 24 hours."""
        horizon = self.clock() - RETENTION
        return all(shard.closed is not None and shard.closed < horizon for shard in self.shards.values())

    def read(self, shard_id: str, position: int, limit: int) -> tuple[list[Record], int]:
        """Return records from a position on, and the next position; what was trimmed is skipped, as at TRIM_HORIZON."""
        self.trim()
        shard = self.shards[shard_id]
        start = max(position, shard.trimmed)
        kept = list(itertools.islice(shard.records, start - shard.trimmed, start - shard.trimmed + limit))
        return [one.record(self.arn) for one in kept], start + len(kept)

    def is_finished(self, shard_id: str, position: int) -> bool:
        """Return whether a closed shard has been read to its end, or is gone."""
        shard = self.shards.get(shard_id)
        return shard is None or (not shard.is_open and position >= shard.end)

    def trim(self) -> None:
        """Drop records and closed shards that are older than 24 hours, and the oldest where there are too many."""
        horizon = self.clock() - RETENTION
        for shard in self.shards.values():
            while shard.records and shard.records[0].at < horizon:
                self._drop(shard)
        while self._kept > self._most:
            self._drop(min((shard for shard in self.shards.values() if shard.records), key=lambda s: s.records[0].at))
        surplus = len(self.shards) - MOST_SHARDS
        for name, shard in list(self.shards.items()):
            if shard.closed is not None and not shard.records and (shard.closed < horizon or surplus > 0):
                del self.shards[name]
                surplus -= 1

    def _drop(self, shard: Shard) -> None:
        shard.records.popleft()
        shard.trimmed += 1
        self._kept -= 1

    def _open(self) -> list[Shard]:
        return [shard for shard in self.shards.values() if shard.is_open]

    def _follow(self, shard: Shard) -> None:
        if len(self._open()) < MOST_OPEN:
            self.split(shard.shard_id)
            return
        self._close(shard)
        self._add_shard(shard.shard_id, shard.first, shard.last)

    def _close(self, shard: Shard) -> None:
        shard.closed, shard.ending = self.clock(), self._next_number()

    def _add_shard(self, parent: str | None, first: int, last: int) -> None:
        name = f"shardId-{self._made:020}-{first:08x}"
        self._made += 1
        self.shards[name] = Shard(name, parent, first, last, self._next_number())

    def _next_number(self) -> int:
        self.number += self._random.randrange(1, _LONGEST_GAP)
        return self.number

    def _recorded(self, key: Image, new: Image | None, old: Image | None, *, by_ttl: bool) -> Kept:
        at, number = self.clock(), self._next_number()
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": int(at.timestamp()),
            "Keys": key,
            "SequenceNumber": str(number),
            "StreamViewType": self.view,
        }
        if new is not None and self.view in {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}:
            change["NewImage"] = new
        if old is not None and self.view in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}:
            change["OldImage"] = old
        event = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        return Kept(at, number, event, json.dumps(change), by_ttl)
