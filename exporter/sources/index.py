"""A partition value and a range of sort keys flow in, decoded pages of the index flow out."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from dataset_model import Dataset, Source
from dataset_model.date_formats import DateFormatText
from exporter.decoding.decoder import DecodedPage, PageDecoder
from exporter.decoding.page import key_for_client
from exporter.errors import SourceError
from exporter.planning.key_ranges import KeyRange, is_digits
from exporter.sources.index_query import Answer, Queries, source_error
from exporter.sources.partition_values import check_values
from exporter.sources.rate_limiter import RateLimiter
from exporter.values.dates import expanded_pattern

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY_KINDS = ("HASH", "RANGE")

FULL_PAGE_UNITS = 128.0
"""What a page of 1 MB costs, read eventually consistent."""


@dataclass(frozen=True)
class IndexDescription:
    """What DescribeTable says about the index."""

    partition_key_types: tuple[Literal["S", "N"], ...]
    """Of each partition key attribute."""
    sort_key_type: Literal["S", "N"]
    table_key: tuple[str, ...]
    """Primary key attributes of the table, partition key first."""
    projected: frozenset[str] | None
    """Attributes that the index carries; None for all."""
    items: int
    """Items in the index as DynamoDB last counted them, up to six hours ago; 0 may mean that it has not yet."""
    bytes: int = 0
    table_items: int = 0
    table_bytes: int = 0
    """As `items`."""
    provisioned_read_units: int | None = None
    """Strongly consistent read units a second that the index has; None for on-demand."""


def describe_index(client: "DynamoDBClient", dataset: Dataset) -> IndexDescription:
    """Return the index's keys and projection; raise SourceError if it differs from what the dataset declares."""
    source = dataset.source
    try:
        answer: Any = client.describe_table(TableName=source.table)
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"table {source.table}") from None
    table: dict[str, Any] = answer.get("Table", {})
    if not table:  # the SDK takes a body that is cut short for an empty answer
        raise SourceError(
            f"the response for table {source.table} arrived damaged. Run again, and check the network and proxies."
        )
    indexes: dict[str, Any] = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
    index = indexes.get(source.index)
    if index is None:
        has = ", ".join(sorted(indexes)) or "none"
        raise SourceError(f"table {source.table} has no index {source.index}; it has: {has}. Correct GSI_NAME.")
    if (status := index.get("IndexStatus", "ACTIVE")) != "ACTIVE":
        raise SourceError(
            f"index {source.index} is {status}: a read now would miss items. Run again when it is ACTIVE."
        )
    types = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
    keys = _IndexKeys.of(index["KeySchema"])
    _check_keys(source, keys, types)
    check_values(source, [types[attribute] for attribute in keys.partition])
    return IndexDescription(
        partition_key_types=tuple(types[attribute] for attribute in keys.partition),
        sort_key_type=types[keys.sort[0]],
        table_key=_keys(table["KeySchema"]),
        projected=_projected(index["Projection"], (*keys.partition, *keys.sort, *_keys(table["KeySchema"]))),
        items=index.get("ItemCount", 0),
        bytes=index.get("IndexSizeBytes", 0),
        table_items=table.get("ItemCount", 0),
        table_bytes=table.get("TableSizeBytes", 0),
        provisioned_read_units=index.get("ProvisionedThroughput", {}).get("ReadCapacityUnits") or None,
    )


@dataclass(frozen=True)
class _IndexKeys:
    """Key attributes of an index, each kind in its order; an index has up to four of each."""

    partition: tuple[str, ...]
    sort: tuple[str, ...]

    @classmethod
    def of(cls, schema: list[dict[str, str]]) -> "_IndexKeys":
        """Return the keys of a KeySchema."""
        names = {kind: [part["AttributeName"] for part in schema if part["KeyType"] == kind] for kind in KEY_KINDS}
        return cls(tuple(names["HASH"]), tuple(names["RANGE"]))


class _Capacity(msgspec.Struct):
    CapacityUnits: float = 0.0


