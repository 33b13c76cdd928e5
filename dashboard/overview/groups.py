"""Rows of a GROUPING SETS answer flow in, the figures of each thing that they are about flow out."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.model.measures import Term
from dashboard.model.selection.period import Period
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.statements import Grouping, grouping_level, opened_dimensions, opened_level

Row = Mapping[str, Any]
Figures = Mapping[Term, Any]
"""What a statement computed about one group, by term; empty where it has no rows."""
Key = str | None


class Groups:
    """The answer of the Overview's statement by what its rows are about."""

    def __init__(self, model: SemanticModel, period: Period, rows: Sequence[Row]) -> None:
        """Take the rows of the answer; none where nothing is published."""
        self._model, self._period, self._rows = model, period, rows
        self._names = {column: f"d{number}" for number, column in enumerate(model.counted_dimensions)}

    def total(self, period: int) -> Figures:
        """Return the figures of all days of a period."""
        found = self._of(period, Grouping())
        return self._figures(found[0]) if found else {}

    @property
    def compared(self) -> Figures:
        """The figures of the days asked for that are compared."""
        if not self._period.is_partly_compared:
            return self.total(0)
        found = self._of(0, Grouping(compared=True))
        return next((self._figures(row) for row in found if row["compared"] == 1), {})

    def per_day(self) -> dict[dt.date, Figures]:
        """Return the figures of each day asked for that has rows."""
        return {_day(row): self._figures(row) for row in self._of(0, Grouping(("day",)))}

    def by(self, dimension: str) -> dict[Key, Figures]:
        """Return the figures per value of a dimension."""
        name = self._names[dimension]
        return {row[name]: self._figures(row) for row in self._of(0, Grouping((dimension,)))}

    def by_pair(self, by: str, split: str) -> dict[tuple[Key, Key], Figures]:
        """Return the figures per two values; days are named as in ISO 8601."""
        key = (lambda row: _day(row).isoformat()) if by == "day" else _value_of(self._names[by])
        other = _value_of(self._names[split])
        return {(key(row), other(row)): self._figures(row) for row in self._of(0, Grouping((by, split)))}

    def _of(self, period: int, about: Grouping) -> list[Row]:
        level = grouping_level(self._model, about, is_partly_compared=self._period.is_partly_compared)
        return [row for row in self._rows if row["period"] == period and row["level"] == level]

    def _figures(self, row: Row) -> Figures:
        return figures_of(self._model, row)


class OpenedGroups:
    """The answer of the statement that leaves one dimension's filter open."""

    def __init__(self, model: SemanticModel, dimension: str, rows: Sequence[Row]) -> None:
        """Take the rows of the answer to `opened_statement`."""
        self._model, self._dimension, self._rows = model, dimension, rows
        self._names = {column: f"d{number}" for number, column in enumerate(opened_dimensions(model, dimension))}

    def by(self, dimension: str) -> dict[Key, Figures]:
        """Return the figures per value of the dimension."""
        return {row["d0"]: figures_of(self._model, row) for row in self._of(Grouping((dimension,)))}

    def by_pair(self, by: str, split: str) -> dict[tuple[Key, Key], Figures]:
        """Return the figures per value of the dimension and of another one."""
        name = self._names[split]
        return {(row["d0"], row[name]): figures_of(self._model, row) for row in self._of(Grouping((by, split)))}

    def _of(self, about: Grouping) -> list[Row]:
        level = opened_level(self._model, self._dimension, about)
        return [row for row in self._rows if row["level"] == level]


def figures_of(model: SemanticModel, row: Row) -> Figures:
    """Return the figures of a row of an answer."""
    return {term: row[f"f{number}"] for number, term in enumerate(model.terms)}


def rows_of(figures: Figures) -> int:
    """Return how many rows a group has."""
    counted: int = figures.get(Term("rows"), 0)
    return counted


def _day(row: Row) -> dt.date:
    return dt.date(row["year"], row["month"], row["day"])


def _value_of(name: str) -> Callable[[Row], Key]:
    return lambda row: row[name]
