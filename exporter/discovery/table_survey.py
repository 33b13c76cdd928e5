"""A table name flows in; its indexes and the partition values found by a bounded scan flow out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import SourceError, UsageError
from exporter.sources.description import key_names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENTS = 16
"""An index keeps each partition value in one place, so looking at the beginning alone would show one value."""

ITEMS_PER_SEGMENT = 250

MOST_VALUES = 50
"""Most partition values of a proposal: a longer list cannot be maintained by hand in a file."""


@dataclass(frozen=True)
class IndexKeys:
    """One index of one table, or a table that is scanned."""

    table: str
    index: str
    """"" for a table."""
    partition_key: str
    """"" for a table."""
    sort_key: str
    """The attribute with the time."""
    sort_key_type: str
    """"" where only the items show it."""
    table_key: tuple[str, ...]


@dataclass(frozen=True)
class FoundValues:
    """The partition values that a bounded scan found."""

    values: tuple[str, ...]
    """The most frequent first."""
    items: int
    """Items looked at."""
    complete: bool
    """Whether that was the whole index."""
    units: float


def index_keys(client: "DynamoDBClient", table: str, index: str | None) -> IndexKeys:
    """Return an index's keys; without a name, of the only one. Raises SourceError or UsageError."""
    described = _described(client, table)
    types = {item["AttributeName"]: item["AttributeType"] for item in described["AttributeDefinitions"]}
    declared = {item["IndexName"]: item["KeySchema"] for item in described.get("GlobalSecondaryIndexes", [])}
    indexes = {name: keys for name, schema in declared.items() if (keys := _proposable_keys(schema))}
    names = ", ".join(sorted(indexes)) or "none with a sort key"
    if index is None:
        if len(indexes) != 1:
            raise UsageError(
                f"table {table} has several indexes or none; choose one by --index: {names}. Without an index by time, "
                "name the attribute with the time by --date-attribute, and the table is scanned"
            )
        (index,) = indexes
    if index not in declared:
        raise SourceError(f"table {table} has no index {index}; with a sort key it has: {names}")
    if index not in indexes:
        found = ", ".join(key_names(declared[index]))
        raise SourceError(
            f"index {index} of table {table} has the keys {found}; a proposal needs one partition key attribute "
            f"and a sort key. With those the table has: {names}"
        )
    partition_key, sort_key = indexes[index]
    return IndexKeys(table, index, partition_key, sort_key, types[sort_key], key_names(described["KeySchema"]))


def table_keys(client: "DynamoDBClient", table: str, date_attribute: str) -> IndexKeys:
    """Return the keys of a table that is scanned for lack of an index; raises SourceError."""
    described = _described(client, table)
    types = {item["AttributeName"]: item["AttributeType"] for item in described["AttributeDefinitions"]}
    return IndexKeys(table, "", "", date_attribute, types.get(date_attribute, ""), key_names(described["KeySchema"]))


def _described(client: "DynamoDBClient", table: str) -> dict[str, Any]:
    try:
        return dict(client.describe_table(TableName=table)["Table"])
    except (ClientError, BotoCoreError) as error:
        raise _error(error, f"table {table}", "Check --table and AWS_REGION.") from None


def partition_values(client: "DynamoDBClient", keys: IndexKeys) -> FoundValues:
    """Return the partition values of a few items from every part of the index."""
    counts: dict[str, int] = {}
    seen, units, complete = 0, 0.0, True
    for segment in range(SEGMENTS):
        try:
            page: Any = client.scan(
                TableName=keys.table,
                IndexName=keys.index,
                Segment=segment,
                TotalSegments=SEGMENTS,
                Limit=ITEMS_PER_SEGMENT,
                ProjectionExpression="#p",
                ExpressionAttributeNames={"#p": keys.partition_key},
                ReturnConsumedCapacity="TOTAL",
            )
        except (ClientError, BotoCoreError) as error:
            advice = "The role needs dynamodb:Scan on the index, or name the values by --partition-value."
            raise _error(error, f"index {keys.index} of table {keys.table}", advice) from None
        units += page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        complete = complete and "LastEvaluatedKey" not in page
        for item in page["Items"]:
            value = next(iter(item[keys.partition_key].values()))
            counts[value] = counts.get(value, 0) + 1
            seen += 1
    values = sorted(counts, key=lambda value: (-counts[value], value))
    return FoundValues(tuple(values), seen, complete, units)


def _proposable_keys(schema: list[dict[str, str]]) -> tuple[str, str] | None:
    """Return the partition key and the first sort key attribute, or None without exactly one and a sort key."""
    partition = [part["AttributeName"] for part in schema if part["KeyType"] == "HASH"]
    sort = [part["AttributeName"] for part in schema if part["KeyType"] == "RANGE"]
    return (partition[0], sort[0]) if len(partition) == 1 and sort else None


def _error(error: ClientError | BotoCoreError, what: str, advice: str) -> SourceError:
    if not isinstance(error, ClientError):
        return SourceError(f"cannot reach DynamoDB for {what}: {error}. Check the network and AWS_ENDPOINT_URL.")
    answer = error.response.get("Error", {})
    return SourceError(f"cannot read {what}: {answer.get('Message', error)} ({answer.get('Code', '')}). {advice}")
