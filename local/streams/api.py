"""Requests to DynamoDB Streams flow in, the answers of the streams that a place holds flow out, both as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local.streams.stream import Record, Shard, Stream

MOST_RECORDS = 1000
MOST_BYTES = 1 << 20
"""In one answer of GetRecords, of which the first record is always a part."""

ITERATOR_SECONDS = 15 * 60
"""After so long an iterator is refused."""

PAGE = 100
"""Shards, or streams, in one answer."""

_TTL_IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}

Parameters = dict[str, Any]


class StreamError(Exception):
    """What the service refuses; the first argument is its code, the second its message."""

    @property
    def code(self) -> str:
        """The name of the exception at AWS."""
        return str(self.args[0])

    @property
    def message(self) -> str:
        """What is wrong."""
        return str(self.args[1])


@dataclass(frozen=True)
class StreamsApi:
    """Answers for the streams that `find` gives by ARN, and `listed` by region, oldest first."""

    find: Callable[[str], Stream | None]
    listed: Callable[[str], Iterable[Stream]]
    key_schema: Callable[[Stream], list[dict[str, str]]] = lambda _: []

    def answer(self, operation: str, asked: Parameters, region: str = "us-east-1") -> Parameters:
        """Answer one request; raise StreamError where the service refuses it."""
        if operation == "ListStreams":
            return self._list(asked, region)
        operations = {
            "DescribeStream": self._describe, "GetShardIterator": self._iterator, "GetRecords": self._records,
        }  # fmt: skip
        if operation not in operations:
            raise StreamError("UnknownOperationException", f"DynamoDB Streams has no operation {operation}")
        return operations[operation](asked)

    def _list(self, asked: Parameters, region: str) -> Parameters:
        found = [one for one in self.listed(region) if asked.get("TableName") in {None, one.table}]
        page, last = _page(found, [one.arn for one in found], asked.get("ExclusiveStartStreamArn"), asked)
        listing = [{"StreamArn": one.arn, "TableName": one.table, "StreamLabel": _label(one.arn)} for one in page]
        return {"Streams": listing} | ({"LastEvaluatedStreamArn": last} if last else {})

    def _describe(self, asked: Parameters) -> Parameters:
        arn = asked["StreamArn"]
        stream = self._stream(arn)
        stream.trim()
        page, last = _page(list(stream.shards.values()), list(stream.shards), asked.get("ExclusiveStartShardId"), asked)
        description: Parameters = {
            "StreamArn": arn,
            "StreamLabel": _label(arn),
            "StreamStatus": "ENABLED" if stream.is_enabled else "DISABLED",
            "StreamViewType": stream.view,
            "CreationRequestDateTime": _seconds(_label(arn)),
            "TableName": stream.table,
            "KeySchema": self.key_schema(stream),
            "Shards": [_described(shard) for shard in page],
        }
        return {"StreamDescription": description | ({"LastEvaluatedShardId": last} if last else {})}

    def _iterator(self, asked: Parameters) -> Parameters:
        stream = self._stream(asked["StreamArn"])
        stream.trim()
        shard = _shard(stream, asked["ShardId"])
        return {"ShardIterator": _iterator(stream, asked["StreamArn"], shard.shard_id, _position(shard, asked))}

    def _records(self, asked: Parameters) -> Parameters:
        arn, name, position, made = _parts(asked["ShardIterator"])
        stream = self._stream(arn)
        if stream.clock().timestamp() - made > ITERATOR_SECONDS:
            raise StreamError("ExpiredIteratorException", "The iterator is older than 15 minutes")
        stream.trim()
        if position < _shard(stream, name).trimmed:
            raise _trimmed(name)
        records, _ = stream.read(name, position, min(asked.get("Limit", MOST_RECORDS), MOST_RECORDS))
        records = _within(records)
        end = position + len(records)
        answer: Parameters = {"Records": list(map(_as_answered, records))}
        if not stream.is_finished(name, end):
            answer["NextShardIterator"] = _iterator(stream, arn, name, end)
        return answer

    def _stream(self, arn: str) -> Stream:
        found = self.find(arn)
        if found is None:
            raise StreamError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
        return found


def _page(found: list[Any], names: list[str], after: str | None, asked: Parameters) -> tuple[list[Any], str | None]:
    """Return the part of a list that is asked for, and the last name of it where more follow."""
    start = names.index(after) + 1 if after in names else 0
    end = start + min(asked.get("Limit", PAGE), PAGE)
    return found[start:end], names[end - 1] if end < len(names) else None


def _position(shard: Shard, asked: Parameters) -> int:
    kind = asked["ShardIteratorType"]
    if kind in {"TRIM_HORIZON", "LATEST"}:
        return shard.trimmed if kind == "TRIM_HORIZON" else shard.end
    if kind not in {"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"}:
        raise StreamError("ValidationException", f"ShardIteratorType: {kind} is not supported by DynamoDB Streams")
    if "SequenceNumber" not in asked:
        raise StreamError("ValidationException", f"SequenceNumber is required for {kind}")
    number = int(asked["SequenceNumber"])
    if shard.has_trimmed(number):
        raise _trimmed(shard.shard_id)
    return shard.position_from(number, after=kind == "AFTER_SEQUENCE_NUMBER")


def _shard(stream: Stream, name: str) -> Shard:
    found = stream.shards.get(name)
    if found is None:
        raise StreamError("ResourceNotFoundException", f"Requested resource not found: Shard: {name} not found")
    return found


def _iterator(stream: Stream, arn: str, shard: str, position: int) -> str:
    return f"{arn}|{shard}|{position}|{int(stream.clock().timestamp())}"


def _parts(iterator: str) -> tuple[str, str, int, int]:
    """Return the stream, the shard, the position and the second of its making."""
    parts = iterator.split("|")
    if len(parts) != 4 or not (parts[2].isdigit() and parts[3].isdigit()):
        raise StreamError("ValidationException", f"Invalid ShardIterator: {iterator}")
    return parts[0], parts[1], int(parts[2]), int(parts[3])


def _trimmed(name: str) -> StreamError:
    return StreamError(
        "TrimmedDataAccessException", f"The records of shard {name} from this position on have been trimmed"
    )


def _described(shard: Shard) -> Parameters:
    numbers = {"StartingSequenceNumber": str(shard.starting)}
    if shard.ending is not None:
        numbers["EndingSequenceNumber"] = str(shard.ending)
    described: Parameters = {"ShardId": shard.shard_id, "SequenceNumberRange": numbers}
    return described | ({"ParentShardId": shard.parent} if shard.parent else {})


def _within(records: list[Record]) -> list[Record]:
    size = 0
    for number, record in enumerate(records):
        size += record["dynamodb"]["SizeBytes"]
        if number and size > MOST_BYTES:
            return records[:number]
    return records


def _as_answered(record: Record) -> Record:
    kept = {name: value for name, value in record.items() if name not in {"eventSourceARN", "userIdentity"}}
    return kept | ({"userIdentity": _TTL_IDENTITY} if "userIdentity" in record else {})


def _label(arn: str) -> str:
    return arn.rpartition("/stream/")[2]


def _seconds(label: str) -> float:
    return dt.datetime.fromisoformat(label).replace(tzinfo=dt.UTC).timestamp()
