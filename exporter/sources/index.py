"""A partition value and a range of sort keys flow in, decoded pages of the index flow out."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dataset_model import Dataset
from exporter.decoding.decoder import DecodedPage, PageDecoder
from exporter.decoding.page import Capacity, key_for_client
from exporter.planning.key_ranges import KeyRange
from exporter.sources.description import SourceDescription
from exporter.sources.index_query import Queries, QueryResponse
from exporter.sources.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FULL_PAGE_UNITS = 128.0
"""What a page of 1 MB costs, read eventually consistent."""


class _Head(msgspec.Struct):
    """The members of a response other than its items."""

    Count: int = 0
    LastEvaluatedKey: dict[str, dict[str, str]] | None = None
    ConsumedCapacity: Capacity | None = None

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
        description: SourceDescription,
        limiter: RateLimiter,
        attributes: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """Only `attributes` of each item are returned, or all if none are given. The read units are the same.

        After `stop` a throttled request is not retried.
        """
        source = dataset.index_source
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
            answer = QueryResponse(first, None, 0) if first else self._queries.answer(request)
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

    def _learn(self, answer: QueryResponse, items: int, units: float) -> None:
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
