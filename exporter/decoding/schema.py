"""Dataset, published schema and observed types flow in; the schema of the table flows out.

A column's name and type are decided once, for the life of the table. Published columns stay; declared columns and
attributes that appear later are added at the end.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec
import pyarrow as pa

from dataset_model import Column, Dataset
from dataset_model.columns.attribute_paths import Step, attribute_text
from dataset_model.columns.names import assign_names, reserved_names
from dataset_model.columns.types import BOOLEAN, DATE, DOUBLE, JSON, STRING, ColumnType
from dataset_model.records.changes import CHANGE_COLUMNS, STAMP_COLUMNS
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema
from exporter.errors import SchemaConflict
from exporter.native.library import library

Kind = Literal["S", "N", "BOOL", "NULL", "B", "M", "L", "SS", "NS", "BS"]
"""DynamoDB's type tags."""

EXTRA = "extra"
"""The JSON column of undeclared attributes, under the policy of that name."""

HELPER_COLUMNS = frozenset({"_day", "_sort", "_key", "_item"})
"""Names that decoded rows use for what is not a column of the table."""

KEPT_FREE = HELPER_COLUMNS | {*STAMP_COLUMNS, *CHANGE_COLUMNS}
"""Names that no attribute's column is given: the table may have changes one day."""

_TYPES: dict[str, ColumnType] = {
    "S": STRING, "N": DOUBLE, "BOOL": BOOLEAN, "B": STRING,
    "M": JSON, "L": JSON, "SS": JSON, "NS": JSON, "BS": JSON,
}  # fmt: skip

_COMMENT_LENGTH = 255  # Glue's limit


class _Page(msgspec.Struct):
    Items: list[dict[str, dict[str, msgspec.Raw]]] = []


_page = msgspec.json.Decoder(_Page)


def kinds_in_page(body: bytes) -> dict[str, set[str]]:
    """Return attribute -> type tags ("S", "N", "M" ...) seen in a Query response."""
    compiled = library()
    scanned = None if compiled is None else compiled.kinds(body)
    if scanned is not None:
        return scanned
    pairs: set[tuple[str, tuple[str, ...]]] = set()
    for item in _page.decode(body).Items:
        pairs.update(zip(item, map(tuple, item.values()), strict=True))
    kinds: dict[str, set[str]] = {}
    for attribute, tags in pairs:
        kinds.setdefault(attribute, set()).update(tags)
    return kinds


def type_of_kinds(kinds: Collection[str]) -> ColumnType | None:
    """Return the column type that fits these type tags; None where only NULL was seen.

    Tags that have the same type agree (a map here, a list there: JSON); several types give string, which holds all.
    """
    types = {_TYPES[kind] for kind in kinds if kind != "NULL"}
    if not types:
        return None
    return types.pop() if len(types) == 1 else STRING


def initial_schema(dataset: Dataset, published: TableSchema | None, now: dt.datetime) -> TableSchema:
    """Return the schema that a run starts from: the published one itself where the dataset adds nothing to it.

    Order of a new table: declared columns, the extra date column, `extra`. Raises SchemaConflict where the dataset
    contradicts what is published.
    """
    identity = SourceIdentity.of(dataset)
    if published is None:
        published = TableSchema(dataset=dataset.name, source=identity, updated_at=now)
    _require_same_source(identity, published.source)
    columns = list(published.columns)
    for declared in dataset.columns:
        _declare(columns, declared)
    if extra_date := dataset.target.extra_date_column:
        _fill(columns, extra_date, _extra_date_type(dataset, columns))
    if dataset.undeclared == "extra":
        _fill(columns, EXTRA, JSON)
    return _with_columns(published, columns, now)


def extended_schema(
    schema: TableSchema, dataset: Dataset, observed: Mapping[str, Collection[str]], now: dt.datetime
) -> TableSchema:
    """Return the schema with a column for every undeclared attribute in `observed` (attribute -> type tags).

    Columns are added in the order of attribute names, so that the result does not depend on the order of reading. The
    schema itself comes back where nothing is added: other policies than `add`, or attributes seen as NULL alone.
    """
    known = schema.names
    new = {
        attribute: column_type
        for attribute in sorted(observed)
        if attribute not in known and (column_type := type_of_kinds(observed[attribute])) is not None
    }
    if dataset.undeclared != "add" or not new:
        return schema
    filled = {column.name for column in schema.columns if column.attribute is None}
    reserved = reserved_names(dataset.target.extra_date_column) | KEPT_FREE | filled
    names = assign_names(new, known, reserved)
    added = [
        SchemaColumn(name=names[attribute], attribute=attribute, type=column_type)
        for attribute, column_type in new.items()
    ]
    return _with_columns(schema, [*schema.columns, *added], now)


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column; a timestamp is naive, in UTC, in microseconds."""
    if column_type.name == "decimal":
        return pa.decimal128(column_type.precision, column_type.scale)
    arrow: pa.DataType = pa.type_for_alias(column_type.row.engine.arrow)
    return arrow


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """Return the Arrow schema of a file: every column, in catalogue order."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in schema.columns])


