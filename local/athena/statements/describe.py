"""SHOW, DESCRIBE and EXPLAIN."""

from __future__ import annotations

import fnmatch
import re

from local.athena.catalog.glue import Column, Table
from local.athena.errors import SCHEMA, QueryError
from local.athena.results.results import Result, listing
from local.athena.sql.parsing import parse
from local.athena.sql.statement_text import split_name
from local.athena.statements.context import Job

_WIDTH = 20


def _matching(names: list[str], pattern: str | None) -> list[str]:
    """Keep the names that fit a pattern of Hive's: `*` for anything, `|` between choices."""
    if not pattern:
        return names
    choices = pattern.replace("%", "*").lower().split("|")
    return [name for name in names if any(fnmatch.fnmatch(name, choice) for choice in choices)]


def databases(job: Job, found: re.Match[str]) -> Result:
    """SHOW DATABASES."""
    return listing("database_name", _matching([database["Name"] for database in job.catalog.databases()], found[1]))


def tables(job: Job, found: re.Match[str]) -> Result:
    """SHOW TABLES, which lists views, too."""
    names = [table.name for table in _of_database(job, found[1])]
    return listing("tab_name", _matching(names, found[2]))


def views(job: Job, found: re.Match[str]) -> Result:
    """SHOW VIEWS."""
    names = [table.name for table in _of_database(job, found[1]) if table.is_view]
    return listing("views", _matching(names, found[2]))


def _of_database(job: Job, given: str | None) -> list[Table]:
    name = given.strip('`"').lower() if given else job.query.database
    if job.catalog.database(name) is None:
        raise QueryError(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}", SCHEMA)
    return job.catalog.tables(name)


def columns(job: Job, found: re.Match[str]) -> Result:
    """SHOW COLUMNS."""
    database, name = job.name(found[1])
    table_ = job.query.table(found[2].strip('`"').lower() if found[2] else database, name)
    return listing("field", [column.name.ljust(_WIDTH) for column in table_.all_columns])


def partitions(job: Job, found: re.Match[str]) -> Result:
    """SHOW PARTITIONS: the registered ones; those of a projection are not listed, as in Athena."""
    table_ = job.table(found[1])
    if not table_.partition_keys:
        raise QueryError(
            f"FAILED: SemanticException [Error 10241]: Table {table_.name} is not a partitioned table", 1004
        )
    lines = [
        "/".join(f"{key.name}={value}" for key, value in zip(table_.partition_keys, partition.values, strict=True))
        for partition in job.catalog.partitions(table_)
    ]
    return listing("partition", sorted(lines))


def properties(job: Job, found: re.Match[str]) -> Result:
    """SHOW TBLPROPERTIES."""
    given = job.table(found[1]).parameters
    shown = {name: value for name, value in given.items() if not found[2] or name == found[2]}
    return listing("prpt_name\tprpt_value", [f"{name}\t{value}" for name, value in sorted(shown.items())])


def table(job: Job, found: re.Match[str]) -> Result:
    """DESCRIBE: columns, then the partition keys once more under a heading."""
    described = job.query.table(*split_name(found[1], job.query.database))
    lines = [_line(column) for column in described.all_columns]
    if described.partition_keys:
        lines += ["\t \t ", "# Partition Information\t \t ", "# col_name\tdata_type\tcomment", "\t \t "]
        lines += [_line(column) for column in described.partition_keys]
    return listing("col_name\tdata_type\tcomment", lines)


def _line(column: Column) -> str:
    return "\t".join(text.ljust(_WIDTH) for text in (column.name, column.hive_type, column.comment))


def create_view(job: Job, found: re.Match[str]) -> Result:
    """SHOW CREATE VIEW."""
    view = job.table(found[1])
    return listing("Create View", [f"CREATE VIEW {view.database}.{view.name} AS\n{view.view_sql}"])


def create_table(job: Job, found: re.Match[str]) -> Result:
    """SHOW CREATE TABLE, one line of the statement per row."""
    shown = job.table(found[1])
    if shown.is_view:
        return create_view(job, found)
    lines = [f"CREATE EXTERNAL TABLE `{shown.database}.{shown.name}`("]
    lines += _definitions(shown.columns)
    if shown.parameters.get("comment"):
        lines.append(f"COMMENT '{shown.parameters['comment']}'")
    if shown.partition_keys:
        lines += ["PARTITIONED BY (", *_definitions(shown.partition_keys)]
    lines += ["ROW FORMAT SERDE ", f"  '{shown.serde}'"]
    if shown.serde_parameters:
        lines += ["WITH SERDEPROPERTIES (", *_pairs(dict(shown.serde_parameters))]
    lines += ["STORED AS INPUTFORMAT ", f"  '{shown.storage.get('InputFormat', '')}'", "OUTPUTFORMAT "]
    lines += [f"  '{shown.storage.get('OutputFormat', '')}'", "LOCATION", f"  '{shown.location}'"]
    kept = {name: value for name, value in shown.parameters.items() if name not in ("comment", "EXTERNAL")}
    lines += ["TBLPROPERTIES (", *_pairs(kept)] if kept else []
    return listing("createtab_stmt", lines)


def _definitions(defined: tuple[Column, ...]) -> list[str]:
    texts = [
        f"  `{column.name}` {column.hive_type}" + (f" COMMENT '{column.comment}'" if column.comment else "")
        for column in defined
    ]
    return [f"{text}, " for text in texts[:-1]] + [f"{texts[-1]})"]


def _pairs(given: dict[str, str]) -> list[str]:
    texts = [f"  '{name}'='{value}'" for name, value in sorted(given.items())]
    return [f"{text}, " for text in texts[:-1]] + [f"{texts[-1]})"]


def explain(job: Job, found: re.Match[str]) -> Result:
    """EXPLAIN: DuckDB's plan, and per table what would be read."""
    text, plans, references = job.query.explain(parse(found[1]))
    lines = text.rstrip().split("\n")
    for reference in references:
        plan = plans.get(reference.stub)
        if reference.table is not None:
            columns_ = [column.name for column in reference.table.all_columns if plan and plan.reads(column.name)]
            reads = ", ".join(columns_) or "no column"
            where = f" WHERE {' AND '.join(plan.filters)}" if plan and plan.filters else ""
            lines.append(f"{reference.stub}: {reference.table.database}.{reference.table.name} reads {reads}{where}")
    return listing("Query Plan", lines)
