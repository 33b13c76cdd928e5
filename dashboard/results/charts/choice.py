"""A result table flows in, the options of its chart flow out, the most likely first.

The x axis is a time column if there is one, then a category, then an integer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.results.exact_text import is_number

MOST_BARS: Final = 30
MOST_SERIES: Final = 8
"""Colours of a theme; series beyond the largest seven are summed into one."""
_LOOKED_AT: Final = 20_000
"""Rows from which defaults are guessed."""
ROWS: Final = "Number of rows"
_PLACES: Final = ("year", "month", "day")
"""Number columns that are not measures."""


@dataclass(frozen=True)
class Choices:
    """The options of a chart; the first of each is the default."""

    x: tuple[str, ...]
    y: tuple[str, ...]
    """Columns with numbers, and `ROWS`."""
    colour: tuple[str, ...]
    """Columns that can split each place along x."""


def is_drawable(table: pa.Table) -> bool:
    """Return whether a result can be drawn, judged by its column types."""
    kinds = [field.type for field in table.schema]
    numbers = sum(is_number(kind) for kind in kinds)
    along = any(is_moment(kind) or _is_category(kind) for kind in kinds)
    return table.num_rows > 1 and (along or (numbers > 1 and any(pa.types.is_integer(kind) for kind in kinds)))


def choices_of(table: pa.Table) -> Choices:
    """Return what a drawable result can be drawn over and as."""
    few = table.slice(0, _LOOKED_AT)
    moments = [field.name for field in table.schema if is_moment(field.type)]
    texts = [field.name for field in table.schema if _is_category(field.type)]
    categories = sorted(texts, key=lambda name: _spread(few, name))
    if not moments and len(categories) > 1 and _stacks(few, categories[1], by=categories[0]):
        categories[:2] = reversed(categories[:2])
    numbers = [field.name for field in table.schema if is_number(field.type)]
    ordered = [name for name in numbers if pa.types.is_integer(table.schema.field(name).type)]
    x = (*moments, *categories, *ordered)
    measures = sorted(numbers, key=lambda name: (name in _PLACES, name == x[0]))
    y = (ROWS, *measures) if not measures or _is_listing(few, x[0], categories) else (*measures, ROWS)
    return Choices(x, y, tuple(categories))


def suggested_colour(table: pa.Table, choices: Choices, x: str) -> str | None:
    """Return the category that splits a result best: few values, and one row for each pair of it and x."""
    few = table.slice(0, _LOOKED_AT)
    for name in choices.colour:
        if name != x and 1 < _distinct(few, [name]) <= MOST_SERIES:
            return name if _distinct(few, [x, name]) == few.num_rows > _distinct(few, [x]) else None
    return None


def _is_listing(table: pa.Table, x: str, categories: Sequence[str]) -> bool:
    """Return whether the rows are records rather than aggregates; then the default measure is their count."""
    if table.num_columns <= 3:
        return False  # With so few columns the number was selected on purpose.
    ids = [name for name in categories if MOST_BARS < _distinct(table, [name]) > table.num_rows // 2]
    others = {x, *categories} - set(ids)
    if ids and len(others) > 1:
        return True
    keys = [[x], *([x, name] for name in categories if name != x)]
    return all(_distinct(table, key) < table.num_rows for key in keys)


def _stacks(table: pa.Table, x: str, *, by: str) -> bool:
    """Return whether a bar per value of x, in the colours of few other values, shows every row."""
    is_small = 1 < _distinct(table, [by]) <= MOST_SERIES < _distinct(table, [x]) <= MOST_BARS
    return is_small and _distinct(table, [x, by]) == table.num_rows


def _spread(table: pa.Table, name: str) -> tuple[bool, int]:
    """Sort key: few values before many; a column with one value last."""
    values = _distinct(table, [name])
    return values < 2 or values > max(MOST_BARS, table.num_rows // 2), values


def _distinct(table: pa.Table, names: Sequence[str]) -> int:
    if len(names) == 1:
        return int(pc.count_distinct(table.column(names[0]), mode="all").as_py())
    return int(table.select(list(names)).group_by(list(names)).aggregate([]).num_rows)


def is_moment(kind: pa.DataType) -> bool:
    """Return whether values of a type are days or times."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_category(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind))
