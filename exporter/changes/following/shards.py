"""The shards of a stream flow in, batches of records with the progress that they make flow out.

A shard is read after its parent: an item's records are in one shard until it splits, and then in a child. Order decides
nothing here, because sequence numbers do; but a parent that is trimmed first would be lost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from dataset_model.records.changes import ShardProgress, StreamProgress
from exporter.changes.stream_record import VIEW_TYPE, command_to_disable, command_to_enable
from exporter.errors import SourceError
from exporter.runtime.sdk_errors import code_of
from exporter.sources.index_query import source_error

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_RECORDS = 10_000
"""After so many records a batch is written; a page of records has 1,000 and 1 MB at most."""

EMPTY_PAGES = 10
"""DynamoDB may answer without records in the middle of a shard; after so many such answers it is at its end."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class ShardBatch:
    """Records, and the progress that is made when they are stored."""

    records: list[Mapping[str, Any]]
    progress: StreamProgress


@dataclass(frozen=True)
class _Shard:
    shard_id: str
    parent: str | None


def stream_of_table(client: "DynamoDBClient", table: str) -> str:
    """Return the ARN of a table's stream; raise SourceError where it has none, or one without both images."""
    try:
        found: Any = client.describe_table(TableName=table)
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"table {table}") from None
    described = found.get("Table", {})
    arn = described.get("LatestStreamArn")
    specification = described.get("StreamSpecification", {})
    if not arn or not specification.get("StreamEnabled"):
        raise SourceError(f"table {table} has no stream. Enable it: {command_to_enable(table)}")
    view = specification.get("StreamViewType", VIEW_TYPE)
    if view != VIEW_TYPE:
        raise SourceError(
            f"the stream of table {table} carries {view}; {VIEW_TYPE} is needed, to know the day that an item has "
            f"left. Disable it by `{command_to_disable(table)}`, then enable it by `{command_to_enable(table)}`"
        )
    return str(arn)


class ShardReader:
    """Reads the stream of one table."""

    def __init__(self, client: Any, stream: str, table: str) -> None:
        """`client` is that of DynamoDB Streams."""
        self._client, self._stream, self._table = client, stream, table
        self._iterators: dict[str, str] = {}

    def is_readable(self) -> bool:
        """Return whether the stream is there, for 24 hours after it was disabled, and this role may read it."""
        try:
            self._client.describe_stream(StreamArn=self._stream, Limit=1)
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in {"ResourceNotFoundException", "AccessDeniedException"}:
                return False
            raise self._error(error) from None
        return True

    def batches(self, before: StreamProgress) -> Iterator[ShardBatch]:
        """Yield what the shards hold beyond `before`, until each open one has answered without records some times.

        Shards that follow one that ends here are read as well.
        """
        progress = {} if before.stream != self._stream else dict(before.shards)
        waiting: list[Mapping[str, Any]] = []
        read: set[str] = set()
        while shard := self._next(progress, read):
            read.add(shard.shard_id)
            for records, state in self._pages(shard.shard_id, progress.get(shard.shard_id, ShardProgress())):
                waiting += records
                progress[shard.shard_id] = state
                if len(waiting) >= BATCH_RECORDS:
                    yield self._batch(waiting, progress)
                    waiting = []
        if waiting or self._batch([], progress).progress != before:
            yield self._batch(waiting, progress)

    def _batch(self, records: list[Mapping[str, Any]], progress: Mapping[str, ShardProgress]) -> ShardBatch:
        return ShardBatch(records, StreamProgress(stream=self._stream, shards=dict(progress)))

    def _next(self, progress: dict[str, ShardProgress], read: set[str]) -> _Shard | None:
        """Return a shard to read: not finished, and its parent finished or gone; forget shards that are gone."""
        shards = self._shards()
        known = {shard.shard_id for shard in shards}
        for gone in progress.keys() - known:
            del progress[gone]
        finished = {name for name, state in progress.items() if state.is_finished}
        for shard in shards:
            is_due = shard.parent is None or shard.parent not in known or shard.parent in finished
            if is_due and shard.shard_id not in finished | read:
                return shard
        return None

    def _shards(self) -> list[_Shard]:
        found: list[_Shard] = []
        after: dict[str, str] = {}
        while True:
            described: Any = self._call("describe_stream", StreamArn=self._stream, **after)["StreamDescription"]
            found += [_Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in described["Shards"]]
            last = described.get("LastEvaluatedShardId")
            if not last:
                return found
            after = {"ExclusiveStartShardId": last}

    def _pages(self, shard_id: str, state: ShardProgress) -> Iterator[tuple[list[Mapping[str, Any]], ShardProgress]]:
        empty = 0
        while empty < EMPTY_PAGES:
            answer = self._page(shard_id, state.sequence)
            records, following = answer["Records"], answer.get("NextShardIterator")
            if records:
                state = ShardProgress(sequence=records[-1]["dynamodb"]["SequenceNumber"])
            if not following:
                self._iterators.pop(shard_id, None)
                yield records, state.model_copy(update={"is_finished": True})
                return
            self._iterators[shard_id] = following  # the next look goes on from here, past what holds no record
            empty = 0 if records else empty + 1
            if records:
                yield records, state

    def _page(self, shard_id: str, after: str | None) -> Any:
        """Return the next answer of a shard; an iterator that is not valid is made again after the last record."""
        for position in (after, after, None):
            iterator = self._iterators.get(shard_id) or self._iterator(shard_id, position)
            try:
                return self._client.get_records(ShardIterator=iterator)
            except (ClientError, BotoCoreError) as error:
                self._iterators.pop(shard_id, None)
                self._require_mendable(error, shard_id, after)
        return self._call("get_records", ShardIterator=self._iterator(shard_id, None))

    def _iterator(self, shard_id: str, after: str | None) -> str:
        at = {"StreamArn": self._stream, "ShardId": shard_id}
        if after is not None:
            try:
                answer = self._client.get_shard_iterator(
                    **at, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=after
                )
                return str(answer["ShardIterator"])
            except (ClientError, BotoCoreError) as error:
                self._require_mendable(error, shard_id, after)
        return str(self._call("get_shard_iterator", **at, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])

    def _require_mendable(self, error: ClientError | BotoCoreError, shard_id: str, after: str | None) -> None:
        code = code_of(error)
        if code == "TrimmedDataAccessException":
            _log.error(
                "records have left the stream before they were read; export the days that they changed",
                shard=shard_id, after=after,
            )  # fmt: skip
        elif code != "ExpiredIteratorException":
            raise self._error(error) from None

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client, operation)(**parameters)
        except (ClientError, BotoCoreError) as error:
            raise self._error(error) from None

    def _error(self, error: ClientError | BotoCoreError) -> SourceError:
        return source_error(error, f"the stream of table {self._table}")
