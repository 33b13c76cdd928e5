"""A date flows in, the store summaries of that day flow out of the index; `dynamodb:Query` is all that it needs."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from dataset_model import Dataset
from exporter.sales.event import Row
from exporter.sources.index_query import source_error
from exporter.values.attribute_values import AttributeValue, json_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def store_summaries(client: "DynamoDBClient", dataset: Dataset, table: str, date: dt.date) -> tuple[Row, ...]:
    """Return the items of the dataset's index with a sort key that begins with the date, in the order of the index."""
    source = dataset.index_source
    (attribute,) = source.partition_attributes
    rows: list[Row] = []
    for value in source.partition_values:
        request = {
            "TableName": table,
            "IndexName": source.index,
            "KeyConditionExpression": "#p = :p AND begins_with(#s, :d)",
            "ExpressionAttributeNames": {"#p": attribute, "#s": source.sort_key},
            "ExpressionAttributeValues": {":p": {"S": value}, ":d": {"S": date.isoformat()}},
        }
        rows += [_row(item) for item in _items(client, request)]
    return tuple(rows)


def _items(client: "DynamoDBClient", request: dict[str, Any]) -> Iterator[dict[str, AttributeValue]]:
    while True:
        try:
            page: Any = client.query(**request)
        except (ClientError, BotoCoreError) as error:
            where = f"index {request['IndexName']} of table {request['TableName']}"
            raise source_error(error, where) from None
        for item in page["Items"]:
            # The client returns binary as bytes, which msgspec writes as the base64 text that AttributeValue holds.
            yield msgspec.json.decode(msgspec.json.encode(item), type=dict[str, AttributeValue])
        if not page.get("LastEvaluatedKey"):
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _row(item: dict[str, AttributeValue]) -> Row:
    return {name: _value(value) for name, value in item.items()}


def _value(value: AttributeValue) -> object:
    if value.N is not None:
        return Decimal(value.N)
    if value.BOOL is not None:
        return value.BOOL
    return value.S if value.S is not None else json_text(value)