def target_columns(dataset: Dataset, schema: TableSchema) -> tuple[SchemaColumn, ...]:
    """Return the columns of ndjson and csv: those declared and the extra date column, as no data can add to them."""
    names = [column.name for column in dataset.columns]
    if dataset.target.extra_date_column:
        names.append(dataset.target.extra_date_column)
    by_name = {column.name: column for column in schema.columns}
    return tuple(by_name[name] for name in names if name in by_name)


def glue_columns(schema: TableSchema, text_types: Collection[str] = ()) -> list[dict[str, str]]:
    """Return the Glue table's columns (Name, Type, Comment), without the partition columns.

    Columns of `text_types` are strings in it.
    """
    return [
        {
            "Name": column.name,
            "Type": STRING.glue if column.type.name in text_types else column.type.glue,
            "Comment": _comment(column),
        }
        for column in schema.columns
    ]


def _require_same_source(dataset: SourceIdentity, published: SourceIdentity) -> None:
    differing = [
        f"{field.replace('_', ' ')} {getattr(published, field)!r}, now {getattr(dataset, field)!r}"
        for field in SourceIdentity.model_fields
        if getattr(dataset, field) != getattr(published, field)
    ]
    if differing:
        raise SchemaConflict(
            f"the prefix holds rows of another source: {'; '.join(differing)}. "
            "Export to another prefix, or remove what is published there"
        )


def _declare(columns: list[SchemaColumn], declared: Column) -> None:
    if declared.name in HELPER_COLUMNS:
        raise SchemaConflict(f"column {declared.name}: the exporter uses this name itself; declare another")
    column = _declared(declared)
    for index, existing in enumerate(columns):
        if existing.name != column.name and _source(existing) != _source(column):
            continue
        if (existing.name, _source(existing), existing.type) != (column.name, _source(column), column.type):
            raise SchemaConflict(
                f"column {column.name} is declared as {_described(column)}, but {existing.name} is published as "
                f"{_described(existing)}. Declare it as published, or export to another prefix"
            )
        columns[index] = column
        return
    columns.append(column)


def _declared(declared: Column) -> SchemaColumn:
    said: dict[str, Any] = {
        "name": declared.name, "type": declared.type, "declared": True, "description": declared.description,
    }  # fmt: skip
    if declared.derive:
        return SchemaColumn(attribute=None, derive=declared.derive, inputs=declared.inputs, **said)
    path = declared.path
    if path.is_nested:
        return SchemaColumn(attribute=declared.attribute, path=path.steps, **said)
    return SchemaColumn(attribute=path.root, **said)


def _source(column: SchemaColumn) -> tuple[Step | None, ...]:
    if column.derive:
        return None, column.derive, *column.inputs
    return column.path or (column.attribute,)


def _extra_date_type(dataset: Dataset, columns: list[SchemaColumn]) -> ColumnType:
    """Return the declared type of the extra date column, else the published one, else string."""
    target = dataset.target
    if target.extra_date_type is not None:
        return ColumnType(target.extra_date_type)
    known = (column for column in columns if column.name == target.extra_date_column and column.attribute is None)
    published = next(known, None)
    return DATE if published is not None and published.type == DATE else STRING


def _fill(columns: list[SchemaColumn], name: str, column_type: ColumnType) -> None:
    column = SchemaColumn(name=name, attribute=None, type=column_type)
    for existing in columns:
        if existing.name == name:
            if (existing.attribute, existing.derive, existing.type) != (None, "", column_type):
                raise SchemaConflict(
                    f"column {name} would be filled by the exporter, but is published as {_described(existing)}. "
                    "Choose another name for it, or export to another prefix"
                )
            return
    columns.append(column)


def _described(column: SchemaColumn) -> str:
    if column.derive:
        return f"{column.type} of derivation {column.derive} from {', '.join(column.inputs)}"
    if column.attribute is None:
        return f"{column.type} of a column without attribute"
    kind, text = ("path", column.attribute) if column.path else ("attribute", attribute_text(column.attribute))
    return f"{column.type} of {kind} '{text}'"


def _with_columns(schema: TableSchema, columns: list[SchemaColumn], now: dt.datetime) -> TableSchema:
    if tuple(columns) == schema.columns:
        return schema
    return schema.model_copy(update={"columns": tuple(columns), "updated_at": now})


def _comment(column: SchemaColumn) -> str:
    attribute = "" if column.attribute in {None, column.name} else f"Attribute {column.attribute}."
    attribute = f"Derivation {column.derive}." if column.derive else attribute
    text = re.sub(r"[^\x20-\ud7ff\ue000-\U0010ffff]+", " ", column.description or attribute)  # Glue takes one line
    return text[:_COMMENT_LENGTH]
