"""A segment of a table flows in, pages of its items flow out; for an index, filtered as the index would filter them.

An item is in an index if it has both keys with the right types; the index carries its projected attributes only. The
filter and the projection run inside DynamoDB. A Scan pays for every item that it reads, filtered or not.
"""

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from exporter.decoding.page import Capacity, key_for_client
from exporter.sources.index_query import Queries
from exporter.sources.item_bodies import ItemKeys
from exporter.sources.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_OPERANDS = 100
"""Values that one IN may have (DynamoDB's limit)."""


class _ScanBody(msgspec.Struct, gc=False):
    Items: list[msgspec.Raw] = []
    ScannedCount: int = 0
    LastEvaluatedKey: dict[str, dict[str, Any]] | None = None
    ConsumedCapacity: Capacity | None = None


_scan_body = msgspec.json.Decoder(_ScanBody)


@dataclass(frozen=True)
class SegmentPage:
    """One answer of a Scan."""

    items: list[msgspec.Raw]
    """Those that the source holds: for an index, those that have its keys."""
    scanned: int
    """Items that were read and paid for."""
    read_units: float
    cursor: dict[str, Any] | None
    """Where the next page of the segment begins; None after the last."""


class TableScan:
    """A table, read in parallel segments."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        keys: ItemKeys | None,
        attributes: Collection[str] | None,
        limiter: RateLimiter,
        stop: threading.Event,
    ) -> None:
        """`keys` are those of the index that is read in this way; None for every item of the table.

        Only `attributes` of each item are returned, or all for None. The read units are the same.
        """
        self._requests = Queries(client, f"table {table}", limiter, stop, operation="Scan")
        self._table = table
        self._keys = keys
        self._attributes = attributes
        self.limiter = limiter

    def pages(self, segment: int, segments: int, first: SegmentPage | None = None) -> Iterator[SegmentPage]:
        """Yield the pages of one of `segments` segments; together they hold every item of the table once.

        `first` is the segment's first page if it has been read and counted already.
        """
        page = first or self.page(segment, segments)
        yield page
        while page.cursor:
            page = self.page(segment, segments, page.cursor)
            yield page

    def page(self, segment: int, segments: int, cursor: dict[str, Any] | None = None) -> SegmentPage:
        """Return one page of a segment: the first, or that at a cursor."""
        request = self._request() | {"Segment": segment, "TotalSegments": segments}
        answer = self._requests.answer(request | ({"ExclusiveStartKey": cursor} if cursor else {}))
        body = _scan_body.decode(answer.body)
        units = body.ConsumedCapacity.CapacityUnits if body.ConsumedCapacity else 0.0
        self.limiter.learn(items=body.ScannedCount, units=units, limit=answer.limit, retries=answer.retries)
        return SegmentPage(body.Items, body.ScannedCount, units, key_for_client(body.LastEvaluatedKey))

    def _request(self) -> dict[str, Any]:
        names = {f"#a{number}": name for number, name in enumerate(sorted(self._attributes or ()))}
        request: dict[str, Any] = {"TableName": self._table, "ReturnConsumedCapacity": "TOTAL"}
        if names:
            request["ProjectionExpression"] = ", ".join(names)
        if (keys := self._keys) is not None:
            values = {f":v{number}": {keys.partition_type: value} for number, value in enumerate(keys.partition_values)}
            names |= {"#p": keys.partition_key, "#s": keys.sort_key}
            request["FilterExpression"] = f"attribute_type(#s, :t) AND ({_is_one_of(list(values))})"
            request["ExpressionAttributeValues"] = values | {":t": {"S": keys.sort_type}}
        return request | ({"ExpressionAttributeNames": names} if names else {})


def _is_one_of(values: list[str]) -> str:
    parts = [values[start : start + _MOST_OPERANDS] for start in range(0, len(values), _MOST_OPERANDS)]
    return " OR ".join(f"#p IN ({', '.join(part)})" for part in parts)


def may_scan(client: "DynamoDBClient", table: str) -> bool:
    """Return whether this role can scan a table, by a scan of one item."""
    try:
        client.scan(TableName=table, Limit=1, Select="COUNT")
    except (ClientError, BotoCoreError):
        return False
    return True
