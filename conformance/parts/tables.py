"""Point 1: every table that the exporter writes, as Athena's engine reads it, value for value against the objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.comparison import Case, Part, explanations
from conformance.engine.client import Trino
from conformance.exports import changing
from conformance.exports.publish import DATABASE
from conformance.outcome import Cell, Outcome, OutputColumn
from conformance.parts.objects import data_objects, rows_of
from conformance.stand_in import BUCKET, StandIn

_DATE_COLUMN = "report_date"
_ATHENA_TYPES = {"string": "varchar", "int": "integer"}


def compare(trino: Trino, stand_in: StandIn) -> Part:
    """Return how the engine's rows compare with the objects' on every table of the exports."""
    part = Part("Tables", "the objects")
    explained = explanations("tables")
    for page in stand_in.glue.get_paginator("get_tables").paginate(DatabaseName=DATABASE):
        for table in page["TableList"]:
            part.tables.add(table["Name"])
            for case, expected in _cases(stand_in, table):
                part.compare(case, trino.ask(case.sql, DATABASE), expected, explained)
    return part


def _cases(stand_in: StandIn, table: Any) -> Iterator[tuple[Case, Outcome]]:
    name = table["Name"]
    if name.endswith("_live"):
        yield from _of_table(table, changing.present_state())
    elif name.endswith("_answers"):
        exported = stand_in.glue.get_table(DatabaseName=DATABASE, Name=name.removesuffix("_answers"))["Table"]
        yield _view(table, rows_of(stand_in, exported))
    else:
        yield _objects(table, stand_in)
        yield from _of_table(table, rows_of(stand_in, table))


def _of_table(table: Any, rows: list[dict[str, Cell]]) -> Iterator[tuple[Case, Outcome]]:
    name = table["Name"]
    described = table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]
    columns = tuple(OutputColumn(column["Name"], _athena_type(column["Type"])) for column in described)
    yield Case(name, f'SELECT * FROM "{name}"', DATABASE), _outcome(columns, rows)
    days = sorted({(row["year"] or "", row["month"] or "", row["day"] or "") for row in rows}, key=_as_numbers)
    # The ends of the projected range, and of a year within it: a day too far is no error but missing rows.
    for year, month, day in dict.fromkeys((days[0], days[-1])):
        inside = [row for row in rows if (row["year"], row["month"], row["day"]) == (year, month, day)]
        sql = f'SELECT * FROM "{name}" WHERE year = {year} AND month = {month} AND day = {day}'
        yield Case(name, sql, DATABASE), _outcome(columns, inside)
    years = dict.fromkeys(day[0] for day in days)
    for year in (*years, str(int(days[-1][0]) + 1)):
        inside = [row for row in rows if row["year"] == year]
        yield Case(name, f'SELECT * FROM "{name}" WHERE year = {year}', DATABASE), _outcome(columns, inside)
    if _DATE_COLUMN in {column.name for column in columns}:
        first, last = f"{days[0][0]}-01-31", f"{days[0][0]}-12-31"
        inside = [row for row in rows if first <= (row[_DATE_COLUMN] or "") <= last]
        sql = f"SELECT * FROM \"{name}\" WHERE {_DATE_COLUMN} BETWEEN '{first}' AND '{last}'"
        yield Case(name, sql, DATABASE), _outcome(columns, inside)


def _objects(table: Any, stand_in: StandIn) -> tuple[Case, Outcome]:
    """Return which objects a table is read from: every data object, no record and no quarantined item."""
    name = table["Name"]
    paths = tuple((f"s3://{BUCKET}/{key}",) for key, _ in data_objects(stand_in, table))
    case = Case(name, f'SELECT DISTINCT "$path" AS path FROM "{name}"', DATABASE)
    return case, Outcome((OutputColumn("path", "varchar"),), paths)


def _view(table: Any, rows: list[dict[str, Cell]]) -> tuple[Case, Outcome]:
    """Return what the view of questions and answers says, made from the rows that it is made of."""
    columns = tuple(
        OutputColumn(column["Name"], _athena_type(column["Type"])) for column in table["StorageDescriptor"]["Columns"]
    )
    topics = ("Mood", "Score")
    answers: list[dict[str, Cell]] = []
    for row in rows:
        for topic in topics:
            question, answer = row[f"{topic.lower()}_question"], row[topic.lower()]
            if question is not None or answer is not None:
                answers.append(row | {"topic": topic, "question": question, "answer": answer})
    return Case(table["Name"], f'SELECT * FROM "{table["Name"]}"', DATABASE), _outcome(columns, answers)


def _outcome(columns: tuple[OutputColumn, ...], rows: list[dict[str, Cell]]) -> Outcome:
    # A column that an older file lacks reads as NULL.
    return Outcome(columns, tuple(tuple(row.get(column.name) for column in columns) for row in rows))


def _athena_type(hive: str) -> str:
    return _ATHENA_TYPES.get(hive, hive)


def _as_numbers(day: tuple[str, str, str]) -> tuple[int, ...]:
    return tuple(int(part) for part in day)
