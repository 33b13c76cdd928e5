"""A stream flows in, invocations of a function flow out, as Lambda's event source mapping makes them.

The function gets up to `batch_size` records and 6 MB of one shard, in order, and does not learn which shard. A shard
waits for its parent. A failed batch comes again, in halves where it may be bisected; what the function names in
`batchItemFailures` is a checkpoint, from which everything comes again. A batch without retries left goes to the
destination for failures, and the shard goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.streams.stream import Record, Stream

PAYLOAD_BYTES = 6 << 20
"""Of the records in one invocation, as JSON."""

Function = Callable[[dict[str, Any]], Any]


@dataclass
class EventSourceMapping:
    """One mapping. A function that raises, or is killed, has failed."""

    stream: Stream
    function: Function
    batch_size: int = 100
    bisect: bool = True
    retries: int = 10
    """Attempts after the first, of the same records."""
    discarded: list[dict[str, Any]] = field(default_factory=list)
    """What the destination for failures got: the bounds of a batch, not its records."""
    _positions: dict[str, int] = field(default_factory=dict)

    def poll(self) -> int:
        """Invoke the function once for each shard that has records and may be read; return the records handled."""
        handled = 0
        for shard_id, shard in list(self.stream.shards.items()):
            if shard.parent is not None and not self.stream.is_finished(shard.parent, self._position(shard.parent)):
                continue
            records, end = self.stream.read(shard_id, self._position(shard_id), self.batch_size)
            batch = _within(records)
            if batch:
                self._handle(batch)
                handled += len(batch)
            self._positions[shard_id] = end - len(records) + len(batch)
        return handled

    def drain(self) -> None:
        """Poll until every record has been handled."""
        while self.poll():
            continue

    def replay(self, records: int) -> None:
        """Go back so many records in every shard, as after a lost checkpoint."""
        for shard_id, position in self._positions.items():
            self._positions[shard_id] = max(0, position - records)

    def _position(self, shard_id: str) -> int:
        return self._positions.get(shard_id, 0)

    def _handle(self, batch: list[Record]) -> None:
        waiting = [(batch, 0)]
        while waiting:
            records, attempts = waiting.pop()
            left = self._failed(records)
            if not left:
                continue
            if len(left) < len(records):  # a checkpoint: the records before it are done
                waiting.append((left, attempts))
            elif attempts >= self.retries:
                self._discard(left)
            elif self.bisect and len(left) > 1:
                middle = len(left) // 2
                waiting += [(left[middle:], attempts + 1), (left[:middle], attempts + 1)]
            else:
                waiting.append((left, attempts + 1))

    def _failed(self, records: list[Record]) -> list[Record]:
        """Invoke the function; return the records that are to come again."""
        try:
            answer = self.function(json.loads(json.dumps({"Records": records})))
        except Exception:  # noqa: BLE001 - whatever ends the function, the mapping sees a failure
            return records
        failures = (answer or {}).get("batchItemFailures", [])
        if not failures:
            return []
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        named = [failure.get("itemIdentifier") for failure in failures]
        if any(number not in numbers for number in named):  # an empty or unknown number fails the whole batch
            return records
        return records[min(map(numbers.index, named)) :]

    def _discard(self, records: list[Record]) -> None:
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        self.discarded.append(
            {
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "batchSize": len(records),
            }
        )


def _within(records: list[Record]) -> list[Record]:
    """Return the first records that fit in one invocation, at least one."""
    size = 0
    for number, record in enumerate(records):
        size += len(json.dumps(record))
        if number and size > PAYLOAD_BYTES:
            return records[:number]
    return records
