"""Statements that change the catalogue: databases, tables, views and partitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from local.athena.catalog.column_types import column_type, split_outside_brackets
from local.athena.catalog.glue import Column, RegisteredPartition, Table, view_text
from local.athena.engine.written_files import columns_of
from local.athena.errors import DDL_FAILED, SCHEMA, SYNTAX, QueryError
from local.athena.objects import location
from local.athena.results.results import Result
from local.athena.sql.parsing import parse
from local.athena.sql.statement_text import bracketed, literal, properties
from local.athena.statements.context import Job
from local.athena.statements.storage_format import storage_descriptor

_DDL_TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
_PARTITION = re.compile(r"PARTITION\s*\(([^)]*)\)(?:\s*LOCATION\s*'([^']+)')?", re.IGNORECASE)


def create_database(job: Job, found: re.Match[str]) -> Result:
    """CREATE DATABASE | SCHEMA."""
    name, rest = found[2].strip('`"'), found[3]
    comment, place = _clause(rest, r"COMMENT\s+'((?:[^']|'')*)'"), _clause(rest, r"LOCATION\s+'([^']+)'")
    given = re.search(r"WITH\s+DBPROPERTIES\s*\((.*)\)", rest, re.IGNORECASE | re.DOTALL)
    created = job.catalog.create_database(name, comment, place, properties(given[1]) if given else {})
    if not created and not found[1]:
        raise QueryError(f"{_DDL_TASK} Database {name} already exists", DDL_FAILED)
    return Result()


def drop_database(job: Job, found: re.Match[str]) -> Result:
    """DROP DATABASE | SCHEMA."""
    name = found[2].strip('`"').lower()
    if job.catalog.database(name) is None:
        if found[1]:
            return Result()
        raise QueryError(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}", SCHEMA)
    if not found[3] and job.catalog.tables(name):
        raise QueryError(
            f"{_DDL_TASK} InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)",
            DDL_FAILED,
        )
    job.catalog.drop_database(name)
    return Result()


def create_table(job: Job, found: re.Match[str]) -> Result:
    """CREATE EXTERNAL TABLE over Parquet, delimited text, CSV or JSON; CREATE TABLE for Iceberg."""
    database, name = job.name(found[2])
    inside, end = bracketed(job.sql, found.end() - 1)
    rest = job.sql[end:]
    table_properties, keys = _properties(rest), _partition_keys(rest)
    is_iceberg = table_properties.get("table_type", "").upper() == "ICEBERG"
    place = _clause(rest, r"\bLOCATION\s+'([^']+)'")
    if not place:
        raise QueryError(
            "FAILED: SemanticException table is not external: CREATE TABLE needs EXTERNAL and LOCATION", 1003
        )
    _check_absent(job, database, name, may_exist=bool(found[1]))
    if job.catalog.table(database, name) is not None:
        return Result()
    comment = _clause(
        re.sub(r"PARTITIONED\s+BY\s*\(.*?\)", "", rest, flags=re.IGNORECASE | re.DOTALL),
        r"\bCOMMENT\s+'((?:[^']|'')*)'",
    )
    parameters = {"EXTERNAL": "TRUE", **table_properties, **({"comment": comment} if comment else {})}
    job.catalog.create_table(
        Table(
            database=database,
            name=name,
            columns=tuple(column_definitions(inside)),
            partition_keys=tuple(keys),
            location=place,
            parameters=parameters,
            storage=storage_descriptor("STORED AS PARQUET" if is_iceberg else rest),
        )
    )
    return Result()


def _check_absent(job: Job, database: str, name: str, *, may_exist: bool) -> None:
    if job.catalog.database(database) is None:
        raise QueryError(f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}", SCHEMA)
    if not may_exist and job.catalog.table(database, name) is not None:
        raise QueryError(f"{_DDL_TASK} AlreadyExistsException(message:Table {name} already exists)", DDL_FAILED)


def _clause(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
    return found[1].replace("''", "'") if found else ""


def _properties(text: str) -> dict[str, str]:
    found = re.search(r"\bTBLPROPERTIES\s*\(", text, re.IGNORECASE)
    return properties(bracketed(text, found.start())[0]) if found else {}


def _partition_keys(text: str) -> list[Column]:
    found = re.search(r"\bPARTITIONED\s+BY\s*\(", text, re.IGNORECASE)
    return list(column_definitions(bracketed(text, found.start())[0])) if found else []


def column_definitions(text: str) -> Iterator[Column]:
    """Read `name type [COMMENT '...'], ...`."""
    for piece in split_outside_brackets(text):
        found = re.match(
            r"""([`"]?)(.+?)\1\s+(.*?)(?:\s+COMMENT\s+'((?:[^']|'')*)')?$""", piece, re.IGNORECASE | re.DOTALL
        )
        if not found:
            raise QueryError(f"FAILED: ParseException line 1:1 cannot recognize column definition '{piece}'", SYNTAX)
        kind = column_type(re.sub(r"\s*([<>,:])\s*", r"\1", found[3]))
        yield Column(found[2].lower(), kind.hive, (found[4] or "").replace("''", "'"))


def create_view(job: Job, found: re.Match[str]) -> Result:
    """CREATE [OR REPLACE] VIEW."""
    database, name = job.name(found[2])
    columns = columns_of(job.query.schema(parse(found[3])))
    view = Table(
        database=database,
        name=name,
        columns=tuple(columns),
        parameters={"presto_view": "true", "comment": "Presto View"},
        storage={"SerdeInfo": {}},
        table_type="VIRTUAL_VIEW",
        view_text=view_text(found[3], database, columns),
    )
    present = job.catalog.table(database, name)
    if present is None:
        _check_absent(job, database, name, may_exist=True)
        job.catalog.create_table(view)
    elif found[1] and present.is_view:
        job.catalog.update_table(view)
    else:
        raise QueryError(f"TABLE_ALREADY_EXISTS: line 1:1: '{database}.{name}' already exists", SCHEMA)
    return Result()


def drop_table(job: Job, found: re.Match[str]) -> Result:
    """DROP TABLE; the objects stay, except those of an Iceberg table, which owns them."""
    table = _to_drop(job, found)
    if table is not None:
        job.catalog.drop_table(table)
        if table.is_iceberg:
            stored = job.objects.list_all(location(table.location).folder)
            job.objects.remove(item.location for item in stored)
    return Result()


def drop_view(job: Job, found: re.Match[str]) -> Result:
    """DROP VIEW."""
    view = _to_drop(job, found)
    if view is not None and not view.is_view:
        raise QueryError(f"TYPE_MISMATCH: line 1:1: '{view.database}.{view.name}' is a table, not a view", SCHEMA)
    if view is not None:
        job.catalog.drop_table(view)
    return Result()


def _to_drop(job: Job, found: re.Match[str]) -> Table | None:
    database, name = job.name(found[2])
    table = job.catalog.table(database, name)
    if table is None and not found[1]:
        raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}", SCHEMA)
    return table


def add_columns(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE ADD COLUMNS."""
    table = job.table(found[1])
    added = tuple(column_definitions(bracketed(job.sql, found.end() - 1)[0]))
    present = {column.name for column in table.all_columns}
    twice = [column.name for column in added if column.name in present]
    if twice:
        raise QueryError(f"{_DDL_TASK} Duplicate column name: {twice[0]}", DDL_FAILED)
    job.catalog.update_table(replace(table, columns=table.columns + added))
    return Result()


def replace_columns(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE REPLACE COLUMNS."""
    columns = tuple(column_definitions(bracketed(job.sql, found.end() - 1)[0]))
    job.catalog.update_table(replace(job.table(found[1]), columns=columns))
    return Result()


def set_properties(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE SET TBLPROPERTIES."""
    table = job.table(found[1])
    given = properties(bracketed(job.sql, found.end() - 1)[0])
    job.catalog.update_table(replace(table, parameters={**table.parameters, **given}))
    return Result()


def set_location(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE SET LOCATION."""
    job.catalog.update_table(replace(job.table(found[1]), location=found[2]))
    return Result()


def add_partitions(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE ADD PARTITION."""
    table = job.table(found[1])
    for values, place in _partitions(table, found[3]):
        partition = RegisteredPartition(values, place or default_location(table, values))
        if not job.catalog.add_partition(table, partition) and not found[2]:
            raise QueryError(
                f"{_DDL_TASK} AlreadyExistsException(message:Partition already exists: {list(values)})", DDL_FAILED
            )
    return Result()


def drop_partitions(job: Job, found: re.Match[str]) -> Result:
    """ALTER TABLE DROP PARTITION."""
    table = job.table(found[1])
    for values, _ in _partitions(table, found[3]):
        if not job.catalog.drop_partition(table, values) and not found[2]:
            raise QueryError(f"FAILED: SemanticException [Error 10006]: Partition not found {list(values)}", DDL_FAILED)
    return Result()


def _partitions(table: Table, text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for inside, place in _PARTITION.findall(text):
        named = {
            name.strip().strip('`"').lower(): literal(value)
            for name, _, value in (piece.partition("=") for piece in split_outside_brackets(inside))
        }
        missing = [key.name for key in table.partition_keys if key.name not in named]
        if missing:
            raise QueryError(f"FAILED: SemanticException partition spec {named} doesn't contain {missing}", SYNTAX)
        yield tuple(named[key.name] for key in table.partition_keys), place


def default_location(table: Table, values: tuple[str, ...]) -> str:
    """Return the `key=value` folder of a partition."""
    named = zip(table.partition_keys, values, strict=True)
    return table.location.rstrip("/") + "/" + "/".join(f"{key.name}={value}" for key, value in named) + "/"


def repair(job: Job, found: re.Match[str]) -> Result:
    """MSCK REPAIR TABLE: register the `key=value` folders that hold objects."""
    table = job.table(found[1])
    names = [key.name for key in table.partition_keys]
    known = {partition.values for partition in job.catalog.partitions(table)}
    root = location(table.location).folder
    for stored in job.objects.list_visible(root):
        pairs = dict(
            folder.split("=", 1) for folder in stored.location.key[len(root.key) :].split("/")[:-1] if "=" in folder
        )
        values = tuple(pairs[name] for name in names if name in pairs)
        if len(values) == len(names) and values not in known:
            known.add(values)
            job.catalog.add_partition(table, RegisteredPartition(values, default_location(table, values)))
    return Result()
