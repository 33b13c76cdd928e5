"""The Glue Data Catalog: databases, tables, views and registered partitions as plain values."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from local.athena.catalog.column_types import ColumnType, column_type
from local.athena.errors import DDL_FAILED, QueryError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

CATALOG_NAME = "AwsDataCatalog"
_VIEW_PREFIX, _VIEW_SUFFIX = "/* Presto View: ", " */"

FileFormat = Literal["parquet", "text", "csv", "json", "orc"]
_FORMAT_MARKS: tuple[tuple[str, FileFormat], ...] = (
    ("parquet", "parquet"),
    ("opencsv", "csv"),
    ("json", "json"),
    ("orc", "orc"),
)


@dataclass(frozen=True)
class Column:
    """A column of a table, or one of its partition keys."""

    name: str
    hive_type: str
    comment: str = ""

    @property
    def type(self) -> ColumnType:
        """The parsed type."""
        return column_type(self.hive_type)


@dataclass(frozen=True)
class RegisteredPartition:
    """A partition that was added to the catalogue."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """A table or view of the catalogue."""

    database: str
    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...] = ()
    location: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    storage: Mapping[str, Any] = field(default_factory=dict)
    table_type: str = "EXTERNAL_TABLE"
    created: datetime | None = None
    view_text: str = ""

    @property
    def is_view(self) -> bool:
        """Whether the table is a saved query."""
        return self.table_type == "VIRTUAL_VIEW"

    @property
    def is_projected(self) -> bool:
        """Whether partitions are computed from the table's properties."""
        return self.parameters.get("projection.enabled", "").lower() == "true" and bool(self.partition_keys)

    @property
    def is_iceberg(self) -> bool:
        """Whether the table was declared as Iceberg, and so takes UPDATE, DELETE and MERGE."""
        return self.parameters.get("table_type", "").upper() == "ICEBERG"

    @property
    def is_written_elsewhere(self) -> bool:
        """Whether an Iceberg table has metadata, which lists its files; without it the table is one of our own."""
        return self.is_iceberg and "metadata_location" in self.parameters

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Columns in the order of `SELECT *`: partition keys come last."""
        return self.columns + self.partition_keys

    @property
    def serde(self) -> str:
        """The class name of the serializer."""
        return str(self.storage.get("SerdeInfo", {}).get("SerializationLibrary", ""))

    @property
    def serde_parameters(self) -> Mapping[str, str]:
        """The serializer's settings, such as `field.delim`."""
        found: Mapping[str, str] = self.storage.get("SerdeInfo", {}).get("Parameters", {})
        return found

    @property
    def file_format(self) -> FileFormat:
        """How the table's objects are read, by serializer and input format, as Athena decides."""
        marks = f"{self.serde} {self.storage.get('InputFormat', '')}".lower()
        return next((form for mark, form in _FORMAT_MARKS if mark in marks), "text")

    @property
    def view_sql(self) -> str:
        """The SELECT of a view."""
        if not self.view_text.startswith(_VIEW_PREFIX):
            return self.view_text
        packed = self.view_text[len(_VIEW_PREFIX) : -len(_VIEW_SUFFIX)]
        return str(json.loads(base64.b64decode(packed))["originalSql"])


def view_text(sql: str, database: str, columns: list[Column]) -> str:
    """Pack a view the way Athena stores it in Glue, so that other readers of the catalogue understand it."""
    body = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": column.name, "type": column.type.trino} for column in columns],
    }
    return _VIEW_PREFIX + base64.b64encode(json.dumps(body).encode()).decode() + _VIEW_SUFFIX


def table_from_glue(found: Mapping[str, Any]) -> Table:
    """Read Glue's description of a table."""
    storage = found.get("StorageDescriptor") or {}
    return Table(
        database=found["DatabaseName"],
        name=found["Name"],
        columns=tuple(_columns(storage.get("Columns", []))),
        partition_keys=tuple(_columns(found.get("PartitionKeys") or [])),
        location=storage.get("Location") or "",
        parameters=found.get("Parameters") or {},
        storage=storage,
        table_type=found.get("TableType") or "EXTERNAL_TABLE",
        created=found.get("CreateTime"),
        view_text=found.get("ViewOriginalText") or "",
    )


def _columns(found: list[dict[str, str]]) -> Iterator[Column]:
    for column in found:
        yield Column(column["Name"].lower(), column.get("Type", "string"), column.get("Comment") or "")


