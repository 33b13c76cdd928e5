"""Statements that write rows: CREATE TABLE AS, INSERT INTO, UNLOAD."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from local.athena.catalog.column_types import split_outside_brackets
from local.athena.catalog.glue import Column, RegisteredPartition, Table
from local.athena.catalog.projection import location_template
from local.athena.engine.text_format import delimiter
from local.athena.engine.written_files import FileOptions, columns_of, file_options, fitted, partitioned, write_object
from local.athena.errors import SCHEMA, SYNTAX, QueryError
from local.athena.objects import Location, location
from local.athena.results.results import Result, written
from local.athena.sql.parsing import parse
from local.athena.sql.statement_text import bracketed, literal, properties
from local.athena.statements.context import Job
from local.athena.statements.ddl import default_location
from local.athena.statements.storage_format import JSON, PARQUET, delimited_text


def create_table_as(job: Job, found: re.Match[str]) -> Result:
    """CREATE TABLE AS: run the query, write its rows, register the table."""
    database, name = job.name(found[2])
    if job.catalog.table(database, name) is not None:
        if found[1]:
            return written(0)
        raise QueryError(f"TABLE_ALREADY_EXISTS: line 1:1: Table '{database}.{name}' already exists", SCHEMA)
    given, body = _with_clause(job.sql, found.end(2))
    options = file_options(given)
    rows = job.query.rows(parse(body))
    columns = columns_of(rows)
    keys = _names(given.get("partitioned_by", ""))
    own, partition_keys = _split(columns, keys)
    place = _empty_place(job, given, name)
    table = Table(
        database=database,
        name=name,
        columns=own,
        partition_keys=partition_keys,
        location=place.folder.uri,
        parameters=_table_parameters(given, options),
        storage=_storage(options),
    )
    data = fitted(rows.table, columns)
    paths = _write(job, table, data, options)
    job.catalog.create_table(table)
    _register(job, table, data, paths)
    return written(data.num_rows, _manifest(job, list(paths.values())))


def _with_clause(sql: str, start: int) -> tuple[dict[str, str], str]:
    found = re.match(r"\s*WITH\s*\(", sql[start:], re.IGNORECASE)
    given: dict[str, str] = {}
    if found:
        inside, end = bracketed(sql, start)
        given, start = {name.lower(): value for name, value in properties(inside).items()}, end
    body = re.match(r"\s*AS\s*(.*)", sql[start:], re.IGNORECASE | re.DOTALL)
    text = body[1] if body else ""
    without_data = re.search(r"\s+WITH\s+(NO\s+)?DATA\s*$", text, re.IGNORECASE)
    if without_data:
        text = text[: without_data.start()]
        text = f"SELECT * FROM ({text}) WHERE false" if without_data[1] else text
    return given, text


def _names(array: str) -> list[str]:
    found = re.search(r"\[(.*)\]", array, re.DOTALL)
    return [literal(piece).lower() for piece in split_outside_brackets(found[1])] if found else []


def _split(columns: list[Column], keys: list[str]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    if keys and [column.name for column in columns[-len(keys) :]] != keys:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as "
            f"the table properties: {keys}",
            SYNTAX,
        )
    split = len(columns) - len(keys)
    return tuple(columns[:split]), tuple(columns[split:])


def _empty_place(job: Job, given: Mapping[str, str], name: str) -> Location:
    chosen = given.get("external_location") or given.get("location")
    place = location(chosen) if chosen else job.output_folder / "tables" / job.execution_id / name
    if job.objects.list_visible(place.folder):
        raise QueryError(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{name}' already exists: {place.uri}. You may need "
            "to manually clean the data at the location before you run this statement again.",
            1006,
        )
    return place


def _table_parameters(given: Mapping[str, str], options: FileOptions) -> dict[str, str]:
    parameters = {"EXTERNAL": "TRUE", "has_encrypted_data": "false"}
    if given.get("table_type", "").upper() == "ICEBERG":
        parameters["table_type"] = "ICEBERG"
    if options.is_parquet:
        parameters["parquet.compression"] = options.compression or "SNAPPY"
    return parameters


def _storage(options: FileOptions) -> dict[str, object]:
    if options.is_parquet:
        return PARQUET
    return JSON if options.format == "JSON" else delimited_text({"field.delim": options.delimiter})


def _write(job: Job, table: Table, rows: pa.Table, options: FileOptions) -> dict[tuple[str, ...], Location]:
    keys = [key.name for key in table.partition_keys]
    paths = {}
    for values, part in partitioned(rows, keys):
        if part.num_rows or not keys:
            place = location(_partition_location(table, values))
            paths[values] = write_object(job.objects, place, part, options)
    return paths


def _partition_location(table: Table, values: tuple[str, ...]) -> str:
    if not values:
        return table.location
    if table.is_projected:
        named = dict(zip((key.name for key in table.partition_keys), _padded(table, values), strict=True))
        return location_template(table).location(named)
    return default_location(table, values)


def _padded(table: Table, values: tuple[str, ...]) -> list[str]:
    digits = [int(table.parameters.get(f"projection.{key.name}.digits", 0) or 0) for key in table.partition_keys]
    return [value.zfill(width) for value, width in zip(values, digits, strict=True)]


def _register(job: Job, table: Table, rows: pa.Table, paths: Mapping[tuple[str, ...], Location]) -> None:
    if table.is_projected or not table.partition_keys or not rows.num_rows:
        return
    for values in paths:
        job.catalog.add_partition(table, RegisteredPartition(values, default_location(table, values)))


def insert(job: Job, found: re.Match[str]) -> Result:
    """INSERT INTO, by position or with a list of columns."""
    table = job.table(found[1])
    named, body = _column_list(found[2])
    rows = job.query.rows(parse(body))
    columns = list(table.all_columns)
    if named:
        by_name = {column.name: column for column in columns}
        unknown = [name for name in named if name not in by_name]
        if unknown:
            raise QueryError(
                f"COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: {unknown[0]}"
            )
        data = _completed(fitted(rows.table, [by_name[name] for name in named]), columns)
    else:
        data = fitted(rows.table, columns)
    paths = _write(job, table, data, _options_of(table)) if data.num_rows else {}
    _register(job, table, data, paths)
    return written(data.num_rows, _manifest(job, list(paths.values())))


def _column_list(text: str) -> tuple[list[str], str]:
    found = re.match(r"\(\s*(?!SELECT\b|WITH\b|VALUES\b|TABLE\b|\()", text, re.IGNORECASE)
    if not found:
        return [], text
    inside, end = bracketed(text, 0)
    return [name.strip().strip('`"').lower() for name in split_outside_brackets(inside)], text[end:]


def _completed(rows: pa.Table, columns: list[Column]) -> pa.Table:
    present = set(rows.column_names)
    return pa.table(
        [
            rows.column(column.name) if column.name in present else pa.nulls(rows.num_rows, column.type.arrow)
            for column in columns
        ],
        names=[column.name for column in columns],
    )


def _options_of(table: Table) -> FileOptions:
    if table.file_format == "parquet":
        codec = table.parameters.get("parquet.compression") or table.parameters.get("parquet.compress") or ""
        return FileOptions("PARQUET", codec.upper())
    if table.file_format in ("csv", "orc"):
        raise QueryError(f"NOT_SUPPORTED: INSERT into a {table.file_format.upper()} table is not supported", SYNTAX)
    return FileOptions("JSON" if table.file_format == "json" else "TEXTFILE", "", delimiter(table.serde_parameters))


def unload(job: Job, _: re.Match[str]) -> Result:
    """UNLOAD: write the rows of a query as objects, and a manifest that lists them."""
    body, end = bracketed(job.sql, 0)
    found = re.match(r"\s*TO\s*'([^']+)'\s*(?:WITH\s*(\(.*))?$", job.sql[end:], re.IGNORECASE | re.DOTALL)
    if not found:
        raise QueryError("SYNTAX_ERROR: line 1:1: UNLOAD needs TO 's3://...' and WITH (format = '...')", SYNTAX)
    given = properties(bracketed(found[2], 0)[0]) if found[2] else {}
    options = file_options(given)
    place = location(found[1])
    if job.objects.list_all(place.folder):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory already exists: {place.folder.uri}", 1006)
    rows = job.query.rows(parse(body))
    columns = columns_of(rows)
    data = fitted(rows.table, columns)
    keys = _names({name.lower(): value for name, value in given.items()}.get("partitioned_by", ""))
    paths = [
        write_object(job.objects, _folder(place, keys, values), part, options)
        for values, part in partitioned(data, keys)
        if part.num_rows
    ]
    return written(data.num_rows, _manifest(job, paths))


def _folder(place: Location, keys: list[str], values: tuple[str, ...]) -> Location:
    for key, value in zip(keys, values, strict=True):
        place = place / f"{key}={value}"
    return place


def _manifest(job: Job, paths: list[Location]) -> str:
    place = job.output_folder / f"{job.execution_id}-manifest.csv"
    job.objects.write(place, "".join(f"{path.uri}\n" for path in paths).encode(), "text/csv")
    return place.uri
