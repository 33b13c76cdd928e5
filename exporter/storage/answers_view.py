"""A schema with attribute pairs `X_Question` and `X` flows in, a Glue view with a row per question flows out.

A survey adds a pair of attributes per question, so the table has two columns for each and no query can go over all of
them. The view `<table>_answers` has a row per item and question: key, topic (the `X`), question, answer, and the
partition columns, so that a query of it reads no more days than one of the table. It reads the table once, whatever the
number of pairs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dataset_model import Dataset
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from dataset_model.targets.partitions import PARTITION_COLUMNS
from exporter.storage.view_input import PARTITIONS, ViewColumn, view_input

_FILLED = ("topic", "question", "answer")


@dataclass(frozen=True)
class Pair:
    """A question and its answer."""

    topic: str
    question: str
    """Column that holds the question's text."""
    answer: str


def pairs(schema: TableSchema, suffix: str) -> list[Pair]:
    """Return the pairs of columns with the attributes `X` and `X` + suffix, in catalogue order of the questions."""
    names = schema.names
    found = [(attribute, attribute.removesuffix(suffix)) for attribute in names if attribute.endswith(suffix)]
    return [Pair(topic, names[question], names[topic]) for question, topic in found if topic in names]


def answers_name(dataset: Dataset) -> str:
    """Return the view's name."""
    return f"{dataset.target.table}_answers"


def answers_view(
    dataset: Dataset, schema: TableSchema, key_attributes: Iterable[str], owner: dict[str, str]
) -> dict[str, Any] | None:
    """Return the view as Glue's table input, None where the dataset has no pairs or wants no view.

    The key is that of the columns declared with the role `key`, or the table's primary key. `owner` marks it as ours.
    """
    suffix = dataset.target.question_suffix
    found = pairs(schema, suffix) if suffix else []
    if not found:
        return None
    target, keys = dataset.target, _keys(dataset, schema, set(key_attributes))
    columns = [
        ViewColumn(f"key_{key.name}" if key.name in _FILLED else key.name, key.type.athena, key.type.glue)
        for key in keys
    ]
    columns += [ViewColumn(name, "varchar", "string") for name in _FILLED]
    sql = _sql(f'"{target.database}"."{target.table}"', keys, found, schema.columns)
    return view_input(dataset, answers_name(dataset), sql, [*columns, *PARTITIONS], owner)


def _keys(dataset: Dataset, schema: TableSchema, key_attributes: set[str]) -> list[SchemaColumn]:
    declared = {column.name for column in dataset.columns if column.role == "key"}
    return [
        column
        for column in schema.columns
        if (column.name in declared if declared else column.whole_attribute in key_attributes)
    ]


def _sql(table: str, keys: list[SchemaColumn], found: list[Pair], columns: Iterable[SchemaColumn]) -> str:
    # A join with a few constants reads the table once. UNNEST of arrays would, too, but not every engine that reads
    # these views takes it over columns.
    topics = ", ".join(f"({number}, {_literal(pair.topic)})" for number, pair in enumerate(found, start=1))
    types = {column.name: column.type.name for column in columns}
    questions = _chosen([(pair.question, types[pair.question]) for pair in found])
    answers = _chosen([(pair.answer, types[pair.answer]) for pair in found])
    selected = [f's."{key.name}"' + (f' AS "key_{key.name}"' if key.name in _FILLED else "") for key in keys]
    selected += ["t.topic", f"{questions} AS question", f"{answers} AS answer"]
    selected += [f's."{name}"' for name in PARTITION_COLUMNS]
    return (
        f"SELECT * FROM (SELECT {', '.join(selected)} FROM {table} AS s "
        f"CROSS JOIN (VALUES {topics}) AS t (number, topic)) AS pairs "
        "WHERE question IS NOT NULL OR answer IS NOT NULL"
    )


def _chosen(columns: Iterable[tuple[str, str]]) -> str:
    cases = (f"WHEN {number} THEN {_text(*column)}" for number, column in enumerate(columns, start=1))
    return f"CASE t.number {' '.join(cases)} END"


def _text(name: str, type_name: str) -> str:
    # CAST of a double to varchar gives 9.0E0 in the engine; as JSON it is 9.0.
    return f'json_format(CAST(s."{name}" AS json))' if type_name == "double" else f'CAST(s."{name}" AS varchar)'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
