"""The rows of a `group_by` answer flow in; cells, totals and the order and names of their values flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.model.exact_numbers import Number
from dashboard.model.grouping.question import GroupBy
from dashboard.model.grouping.statement import columns_of, group_statement
from dashboard.model.measures import Measure
from dashboard.model.result import QueryResult
from dashboard.model.selection.filters import Days
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.document.chart import value_label
from dashboard.results.charts.points import OTHERS
from dashboard.results.result_cache import TableRows

Key = str | None
"""A value of a grouping; a day as YYYY-MM-DD, None for the rows where the column is null."""
_LAST: Final = "\U0010ffff"
"""Sorts after any text."""


@dataclass(frozen=True)
class GroupCell:
    """The measure of a group, or of a total, over its own rows."""

    value: Number | None
    rows: int
    counted: int | None
    """Rows with a value, for a mean or a median."""


class GroupedAnswer:
    """The cells of an answer by the values of its groupings."""

    def __init__(self, table: pa.Table, asked: GroupBy, model: SemanticModel) -> None:
        """Take the rows as Athena gave them; the model and the question are those of the statement."""
        self.asked, self._model, self._names = asked, model, columns_of(asked, model)
        self.measure: Measure = asked.of(model)
        self._cells: dict[tuple[int, tuple[Key, ...]], GroupCell] = {}
        for row in table.to_pylist():
            level = row[self._names.level] if self._names.level else 0
            values = tuple(_key(row[name]) for name in self._names.by)
            self._cells[level, _kept(values, level)] = self._cell(row)

    @property
    def title(self) -> str:
        """What people read for the measure: the dataset's own word for rows."""
        return self._model.measure_title(self.asked.measure, self.asked.column)

    def cell(self, *values: Key) -> GroupCell | None:
        """Return a group's cell; None where there is none, or a limit has cut it off."""
        return self._cells.get((0, values))

    def total(self, place: int | None = None, value: Key = None) -> GroupCell | None:
        """Return the total of all rows, or of those with a value of the grouping at a place; None without totals."""
        count = len(self.asked.by)
        if place is None or count < 2:
            return self._cells.get((2**count - 1, ())) if place is None else self.cell(value)
        return self._cells.get((2**place, (value,)))

    def values(self, place: int) -> list[Key]:
        """Return the values of the grouping at a place in the order in which they are drawn: time runs forward."""
        # Totals know more values than groups that a limit has cut.
        found = dict.fromkeys(values[place] for level, values in self._cells if level == 0)
        found |= dict.fromkeys(
            values[0] for level, values in self._cells if len(self.asked.by) > 1 and level == 2**place
        )
        by = self.asked.by[place]
        if is_calendar(self._model, by):
            return self._in_calendar_order(by, list(found))
        if self.asked.sort == "groups":
            return sorted(found, key=lambda value: (value is None, value or ""))
        return self._by_size(place, list(found))

    def names(self, place: int) -> dict[Key, str]:
        """Return what people read for the values of a grouping; two values never read the same."""
        by = self.asked.by[place]
        read = (lambda value: value or "") if by == "day" else value_label(self._model, by)
        named = {value: read(value) for value in self.values(place)}
        # A value may also read like the group of all others, or like another one with its value added.
        while len(often := Counter([OTHERS, *named.values()])) <= len(named):
            named = {value: text if often[text] == 1 else f"{text} ({value!r})" for value, text in named.items()}
        return named

    def _cell(self, row: Mapping[str, Any]) -> GroupCell:
        value, names = row[self._names.value], self._names
        is_whole = isinstance(value, Decimal) and value == value.to_integral_value()
        counted = row[names.counted] if names.counted else None
        return GroupCell(int(value) if is_whole else value, row[names.rows or names.value], counted)

    def _by_size(self, place: int, values: Sequence[Key]) -> list[Key]:
        sign = -1 if self.asked.sort == "largest" else 1

        def key(value: Key) -> tuple[bool, Number, str]:
            cell = self.total(place, value)
            amount = cell.value if cell else None
            return amount is None, sign * (amount or 0), value if value is not None else _LAST

        has_totals = self._names.level is not None or len(self.asked.by) == 1
        # Without totals the answer's own order says which group is the largest.
        return sorted(values, key=key) if has_totals else list(values)

    def _in_calendar_order(self, by: str, values: Sequence[Key]) -> list[Key]:
        texts = sorted(value for value in values if value is not None)
        if self._model.calendar_part(by) == "weekday":
            texts = [value for value in self._model.calendar.values("weekday", ()) if value in texts]
        if self.asked.by[0] == by and self.asked.sort != "groups":
            return self._by_size(0, values)
        return [*texts, *([None] if None in values else [])]


def is_calendar(model: SemanticModel, by: str) -> bool:
    """Return whether a grouping is the day or a part of the calendar."""
    return by == "day" or model.calendar_part(by) is not None


def groups_alone(found: QueryResult, asked: GroupBy, model: SemanticModel, days: Days | None) -> QueryResult:
    """Return a result without the rows of totals, which are not to be added to the groups."""
    level = columns_of(asked, model).level
    if level is None:
        return found
    table = found.table
    groups = table.filter(pc.equal(table[level], 0)).drop_columns([level])
    plain = replace(asked, totals=False)
    return replace(
        found,
        statement=replace(
            group_statement(model, plain, days, found.statement.limit or 0), dataset=found.statement.dataset
        ),
        rows=TableRows(groups),
        row_count=groups.num_rows,
        columns=tuple(column for column in found.columns if column.name != level),
    )


def _key(value: object) -> Key:
    return value.isoformat() if isinstance(value, dt.date) else None if value is None else str(value)


def _kept(values: tuple[Key, ...], level: int) -> tuple[Key, ...]:
    """Return the values that a row of a level is about; the others are null because it is a total."""
    return tuple(value for place, value in enumerate(values) if not level >> (len(values) - 1 - place) & 1)
