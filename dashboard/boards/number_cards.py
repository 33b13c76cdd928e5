"""The measure of a number card flows in, its statement and its figure flow out: with its change, as on the Overview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import pyarrow as pa

from dashboard.model.grouping.question import GroupBy
from dashboard.model.grouping.statement import columns_of
from dashboard.model.result import QueryResult
from dashboard.model.selection.filters import EARLIEST, LATEST, Days, Filters
from dashboard.model.selection.period import period_from
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement
from dashboard.overview.document.board import card_document
from dashboard.overview.drill_down import exact_numbers
from dashboard.overview.figures import overview_from
from dashboard.overview.statements import model_of_card, overview_statement
from dataset_model.dashboard.section import Card
from dataset_model.records.manifest import Manifest

_MOST_DAYS: Final = 3_660
"""Of a period that is taken as it was asked for; of a longer one, the days from the first to the last published."""


@dataclass(frozen=True)
class Change:
    """A figure against the days before, in words."""

    text: str
    """`4.2%`, `No change`, or why nothing is compared."""
    trend: Literal["up", "down", ""]
    news: Literal["good", "bad", ""]
    """Whether the direction is a good one, where the measure says so."""
    before: str
    """`from 1,204`; "" where nothing is compared."""

    @property
    def line(self) -> str:
        """The change in one line of plain text."""
        sign = {"up": "+", "down": "-"}.get(self.trend, "")
        return " ".join(part for part in (f"{sign}{self.text}", self.before) if part)


@dataclass(frozen=True)
class Figure:
    """A single number: as it is read, with every digit, and over what it is."""

    text: str
    exact: str
    note: str = ""
    change: Change | None = None
    """None where it is of SQL, which names its own days."""
    sparkline: Mapping[str, Any] | None = None
    """Its values per day, as a chart of `dashboard.charts`."""
    file: pa.Table | None = field(default=None, compare=False)
    """The figure with every digit, as a row."""

    @property
    def below(self) -> str:
        """What stands below the figure in a mail and on paper."""
        return " · ".join(part for part in (self.change.line if self.change else "", self.note) if part)


def figure_statement(model: SemanticModel, group: GroupBy, days: Days | None, manifest: Manifest) -> Statement:
    """Return the statement of the figure, of that of the days before, and of those per day."""
    filters = _filters(group, days, manifest)
    return overview_statement(_one(model, group), filters, period_from(filters.days, manifest))


def figure_from(
    model: SemanticModel, group: GroupBy, days: Days | None, manifest: Manifest, found: QueryResult
) -> Figure:
    """Return the figure of a result; model, days and manifest are those of its statement."""
    # What narrows the rows has done so in the statement; no chart leaves a filter open.
    alone = replace(_one(model, group), dimensions=())
    overview = overview_from(alone, _filters(group, days, manifest), manifest, [found.answer])
    (card,) = overview.cards
    shown, names = card_document(card, overview, model.words.rows), columns_of(group, model)
    file = {names.value: exact_numbers([card.value])}
    file |= {names.counted: pa.array([card.counted], pa.int64())} if names.counted else {}
    file |= {names.rows: pa.array([overview.total_rows], pa.int64())} if names.rows else {}
    return Figure(
        shown["text"],
        shown["exact"],
        shown["note"],
        Change(shown["delta"], shown["trend"], shown["news"], shown["from"]),
        _sparkline(shown["series"]),
        pa.table(file),
    )


def _sparkline(series: Sequence[float | None]) -> Mapping[str, Any]:
    """Return the values per day as the chart `sparkline`; a single day makes a flat line."""
    values = [series[0], series[0]] if len(series) == 1 else list(series)
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = 0 if high > low else 1
    params = {"last": max(1, len(values) - 1), "low": low - room, "high": high + room}
    return {"drawing": "sparkline", "params": params, "marks": [{"count": value} for value in values]}


def _one(model: SemanticModel, group: GroupBy) -> SemanticModel:
    return model_of_card(model, Card(measure=group.measure, column=group.column))


def _filters(group: GroupBy, days: Days | None, manifest: Manifest) -> Filters:
    return replace(group.filters, days=_ended(days, manifest))


def _ended(days: Days | None, manifest: Manifest) -> Days | None:
    """Return days with the ends of what is published in the place of open ones."""
    first, last = manifest.first_day, manifest.last_day
    if days is None or first is None or last is None:
        return None if days is None or len(days) > _MOST_DAYS else days
    is_long = len(days) > _MOST_DAYS
    begin = max(days.first, first) if is_long or days.first == EARLIEST else days.first
    end = min(days.last, last) if is_long or days.last == LATEST else days.last
    # Nothing is published on any of them.
    return Days(begin, end) if begin <= end else Days(days.first, days.first)
