"""Terms and measures flow in, the SQL that computes them exactly flows out.

The SQL is over a derived table that gives the columns measured short names, and each condition once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.model.access.table_view import quoted
from dashboard.model.measures import Measure, Term
from dashboard.model.semantic_model import SemanticModel
from dataset_model.columns.types import BIGINT, ColumnType

_LONGEST_EXACT: Final = 36
"""Digits of a decimal from which on the middle of two has no room in Athena's 38."""


@dataclass(frozen=True)
class Aggregates:
    """Columns and conditions of some terms with their names in the derived table."""

    columns: Mapping[str, str]
    conditions: Mapping[str, str]
    types: Mapping[str, ColumnType]

    @property
    def read(self) -> list[str]:
        """What the derived table selects for them."""
        columns = [f"{quoted(column)} AS {name}" for column, name in self.columns.items()]
        return columns + [f"({sql}) AS {name}" for sql, name in self.conditions.items()]

    def sql(self, term: Term) -> str:
        """Return the expression of a term."""
        if term.column is None and term.aggregate != "rows":
            return "CAST(NULL AS bigint)"
        name, only = self.columns.get(term.column or "", ""), self.conditions.get(term.condition, "")
        among = f" FILTER (WHERE {only})" if only else ""
        if term.aggregate in {"lower_median", "upper_median"}:
            # Athena's own median is an estimate. The values in order are in memory once, whatever is taken of them.
            kept = f"{name} IS NOT NULL AND {only}" if only else f"{name} IS NOT NULL"
            counted = f"count({name}){among}"
            place = f"({counted} + 1) / 2" if term.aggregate == "lower_median" else f"{counted} / 2 + 1"
            return f"element_at(array_sort(array_agg({name}) FILTER (WHERE {kept})), {place})"
        forms = {
            "rows": "count(*)",
            "distinct": "count(DISTINCT {})",
            "values": "count({})",
            # A sum of bigint is one, and fails where it has no room.
            "sum": "sum(CAST({} AS decimal(38, 0)))" if self.types.get(term.column or "") == BIGINT else "sum({})",
            "mean": "avg({})",
            "min": "min({})",
            "max": "max({})",
        }
        return forms[term.aggregate].format(name) + among

    def figure(self, measure: Measure) -> str:
        """Return the expression of a measure: what `Measure.value` makes of its terms, in SQL.

        A quotient is a double: Athena rounds one of decimals to their scale.
        """
        if measure.of and measure.per:
            return _quotient(self.figure(measure.of), self.figure(measure.per))
        first = self.sql(measure.terms[0])
        if measure.kind == "median":
            return self._middle(first, self.sql(measure.terms[1]), measure.column or "")
        if measure.kind == "share" or (measure.kind == "mean" and measure.terms[0].aggregate == "sum"):
            return _quotient(first, self.sql(measure.terms[1]))
        return first

    def _middle(self, low: str, high: str, column: str) -> str:
        type_ = self.types[column]
        digits, places = (19, 0) if type_ == BIGINT else (type_.precision or 38, type_.scale or 0)
        if type_.name == "double" or digits > _LONGEST_EXACT:
            return f"(CAST({low} AS double) + CAST({high} AS double)) / 2"
        room = f"decimal({digits + 1}, {places})"
        return f"(CAST({low} AS {room}) + CAST({high} AS {room})) * DECIMAL '0.5'"


def aggregates_of(model: SemanticModel, terms: Iterable[Term]) -> Aggregates:
    """Return the aggregates of some terms over a model's table."""
    every = tuple(terms)
    columns = dict.fromkeys(term.column for term in every if term.column)
    conditions = dict.fromkeys(term.condition for term in every if term.condition)
    known = {column.name: column.type for column in model.columns}
    return Aggregates(
        {column: f"m{place}" for place, column in enumerate(columns)},
        {sql: f"c{place}" for place, sql in enumerate(conditions)},
        {column: known[column] for column in columns if column in known},
    )


def _quotient(above: str, below: str) -> str:
    return f"CAST({above} AS double) / NULLIF(CAST({below} AS double), 0)"