class Catalog:
    """Glue, read and changed through one client. Names are matched in lower case."""

    def __init__(self, client: GlueClient) -> None:
        self._glue = client

    def databases(self) -> list[dict[str, Any]]:
        """List the databases, by name."""
        pages = self._glue.get_paginator("get_databases").paginate()
        found = [dict(database) for page in pages for database in page["DatabaseList"]]
        return sorted(found, key=lambda database: str(database["Name"]))

    def database(self, name: str) -> dict[str, Any] | None:
        """Return one database, or None."""
        try:
            return dict(self._glue.get_database(Name=name.lower())["Database"])
        except self._glue.exceptions.EntityNotFoundException:
            return None

    def create_database(self, name: str, description: str, location: str, parameters: dict[str, str]) -> bool:
        """Create a database; False where it exists already."""
        given = {"Description": description, "LocationUri": location, "Parameters": parameters}
        filled = {key: value for key, value in given.items() if value}
        try:
            self._glue.create_database(DatabaseInput={"Name": name.lower(), **filled})  # type: ignore[typeddict-item]
        except self._glue.exceptions.AlreadyExistsException:
            return False
        return True

    def drop_database(self, name: str) -> None:
        """Delete a database with everything in it."""
        self._glue.delete_database(Name=name.lower())

    def tables(self, database: str) -> list[Table]:
        """List the tables and views of a database, by name; none for an unknown database."""
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database.lower())
        try:
            found = [table_from_glue(table) for page in pages for table in page["TableList"]]
        except self._glue.exceptions.EntityNotFoundException:
            return []
        return sorted(found, key=lambda table: table.name)

    def table(self, database: str, name: str) -> Table | None:
        """Return one table or view, or None."""
        try:
            return table_from_glue(self._glue.get_table(DatabaseName=database.lower(), Name=name.lower())["Table"])
        except self._glue.exceptions.EntityNotFoundException:
            return None

    def create_table(self, table: Table) -> None:
        """Register a table or view."""
        self._attempt("create_table", DatabaseName=table.database, TableInput=_table_input(table))

    def update_table(self, table: Table) -> None:
        """Replace a table's description."""
        self._attempt("update_table", DatabaseName=table.database, TableInput=_table_input(table))

    def drop_table(self, table: Table) -> None:
        """Forget a table; its objects stay."""
        self._glue.delete_table(DatabaseName=table.database, Name=table.name)

    def partitions(self, table: Table) -> list[RegisteredPartition]:
        """List the registered partitions of a table."""
        pages = self._glue.get_paginator("get_partitions").paginate(DatabaseName=table.database, TableName=table.name)
        return [
            RegisteredPartition(
                tuple(partition.get("Values", [])), partition.get("StorageDescriptor", {}).get("Location", "")
            )
            for page in pages
            for partition in page["Partitions"]
        ]

    def add_partition(self, table: Table, partition: RegisteredPartition) -> bool:
        """Register a partition; False where those values are registered already."""
        try:
            self._glue.create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInput={
                    "Values": list(partition.values),
                    "StorageDescriptor": {**table.storage, "Location": partition.location},  # type: ignore[typeddict-item]
                },
            )
        except self._glue.exceptions.AlreadyExistsException:
            return False
        return True

    def drop_partition(self, table: Table, values: tuple[str, ...]) -> bool:
        """Forget a partition; False where it was not registered."""
        try:
            self._glue.delete_partition(DatabaseName=table.database, TableName=table.name, PartitionValues=list(values))
        except self._glue.exceptions.EntityNotFoundException:
            return False
        return True

    def _attempt(self, operation: str, **arguments: Any) -> None:
        try:
            getattr(self._glue, operation)(**arguments)
        except ClientError as error:
            detail = error.response["Error"]
            raise QueryError(
                f"FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                f"{detail['Code']}({arguments['TableInput']['Name']}): {detail.get('Message', '')}",
                DDL_FAILED,
            ) from error


def _table_input(table: Table) -> dict[str, Any]:
    described = {
        "Name": table.name,
        "TableType": table.table_type,
        "Parameters": dict(table.parameters),
        "PartitionKeys": [_glue_column(column) for column in table.partition_keys],
        "StorageDescriptor": {
            **table.storage,
            "Columns": [_glue_column(column) for column in table.columns],
            "Location": table.location,
        },
    }
    if table.view_text:
        described |= {"ViewOriginalText": table.view_text, "ViewExpandedText": "/* Presto View */"}
    return described


def _glue_column(column: Column) -> dict[str, str]:
    described = {"Name": column.name, "Type": column.hive_type}
    return described | {"Comment": column.comment} if column.comment else described
