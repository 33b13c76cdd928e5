"""A write of an item flows in, the record of it in the table's stream flows out, or none.

moto gives two INSERTs for an update of a new key, a MODIFY for a write that changes nothing, keeps every record for
ever, and answers 500 to each write once a stream was disabled. `local/streams` has shards that split and their API.
"""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.table import StreamShard

MOST_RECORDS = 10_000
"""Of a table, the newest: moto takes some 12 KB for one."""

_add, _get = StreamShard.add, StreamShard.get


class _Trimmed(JsonRESTError):
    def __init__(self) -> None:
        super().__init__("TrimmedDataAccessException", "the records at this sequence number were trimmed")


def record_as_streams_do() -> None:
    """Replace moto's way of recording writes in this process; calling it again changes nothing."""
    setattr(StreamShard, "add", _recorded)  # noqa: B010  (a type checker objects)
    setattr(StreamShard, "get", _read)  # noqa: B010


def _recorded(self: StreamShard, old: Any, new: Any) -> None:
    if not (self.table.stream_specification or {}).get("StreamEnabled") or _image(old) == _image(new):
        return
    last = self.items[-1].record if self.items else None
    if old is None and last is not None and last["eventName"] == "INSERT" and _is_of(self, last, new):
        # An update of a new key puts the key first. No item is inserted twice without a removal in between.
        self.items.pop()
    _add(self, old, new)
    if (surplus := len(self.items) - MOST_RECORDS) > 0:
        del self.items[:surplus]
        self.starting_sequence_number += surplus


def _read(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
    if start < self.starting_sequence_number:
        raise _Trimmed
    return _get(self, start, quantity)


def _image(item: Any) -> Any:
    return None if item is None else item.to_json()


def _is_of(shard: StreamShard, record: dict[str, Any], item: Any) -> bool:
    names = [name for name in (shard.table.hash_key_attr, shard.table.range_key_attr) if name]
    return bool(record["dynamodb"]["Keys"] == {name: item.attrs[name].to_json() for name in names})
