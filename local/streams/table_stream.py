"""Writes of items flow in, the records of a DynamoDB stream flow out, in shards that split.

What the usual stand-ins get wrong is right here: a write that changes nothing gives no record, an update of a new key
gives one INSERT, removals by time to live say so, sequence numbers have gaps and differ in length, records are kept for
24 hours and a number of them at most.
"""

from __future__ import annotations

import datetime as dt
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

_LONGEST_GAP = 5_000
_HASHES = 1 << 32
TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@dataclass
class Shard:
    """A part of a stream: the records of the keys in a range of hashes, in order."""

    shard_id: str
    parent: str | None
    first: int
    last: int
    is_open: bool = True
    records: deque[tuple[dt.datetime, Record]] = field(default_factory=deque)
    trimmed: int = 0
    """Records that have left at the front."""

    @property
    def end(self) -> int:
        """Position after the newest record."""
        return self.trimmed + len(self.records)


class TableStream:
    """The stream of one table with one text attribute as its key."""

    def __init__(
        self,
        table: str,
        key: str,
        *,
        view: str = "NEW_AND_OLD_IMAGES",
        most: int = 1_000_000,
        seed: int = 0,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """`most` records are kept in memory, the newest."""
        self.table, self.key, self.view, self._most = table, key, view, most
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - gaps, not secrets
        self._number = FIRST_NUMBER
        self.items: dict[str, Image] = {}
        self.shards: dict[str, Shard] = {}
        self._kept = 0
        self._add_shard(None, 0, _HASHES)

    def put(self, item: Image) -> Record | None:
        """Write a whole item; return its record, or None where nothing changes."""
        return self._write(item[self.key]["S"], item, by_ttl=False)

    def delete(self, key: str, *, by_ttl: bool = False) -> Record | None:
        """Delete an item; return its record, or None where there is none."""
        return self._write(key, None, by_ttl=by_ttl)

    def split(self, shard_id: str) -> None:
        """Close a shard and open two for its keys, which follow it."""
        parent = self.shards[shard_id]
        parent.is_open = False
        middle = (parent.first + parent.last) // 2
        self._add_shard(shard_id, parent.first, middle)
        self._add_shard(shard_id, middle, parent.last)

    def read(self, shard_id: str, position: int, limit: int) -> tuple[list[Record], int]:
        """Return records from a position on, and the next position; what was trimmed is skipped, as at TRIM_HORIZON."""
        self.trim()
        shard = self.shards[shard_id]
        start = max(position, shard.trimmed)
        kept = list(shard.records)[start - shard.trimmed : start - shard.trimmed + limit]
        return [record for _, record in kept], start + len(kept)

    def is_finished(self, shard_id: str, position: int) -> bool:
        """Return whether a closed shard has been read to its end."""
        shard = self.shards[shard_id]
        return not shard.is_open and position >= shard.end

    def trim(self) -> None:
        """Drop records that are older than 24 hours, and the oldest where there are too many."""
        horizon = self._clock() - RETENTION
        for shard in self.shards.values():
            while shard.records and shard.records[0][0] < horizon:
                self._drop(shard)
        while self._kept > self._most:
            self._drop(min((shard for shard in self.shards.values() if shard.records), key=lambda s: s.records[0][0]))

    def _drop(self, shard: Shard) -> None:
        shard.records.popleft()
        shard.trimmed += 1
        self._kept -= 1

    def _add_shard(self, parent: str | None, first: int, last: int) -> None:
        name = f"shardId-{len(self.shards):020}"
        self.shards[name] = Shard(name, parent, first, last)

    def _write(self, key: str, new: Image | None, *, by_ttl: bool) -> Record | None:
        old = self.items.get(key)
        if new == old:
            return None
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new
        record = self._record(key, new, old, by_ttl=by_ttl)
        place = zlib.crc32(key.encode())
        shard = next(found for found in self.shards.values() if found.is_open and found.first <= place < found.last)
        shard.records.append((self._clock(), record))
        self._kept += 1
        if self._kept > self._most:
            self.trim()
        return record

    def _record(self, key: str, new: Image | None, old: Image | None, *, by_ttl: bool) -> Record:
        self._number += self._random.randrange(1, _LONGEST_GAP)
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": int(self._clock().timestamp()),
            "Keys": {self.key: {"S": key}},
            "SequenceNumber": str(self._number),
            "StreamViewType": self.view,
        }
        if new is not None and self.view in {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}:
            change["NewImage"] = new
        if old is not None and self.view in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}:
            change["OldImage"] = old
        change["SizeBytes"] = len(json.dumps(change))
        arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{self.table}/stream/2026-01-01T00:00:00.000"
        record: Record = {
            "eventID": f"{self._number:032x}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "eventSourceARN": arn,
            "dynamodb": change,
        }
        return record | ({"userIdentity": TTL_IDENTITY} if by_ttl else {})
