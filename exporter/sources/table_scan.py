"""A segment of the base table flows in, pages of its items flow out, filtered as the index would filter them.

An item is in an index if it has both keys with the right types; the index carries its projected attributes only. The
filter and the projection run inside DynamoDB. A Scan pays for every item that it reads, filtered or not.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from exporter.decoding.page import key_for_client
from exporter.sources.index import IndexDescription
from exporter.sources.index_query import Queries
from exporter.sources.item_bodies import ItemKeys
from exporter.sources.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_OPERANDS = 100
"""Values that one IN may have (DynamoDB's limit)."""


class _Capacity(msgspec.Struct, gc=False):
    CapacityUnits: float = 0.0


class _ScanBody(msgspec.Struct, gc=False):
    Items: list[msgspec.Raw] = []
    ScannedCount: int = 0
    LastEvaluatedKey: dict[str, dict[str, Any]] | None = None
    ConsumedCapacity: _Capacity | None = None


_scan_body = msgspec.json.Decoder(_ScanBody)


@dataclass(frozen=True)
class ScannedPage:
    """One answer of a Scan."""

    items: list[msgspec.Raw]
    """Those that the index would hold."""
    scanned: int
    """Items that were read and paid for."""
    read_units: float


class TableScan:
    """The base table of an index, read in parallel segments."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        keys: ItemKeys,
        description: IndexDescription,
        limiter: RateLimiter,
        stop: threading.Event,
    ) -> None:
        self._requests = Queries(client, f"table {table}", limiter, stop, operation="Scan")
        self._table = table
        self._keys = keys
        self._projected = description.projected
        self.limiter = limiter

    def pages(self, segment: int, segments: int) -> Iterator[ScannedPage]:
        """Yield the pages of one of `segments` segments; together they hold every item of the table once."""
        request = self._request() | {"Segment": segment, "TotalSegments": segments}
        while True:
            answer = self._requests.answer(request)
            body = _scan_body.decode(answer.body)
            units = body.ConsumedCapacity.CapacityUnits if body.ConsumedCapacity else 0.0
            self.limiter.learn(items=body.ScannedCount, units=units, limit=answer.limit, retries=answer.retries)
            yield ScannedPage(body.Items, body.ScannedCount, units)
            if not body.LastEvaluatedKey:
                return
            request["ExclusiveStartKey"] = key_for_client(body.LastEvaluatedKey)

    def _request(self) -> dict[str, Any]:
        keys = self._keys
        values = {f":v{number}": {keys.partition_type: value} for number, value in enumerate(keys.partition_values)}
        names = {"#p": keys.partition_key, "#s": keys.sort_key}
        projection = {f"#a{number}": name for number, name in enumerate(sorted(self._projected or ()))}
        return {
            "TableName": self._table,
            "FilterExpression": f"attribute_type(#s, :t) AND ({_is_one_of(list(values))})",
            "ExpressionAttributeNames": names | projection,
            "ExpressionAttributeValues": values | {":t": {"S": keys.sort_type}},
            "ReturnConsumedCapacity": "TOTAL",
            **({"ProjectionExpression": ", ".join(projection)} if projection else {}),
        }


def _is_one_of(values: list[str]) -> str:
    parts = [values[start : start + _MOST_OPERANDS] for start in range(0, len(values), _MOST_OPERANDS)]
    return " OR ".join(f"#p IN ({', '.join(part)})" for part in parts)
