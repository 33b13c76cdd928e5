"""Changes of items flow in, the streams of their tables flow out, and the API that answers for them.

moto gives two INSERTs for an update of a new key, a MODIFY for a write that changes nothing, one shard that keeps every
record for ever, refuses a stream that is enabled again, and answers 500 to each write once a stream was disabled.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import StreamShard, Table

from local.dynamodb import writes
from local.dynamodb.writes import Change, listen
from local.streams import stream as sharded
from local.streams.api import StreamError, StreamsApi
from local.streams.stream import Stream

MOST_RECORDS = 50_000
"""Of a stream, the newest."""

SHARD_RECORDS = 2_500
"""After so many a shard is closed, and others follow it; at AWS after some four hours, or under load."""

TARGET_PREFIX = "DynamoDBStreams_20120810."
_REGION = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def clock() -> dt.datetime:
    """Return the time of a record; tests replace it."""
    return sharded.now()


def record_as_streams_do() -> None:
    """Replace moto's streams in this process; calling it again changes nothing."""
    listen(_is_streamed, _record)
    setattr(StreamShard, "add", _leave_out)  # noqa: B010  (a type checker objects)
    setattr(DynamoDBBackend, "update_table_streams", _switch)  # noqa: B010
    if not hasattr(DynamoDBBackend.delete_table, "ends_stream"):
        setattr(DynamoDBBackend, "delete_table", _ending(DynamoDBBackend.delete_table))  # noqa: B010


class Streams:
    """Answers requests to DynamoDB Streams, and leaves all others to an application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._api = StreamsApi(_found, _listed, _key_schema)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        if not target.startswith(TARGET_PREFIX):
            return self._application(environ, start_response)
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or "{}")
        scope = _REGION.search(environ.get("HTTP_AUTHORIZATION", ""))
        answer: dict[str, Any]
        try:
            with writes.unit():  # a record appears as a whole, as the write does
                answer = self._api.answer(target.removeprefix(TARGET_PREFIX), asked, scope[1] if scope else "us-east-1")
            status = "200 OK"
        except StreamError as error:
            status, answer = "400 Bad Request", {"__type": error.code, "message": error.message}
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]


def _is_streamed(table: Table) -> bool:
    return bool((table.stream_specification or {}).get("StreamEnabled"))


def _record(change: Change) -> None:
    _stream_of(change.table).record(change.key, change.old, change.new, by_ttl=change.by_ttl)


def _leave_out(_: StreamShard, old: object, new: object) -> None:
    """Record nothing where moto does."""


def _held(region: str, account: str) -> dict[str, Stream]:
    """Return the streams of a region by ARN; they are saved with its tables."""
    backend: Any = dynamodb_backends[account][region]
    streams: dict[str, Stream] = backend.__dict__.setdefault("served_streams", {})
    return streams


def _arn_of(table: Table) -> str:
    return f"{table.table_arn}/stream/{table.latest_stream_label}"


def _stream_of(table: Table) -> Stream:
    """Return the newest stream of a table that has one."""
    arn = _arn_of(table)
    streams = _held(table.region_name, table.account_id)
    if arn not in streams:
        specification: Any = table.stream_specification
        streams[arn] = Stream(
            table.name,
            arn,
            view=specification["StreamViewType"],
            most=MOST_RECORDS,
            split_after=SHARD_RECORDS,
            # Numbers go on from one stream to the next, as those of an item do where its stream is enabled again.
            first_number=max((one.number for one in streams.values()), default=sharded.FIRST_NUMBER),
            clock=_now,
        )
    return streams[arn]


def _now() -> dt.datetime:
    return clock()


def _found(arn: str) -> Stream | None:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "dynamodb":
        return None
    _, _, _, region, account, _ = parts
    return _of_region(region, account).get(arn)


def _listed(region: str) -> list[Stream]:
    return list(_of_region(region).values())


def _of_region(region: str, account: str = DEFAULT_ACCOUNT_ID) -> dict[str, Stream]:
    """Return the streams of a region by ARN, without those that ended a day ago."""
    for table in list(dynamodb_backends[account][region].tables.values()):
        if _is_streamed(table):
            _stream_of(table)
    streams = _held(region, account)
    for arn in [arn for arn, stream in streams.items() if stream.is_over()]:
        del streams[arn]
    return streams


def _key_schema(stream: Stream) -> list[dict[str, str]]:
    _, _, _, region, account, _ = stream.arn.split(":", 5)
    table = dynamodb_backends[account][region].tables.get(stream.table)
    return table.schema if table is not None else []


def _switch(_: DynamoDBBackend, table: Table, specification: dict[str, Any]) -> None:
    """Enable or disable a table's stream; what a disabled one holds can be read for a day."""
    is_wanted = bool(specification.get("StreamEnabled"))
    if is_wanted and _is_streamed(table):
        raise MockValidationException(f"Table already has an enabled stream: TableName: {table.name}")
    if not is_wanted and not _is_streamed(table):
        raise MockValidationException(f"Table has no stream to disable: TableName: {table.name}")
    with writes.unit():
        if not is_wanted:
            _stream_of(table).disable()
        table.set_stream_specification(specification)


def _ending(delete: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(delete)
    def deleted(self: DynamoDBBackend, name: str) -> Any:
        with writes.unit():
            table = delete(self, name)
            if _is_streamed(table):
                _stream_of(table).disable()
            return table

    deleted.__dict__["ends_stream"] = True
    return deleted