class _Head(msgspec.Struct):
    """What surrounds the items of a response."""

    Count: int = 0
    LastEvaluatedKey: dict[str, dict[str, str]] | None = None
    ConsumedCapacity: _Capacity | None = None

    @property
    def units(self) -> float:
        return self.ConsumedCapacity.CapacityUnits if self.ConsumedCapacity else 0.0


_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True)
class Sample:
    """The items of one full page."""

    bodies: tuple[bytes, ...]
    more: bool
    """Whether the range holds more than that."""
    units: float
    """Read units that they cost."""


class Index:
    """One global secondary index, read by partition value and range of sort keys."""

    def __init__(
        self,
        client: "DynamoDBClient",
        dataset: Dataset,
        description: IndexDescription,
        limiter: RateLimiter,
        attributes: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """Only `attributes` of each item are returned, or all if none are given. The read units are the same.

        After `stop` a throttled request is not retried.
        """
        source = dataset.source
        self._queries = Queries(
            client, f"index {source.index} of table {source.table}", limiter, stop or threading.Event()
        )
        # One page at a time, so that memory does not grow with the number of ranges. Two at once are hardly faster.
        self._decoding = threading.Lock()
        self._attributes = tuple(dict.fromkeys(attributes))
        self.limiter = limiter
        self._source = source
        self.description = description

    def pages(
        self, partition_value: str, keys: KeyRange, decoder: PageDecoder, first: bytes | None = None
    ) -> Iterator[DecodedPage]:
        """Yield the decoded pages of one partition value within an inclusive range, in key order.

        `first` is the body of the first page if it has been read and counted already.
        """
        request = self._request(partition_value, keys)
        while True:
            answer = Answer(first, None, 0) if first else self._queries.answer(request)
            with self._decoding:
                page = decoder.decode(answer.body)
            if not first:
                self._learn(answer, page.items, page.read_units)
            first = None
            yield page
            if not page.last_evaluated_key:
                return
            request["ExclusiveStartKey"] = page.last_evaluated_key

    def first_page(self, partition_value: str, keys: KeyRange) -> Sample:
        """Return the first page of a range; in several bodies if a ceiling on read units allows no full page."""
        return self._sample(self._request(partition_value, keys))

    def last_page(self, partition_value: str, keys: KeyRange) -> Sample:
        """Return the page with a range's last items, in descending order."""
        return self._sample(self._request(partition_value, keys) | {"ScanIndexForward": False})

    def first_items(self, partition_value: str, keys: KeyRange, count: int) -> bytes:
        """Return the body with the first items of a range, at most `count`."""
        return self._few(self._request(partition_value, keys) | {"Limit": count})

    def last_items(self, partition_value: str, keys: KeyRange, count: int) -> bytes:
        """Return the body with the last items of a range, at most `count`, in descending order."""
        return self._few(self._request(partition_value, keys) | {"Limit": count, "ScanIndexForward": False})

    def _sample(self, request: dict[str, Any]) -> Sample:
        bodies: list[bytes] = []
        units = 0.0
        while True:
            answer = self._queries.answer(request)
            head = _head.decode(answer.body)
            self._learn(answer, head.Count, head.units)
            bodies.append(answer.body)
            units += head.units
            if not head.LastEvaluatedKey or units >= FULL_PAGE_UNITS or self.limiter.at_full_pages:
                return Sample(tuple(bodies), bool(head.LastEvaluatedKey), units)
            request["ExclusiveStartKey"] = key_for_client(head.LastEvaluatedKey)

    def _few(self, request: dict[str, Any]) -> bytes:
        answer = self._queries.answer(request)
        head = _head.decode(answer.body)
        self._learn(answer, head.Count, head.units)
        return answer.body

    def _learn(self, answer: Answer, items: int, units: float) -> None:
        self.limiter.learn(items=items, units=units, limit=answer.limit, retries=answer.retries)

    def _request(self, partition_value: str, keys: KeyRange) -> dict[str, Any]:
        description = self.description
        attributes = self._source.partition_attributes
        marks = ["p"] if len(attributes) == 1 else [f"p{number}" for number in range(len(attributes))]
        parts = zip(marks, self._source.key_parts(partition_value), description.partition_key_types, strict=True)
        names = {f"#{mark}": attribute for mark, attribute in zip(marks, attributes, strict=True)}
        values = {f":{mark}": {kind: part} for mark, part, kind in parts}
        condition = " AND ".join(f"#{mark} = :{mark}" for mark in marks)
        if keys.low is not None or keys.high is not None:
            names["#s"] = self._source.sort_key
            for bound, text in ((":l", keys.low), (":h", keys.high)):
                if text is not None:
                    values[bound] = {description.sort_key_type: text}
            condition += " AND " + _range_condition(keys)
        projection = {f"#a{number}": name for number, name in enumerate(self._attributes)}
        return {
            "TableName": self._source.table,
            "IndexName": self._source.index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names | projection,
            "ExpressionAttributeValues": values,
            "ReturnConsumedCapacity": "TOTAL",
            **({"ProjectionExpression": ", ".join(projection)} if projection else {}),
        }


def _range_condition(keys: KeyRange) -> str:
    if keys.low is None:
        return "#s <= :h"
    return "#s >= :l" if keys.high is None else "#s BETWEEN :l AND :h"


def _keys(schema: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in sorted(schema, key=lambda part: part["KeyType"] != "HASH"))


def _projected(projection: dict[str, Any], keys: tuple[str, ...]) -> frozenset[str] | None:
    if projection.get("ProjectionType", "ALL") == "ALL":
        return None
    return frozenset(projection.get("NonKeyAttributes", [])) | frozenset(keys)


def _check_keys(source: Source, keys: _IndexKeys, types: dict[str, str]) -> None:
    if not keys.sort:
        raise SourceError(
            f"index {source.index} has no sort key, so nothing in it places an item on a day; its partition key is "
            f"{' and '.join(keys.partition)}. Choose or create an index with the time as its first sort key attribute."
        )
    if source.sort_key in keys.sort[1:]:
        raise SourceError(
            f"{source.sort_key} is not the first sort key attribute of index {source.index}, which has "
            f"{', '.join(keys.sort)}: a range of it can only be read within one {keys.sort[0]}. "
            f"Choose or create an index that begins with {source.sort_key}."
        )
    if keys.partition != source.partition_attributes and len(keys.partition) > 1:
        raise SourceError(
            f"index {source.index} has {len(keys.partition)} partition key attributes; declared is "
            f"{' and '.join(source.partition_attributes)}. Set GSI_PK_ATTRIBUTE='{json.dumps(list(keys.partition))}' "
            "and GSI_PK_VALUE to a JSON list that has a list of texts for each value."
        )
    if (keys.partition, keys.sort[0]) != (source.partition_attributes, source.sort_key):
        raise SourceError(
            f"index {source.index} has the keys {' and '.join((*keys.partition, keys.sort[0]))}; declared are "
            f"{' and '.join((*source.partition_attributes, source.sort_key))}. "
            "Correct GSI_PK_ATTRIBUTE and GSI_SK_ATTRIBUTE."
        )
    sort_type = types[source.sort_key]
    if "B" in {sort_type, *(types[attribute] for attribute in keys.partition)}:
        raise SourceError(f"index {source.index} has a binary key, which this exporter cannot read")
    declared = DateFormatText.parse(source.date_format)
    is_number = declared.per_second is not None or is_digits(expanded_pattern(declared.base))
    if sort_type == "N" and (declared.open_ended or not is_number):
        raise SourceError(
            f"sort key {source.sort_key} is a number, but the date format is {source.date_format}. "
            "Set DATE_FORMAT to EPOCH, EPOCH_MILLIS or a pattern that writes one number, such as %Y%m%d%H%M%S."
        )
