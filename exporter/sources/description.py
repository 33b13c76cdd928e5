"""A dataset's source flows in, what DescribeTable says about it flows out: keys, projection, size.

A source that is not there, not ready or not as declared is refused here, before anything is read.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from dataset_model import Dataset, FilesSource, IndexSource, ScanSource
from dataset_model.columns.date_formats import DateFormatText
from dataset_model.definition import FILE_DATE, FILE_LINE
from exporter.errors import SourceError
from exporter.planning.key_ranges import is_digits
from exporter.sources.index_query import source_error
from exporter.sources.partition_values import check_values
from exporter.values.dates import expanded_pattern

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY_KINDS = ("HASH", "RANGE")


@dataclass(frozen=True)
class SourceDescription:
    """What DescribeTable says about an index, or about a table that is scanned."""

    partition_key_types: tuple[Literal["S", "N"], ...]
    """Of each partition key attribute; none for a table."""
    sort_key_type: Literal["S", "N"]
    """Of the attribute that places an item on its day."""
    table_key: tuple[str, ...]
    """Primary key attributes of the table, partition key first."""
    projected: frozenset[str] | None
    """Attributes that the index carries; None for all."""
    items: int
    """Items in the index, or in the table that is scanned, as DynamoDB last counted them, up to six hours ago; 0 may
    mean that it has not yet."""
    bytes: int = 0
    table_items: int = 0
    table_bytes: int = 0
    """As `items`."""
    provisioned_read_units: int | None = None
    """Strongly consistent read units a second that the source has; None for on-demand."""
    table_read_units: int | None = None
    """The same of the table, which a scan reads."""
    other_indexes: tuple[str, ...] = ()
    """Indexes with the same partition key and another sort key, as `name (sort key)`."""
    table_key_types: tuple[str, ...] = ()
    """Of `table_key`; none where the source is no table."""


def describe_source(client: "DynamoDBClient", dataset: Dataset) -> SourceDescription:
    """Return what a dataset's source is; raise SourceError if it differs from what the dataset declares."""
    source = dataset.source
    if isinstance(source, FilesSource):
        return SourceDescription((), "S", (FILE_DATE, FILE_LINE), None, 0)
    table = _table(client, source.table)
    types = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
    if isinstance(source, ScanSource):
        return _described_table(source, table, types)
    return _described_index(source, table, types)


def _table(client: "DynamoDBClient", name: str) -> dict[str, Any]:
    try:
        answer: Any = client.describe_table(TableName=name)
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"table {name}") from None
    table: dict[str, Any] = answer.get("Table", {})
    if not table:  # the SDK takes a body that is cut short for an empty answer
        raise SourceError(
            f"the response for table {name} arrived damaged. Run again, and check the network and proxies."
        )
    return table


def _described_table(source: ScanSource, table: dict[str, Any], types: dict[str, Any]) -> SourceDescription:
    known = types.get(source.date_attribute, source.date_kind)
    if known != source.date_kind:
        raise SourceError(
            f"attribute {source.date_attribute} of table {source.table} is a key of type {known}, and the dataset "
            f"reads it as {source.date_kind}. Set source.date_type or DATE_FORMAT accordingly."
        )
    _check_format(source, source.date_kind)
    items, size = table.get("ItemCount", 0), table.get("TableSizeBytes", 0)
    return SourceDescription(
        partition_key_types=(),
        sort_key_type=source.date_kind,
        table_key=key_names(table["KeySchema"]),
        projected=None,
        items=items,
        bytes=size,
        table_items=items,
        table_bytes=size,
        provisioned_read_units=_read_units(table),
        table_read_units=_read_units(table),
        table_key_types=tuple(types[attribute] for attribute in key_names(table["KeySchema"])),
    )


def _read_units(described: dict[str, Any]) -> int | None:
    return described.get("ProvisionedThroughput", {}).get("ReadCapacityUnits") or None


def _described_index(source: IndexSource, table: dict[str, Any], types: dict[str, Any]) -> SourceDescription:
    indexes: dict[str, Any] = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}
    index = indexes.get(source.index)
    if index is None:
        has = ", ".join(sorted(indexes)) or "none"
        raise SourceError(f"table {source.table} has no index {source.index}; it has: {has}. Correct GSI_NAME.")
    if (status := index.get("IndexStatus", "ACTIVE")) != "ACTIVE":
        raise SourceError(
            f"index {source.index} is {status}: a read now would miss items. Run again when it is ACTIVE."
        )
    keys = _IndexKeys.of(index["KeySchema"])
    others = _other_indexes(source, indexes)
    _check_keys(source, keys, types, others)
    check_values(source, [types[attribute] for attribute in keys.partition])
    return SourceDescription(
        partition_key_types=tuple(types[attribute] for attribute in keys.partition),
        sort_key_type=types[keys.sort[0]],
        table_key=key_names(table["KeySchema"]),
        projected=_projected(index["Projection"], (*keys.partition, *keys.sort, *key_names(table["KeySchema"]))),
        items=index.get("ItemCount", 0),
        bytes=index.get("IndexSizeBytes", 0),
        table_items=table.get("ItemCount", 0),
        table_bytes=table.get("TableSizeBytes", 0),
        provisioned_read_units=_read_units(index),
        table_read_units=_read_units(table),
        other_indexes=others,
        table_key_types=tuple(types[attribute] for attribute in key_names(table["KeySchema"])),
    )


def other_index_advice(others: tuple[str, ...]) -> str:
    """Return where the time may be if a sort key holds none, or "" where no other index has the same partition key."""
    if not others:
        return ""
    return f" If the sort key is no time at all, choose an index that is sorted by the time: {', '.join(others)}."


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


def key_names(schema: list[dict[str, str]]) -> tuple[str, ...]:
    """Return the attributes of a KeySchema, partition key first."""
    return tuple(part["AttributeName"] for part in sorted(schema, key=lambda part: part["KeyType"] != "HASH"))


def _projected(projection: dict[str, Any], keys: tuple[str, ...]) -> frozenset[str] | None:
    if projection.get("ProjectionType", "ALL") == "ALL":
        return None
    return frozenset(projection.get("NonKeyAttributes", [])) | frozenset(keys)


def _other_indexes(source: IndexSource, indexes: dict[str, Any]) -> tuple[str, ...]:
    found = {name: _IndexKeys.of(index["KeySchema"]) for name, index in indexes.items() if name != source.index}
    return tuple(
        f"{name} ({keys.sort[0]})"
        for name, keys in sorted(found.items())
        if keys.partition == source.partition_attributes and keys.sort and keys.sort[0] != source.sort_key
    )


def _check_keys(source: IndexSource, keys: _IndexKeys, types: dict[str, Any], others: tuple[str, ...]) -> None:
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
    _check_format(source, sort_type, others)


def _check_format(source: IndexSource | ScanSource, kind: str, others: tuple[str, ...] = ()) -> None:
    declared = DateFormatText.parse(source.date_format)
    is_number = declared.per_second is not None or is_digits(expanded_pattern(declared.base))
    if kind == "N" and (declared.open_ended or not is_number):
        raise SourceError(
            f"{'sort key' if source.index else 'attribute'} {source.sort_key} is a number, but the date format is "
            f"{source.date_format}. "
            "Set DATE_FORMAT to EPOCH, EPOCH_MILLIS or a pattern that writes one number, such as %Y%m%d%H%M%S."
            f"{other_index_advice(others)}"
        )
