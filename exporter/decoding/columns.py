"""Attribute values flow in; columns of one type and the values that the type refuses flow out.

| column                       | takes                                                                               |
|------------------------------|-------------------------------------------------------------------------------------|
| `string`                     | everything: N as DynamoDB wrote it, BOOL as true/false, B as base64, the rest JSON    |
| `double`                     | N, and S that is a number, as people store them                                     |
| `bigint`, `decimal(p,s)`     | the same where it is exact                                                          |
| `boolean`                    | BOOL                                                                                |
| `timestamp`, `date`          | S and N as `exporter.decoding.timestamps` reads them                                |
| `json`                       | everything, as plain JSON                                                           |

NULL and an absent attribute are null everywhere. Every function here gives the same column for a value whatever its
neighbours are: what Arrow does in bulk is only a shortcut.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from dataset_model.columns.types import ColumnType
from exporter.decoding.timestamps import Clock
from exporter.values.attribute_values import (
    AttributeValue,
    described,
    described_value,
    json_texts,
    kind_of,
    string_text,
    tagged,
)
from exporter.values.numbers import NO_DIGITS, Digits, Texts, decimals, digits_of, doubles, integers, is_number

Contradictions = list[tuple[int, str]]
"""(row, reason) of values that their column cannot hold."""


@dataclass(frozen=True)
class Cells:
    """One column's values."""

    values: pa.Array
    contradictions: Sequence[tuple[int, str]] = ()
    """Rows with a value that the type cannot hold (null in `values`), and why; in row order."""
    inexact: Sequence[int] = ()
    """Rows where the double is not exactly the number stored."""
    digits: Digits = NO_DIGITS
    """Of all numbers, where some are not exact."""


def cells_from_texts(kind: str, texts: Texts, column_type: ColumnType, clock: Clock) -> Cells:
    """Return the column of values that all have one kind, S or N; None is null."""
    if column_type.name == "string":
        return Cells(texts)
    if column_type.is_number and kind == "N":
        return _numbers(kind, texts, column_type)
    if column_type.name in {"timestamp", "date"}:
        return _times([kind] * len(texts), texts, column_type, clock)
    return cells_from_values(tagged(kind, texts), column_type, clock)


def cells_from_values(values: Sequence[AttributeValue | None], column_type: ColumnType, clock: Clock) -> Cells:
    """Return the column of values of any kinds; None is an absent attribute."""
    match column_type.name:
        case "string":
            return Cells(pa.array([None if value is None else string_text(value) for value in values], pa.string()))
        case "json":
            return Cells(json_texts(values))
        case "boolean":
            refused = _refused(values, "a boolean", "BOOL")
            return Cells(pa.array([None if value is None else value.BOOL for value in values], pa.bool_()), refused)
        case "timestamp" | "date":
            refused = _refused(values, f"a {column_type}", "S", "N")
            kinds = ["S" if value is not None and value.S is not None else "N" for value in values]
            texts = [None if value is None else value.N if value.S is None else value.S for value in values]
            return _merged(_times(kinds, pa.array(texts, pa.string()), column_type, clock), refused)
        case _:
            return _numbers_of_values(values, column_type)


def _numbers_of_values(values: Sequence[AttributeValue | None], column_type: ColumnType) -> Cells:
    texts: list[str | None] = []
    refused: Contradictions = []
    for row, value in enumerate(values):
        text = None if value is None else value.N if value.S is None else value.S
        if text is not None and value is not None and value.S is not None and not is_number(text):
            text = None
        texts.append(text)
        if text is None and value is not None and value.NULL is None:
            refused.append((row, f"expected a number; found {described_value(value)}"))
    return _merged(_numbers("N", pa.array(texts, pa.string()), column_type), refused)


def _numbers(kind: str, texts: Texts, column_type: ColumnType) -> Cells:
    if column_type.name == "double":
        values, inexact = doubles(texts)
        return Cells(values, (), inexact, digits_of(texts) if inexact else NO_DIGITS)
    if column_type.name == "bigint":
        values, refused = integers(texts)
        expected = "a whole number of 64 bits"
    else:
        values, refused = decimals(texts, column_type.precision or 38, column_type.scale or 0)
        expected = f"a number that {column_type} holds exactly"
    return Cells(
        values, [(row, f"expected {expected}; found {described(kind, texts[row].as_py())}") for row in refused]
    )


def _times(kinds: Sequence[str], texts: Texts, column_type: ColumnType, clock: Clock) -> Cells:
    read = clock.instants if column_type.name == "timestamp" else clock.dates
    values, refused = read(kinds, texts)
    return Cells(
        values,
        [(row, f"expected a {column_type}; found {described(kinds[row], texts[row].as_py())}") for row in refused],
    )


def _refused(values: Sequence[AttributeValue | None], expected: str, *kinds: str) -> Contradictions:
    return [
        (row, f"expected {expected}; found {described_value(value)}")
        for row, value in enumerate(values)
        if value is not None and value.NULL is None and kind_of(value) not in kinds
    ]


def _merged(cells: Cells, refused: Contradictions) -> Cells:
    if not refused:
        return cells
    return replace(cells, contradictions=sorted([*cells.contradictions, *refused]))
