"""Declared measures flow in; the aggregates that a statement computes, and the figure that is made of them, flow out.

A mean is a sum over a number of values, a share and a ratio are quotients: they are divided here, and never averaged or
added. A distinct count and a median belong to the rows that they are over and to no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from dashboard.model import formats
from dashboard.model.access.table_view import TableView
from dashboard.model.exact_numbers import Number, hundredfold, magnitude, middle, nine_places, quotient
from dashboard.model.vocabulary import capitalised
from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.condition import condition_from
from dataset_model.dashboard.section import BUILT_IN_MEASURES, Card, Chart
from dataset_model.dashboard.section import Measure as Declaration

Function = Literal["rows", "distinct", "values", "sum", "mean", "min", "max", "lower_median", "upper_median"]
Kind = Literal["rows", "distinct", "sum", "mean", "min", "max", "median", "share", "ratio"]

_SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
_ADDED: Final = frozenset({"rows", "sum"})
_COUNTS: Final = frozenset({"rows", "distinct", "values"})


@dataclass(frozen=True)
class Term:
    """One aggregate of a statement.

    A column of None in any function but `rows` means that the dataset has no such column: the figure is null.
    """

    aggregate: Function
    column: str | None = None
    condition: str = ""
    """SQL that holds for the rows counted; empty for all of them."""

    @property
    def nothing(self) -> int | None:
        """Its value over no rows: 0 for counts, None for the others."""
        return 0 if self.aggregate in _COUNTS else None


@dataclass(frozen=True)
class Measure:
    """A figure over rows, and how it reads."""

    kind: Kind
    label: str
    terms: tuple[Term, ...]
    reads: tuple[str, ...] = ()
    """Columns that it reads."""
    column: str | None = None
    of: "Measure | None" = None
    per: "Measure | None" = None
    """Both sides of a ratio."""
    unit: str | None = None
    format: Literal["number", "currency", "percent", "duration"] = "number"
    decimals: int | None = None
    good: Literal["up", "down"] | None = None

    @property
    def adds_up(self) -> bool:
        """Whether figures of parts add up to that of the whole."""
        return self.kind in _ADDED

    @property
    def points(self) -> int | None:
        """The factor from a difference to percentage points; None for a figure that is no percentage."""
        return 100 if self.format == "percent" else 1 if self.unit == "%" else None

    @property
    def axis(self) -> dict[str, str]:
        """How the browser writes the ticks of an axis; nothing for plain numbers."""
        if self.format == "number":
            return {}
        return {"axis": self.format, **({"symbol": self._symbol} if self.format == "currency" else {})}

    @property
    def _symbol(self) -> str:
        return _SYMBOLS.get(self.unit or "", f"{self.unit} " if self.unit else "")

    def masked_column(self, view: TableView) -> str | None:
        """Return a column that it cannot be computed from as the requester sees it, None where it is right for them."""
        if self.of and self.per:
            return self.of.masked_column(view) or self.per.masked_column(view)
        # The column measured stands first; what follows are those of a condition, which means their values.
        is_counted = self.kind == "distinct" and self.column in view.countable
        needed = self.reads[1:] if is_counted else self.reads
        return next((column for column in needed if column in view.masks), None)

    def value(self, figures: Mapping[Term, Any]) -> Number | None:
        """Return the figure of what a statement computed; None where there is none, as of a mean of nothing."""
        if self.of and self.per:
            return quotient(self.of.value(figures), self.per.value(figures))
        first = figures.get(self.terms[0], self.terms[0].nothing)
        if self.kind == "median":
            return middle(first, figures.get(self.terms[1]))
        if self.kind == "share" or (self.kind == "mean" and self.terms[0].aggregate == "sum"):
            return quotient(first, figures.get(self.terms[1]))
        # A sum of whole numbers is computed as a decimal, which has room for it.
        is_whole = isinstance(first, Decimal) and first.as_tuple().exponent == 0
        found: Number | None = int(first) if is_whole else first
        return found

    def counted(self, figures: Mapping[Term, Any]) -> int | None:
        """Return how many rows a mean or a median is over: those with a value. None for other measures."""
        return figures.get(self.terms[-1], 0) if self.kind in {"mean", "median"} else None

    def text(self, value: Number | None) -> str:
        """Return a figure in the width of a card."""
        return self._written(value, formats.short)

    def exact(self, value: Number | None) -> str:
        """Return a figure with every digit; of a quotient nine places."""
        # A share is rounded where it is written, in hundredths.
        shown = value if self.format == "percent" else nine_places(value)
        return self._written(shown, formats.number, is_exact=True)

    def _written(self, value: Number | None, plain: Any, *, is_exact: bool = False) -> str:
        if value is None:
            return formats.NOTHING
        places = None if is_exact else self.decimals
        if self.format == "percent":
            shown = hundredfold(value)
            return f"{plain(nine_places(shown)) if is_exact else f'{shown:,.{1 if places is None else places}f}'}%"
        if self.format == "duration" and not is_exact:
            return formats.duration(float(value))
        if self.format == "currency":
            return self._money(value, plain, 2 if places is None else places, is_exact=is_exact)
        number = plain(value) if places is None else f"{value:,.{places}f}"
        unit = "s" if self.format == "duration" else self.unit
        space = "" if unit == "%" else " "
        return f"{number}{space}{unit}" if unit else str(number)

    def _money(self, value: Number, plain: Any, places: int, *, is_exact: bool) -> str:
        without_sign = magnitude(value)
        amount = plain(without_sign) if is_exact else f"{without_sign:,.{places}f}"
        return f"{'-' if value < 0 else ''}{self._symbol}{amount}"


ROWS: Final = Measure("rows", "Rows", (Term("rows"),))
"""The number of rows."""


def declared_measures(
    declarations: Sequence[Declaration], types: Mapping[str, ColumnType], units: Mapping[str, str | None]
) -> tuple[dict[str, Measure], list[str]]:
    """Return the measures of a file by name, and what cannot be measured with its reason: a column is missing."""
    made: dict[str, Measure] = {}
    faults: list[str] = []
    # A ratio may stand before what it is made of.
    for declaration in sorted(declarations, key=lambda each: each.aggregate == "ratio"):
        try:
            made[declaration.name] = _made(declaration, made, types, units)
        except ValueError as error:
            faults.append(f"measure {declaration.name}: expected {error}")
    return made, faults


def measure_of(
    part: Card | Chart,
    declared: Mapping[str, Measure],
    types: Mapping[str, ColumnType],
    units: Mapping[str, str | None],
) -> Measure:
    """Return what a card or chart measures; ValueError where the table cannot give it."""
    if part.measure in declared:
        return declared[part.measure]
    aggregate = "count" if part.measure == "rows" else part.measure
    label = "Rows" if part.measure == "rows" else capitalised(f"{part.measure} {part.column or ''}".replace("_", " "))
    if part.measure not in BUILT_IN_MEASURES:
        raise ValueError(f"a measure that the table can give; found {part.measure}")
    plain = {"name": part.measure, "aggregate": aggregate, "column": part.column, "label": label.strip()}
    return _made(Declaration.model_validate(plain), {}, types, units)


def _made(
    declaration: Declaration,
    made: Mapping[str, Measure],
    types: Mapping[str, ColumnType],
    units: Mapping[str, str | None],
) -> Measure:
    column, label = declaration.column, declaration.label or capitalised(declaration.name.replace("_", " "))
    if column is not None and column not in types:
        raise ValueError(f"a column of the table; found {column}")
    style: dict[str, Any] = {
        "label": label,
        "unit": declaration.unit,
        "format": declaration.format or "number",
        "decimals": declaration.decimals,
        "good": declaration.good,
    }
    if declaration.aggregate == "ratio":
        of, per = (_side(name, made) for name in (declaration.of, declaration.per))
        if declaration.format == "currency":
            style["unit"] = declaration.unit or of.unit
        return Measure("ratio", terms=(*of.terms, *per.terms), reads=(*of.reads, *per.reads), of=of, per=per, **style)
    condition = condition_from(declaration.where, types) if declaration.where is not None else None
    where = condition.sql if condition else ""
    reads = (*((column,) if column else ()), *(condition.columns if condition else ()))
    if declaration.aggregate == "share":
        style["format"] = declaration.format or "percent"
        return Measure("share", terms=(Term("rows", None, where), Term("rows")), reads=reads, **style)
    if declaration.aggregate in {"sum", "mean", "min", "max", "median"}:
        style["unit"] = declaration.unit or units.get(column or "")
        if column is None or not types[column].is_number:
            raise ValueError(f"a column of numbers; found {column}")
    kind: Kind = "rows" if declaration.aggregate == "count" else declaration.aggregate
    functions = _functions(kind, types[column] if column else None)
    return Measure(
        kind, terms=tuple(Term(each, column, where) for each in functions), reads=reads, column=column, **style
    )


def _functions(kind: Kind, column: ColumnType | None) -> tuple[Function, ...]:
    if kind == "mean":
        # Athena rounds a mean of decimals to their scale.
        return ("mean" if column and column.name == "double" else "sum", "values")
    if kind == "median":
        return ("lower_median", "upper_median", "values")
    if kind in {"share", "ratio"}:
        raise ValueError(f"an aggregate of a column; found {kind}")
    return (kind,)  # type: ignore[return-value]


def _side(name: str | None, made: Mapping[str, Measure]) -> Measure:
    if name == "rows":
        return ROWS
    if name is None or name not in made:
        raise ValueError(f"a measure that the table can give; found {name}")
    return made[name]
