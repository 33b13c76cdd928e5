"""The answers of at most two statements and the manifest flow in, the figures of the Overview flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dashboard.model.filters import DIMENSIONS, Days, Dimension, Filters
from dashboard.model.result import Answer
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import (
    Statement,
    breakdown_statement,
    grouping_level,
    overview_figures,
    overview_statement,
)
from dataset_model.manifest import Manifest

Number = int | float | Decimal


@dataclass(frozen=True)
class DayCount:
    """Rows and unique entities of a day; `unique` is None where the dataset has no entity column."""

    day: dt.date
    rows: int
    unique: int | None
    published: bool = True
    """False where the day was never exported: its 0 is not a figure."""


@dataclass(frozen=True)
class ValueCount:
    """Rows with one value of a dimension; a value of None is the rows where the column is null."""

    value: str | None
    rows: int


@dataclass(frozen=True)
class Totals:
    """Figures of one run of days; None where no column has the role. Distinct counts are exact, nulls not counted."""

    rows: int
    unique_contacts: int | None
    channels: int | None
    agents: int | None


@dataclass(frozen=True)
class CardValue:
    """A stat card: its figure, the same of the previous days, and per day for a sparkline.

    `previous` is None where there is no previous run of days, or where it is not wholly published.
    """

    label: str
    measure: str
    column: str | None
    unit: str | None
    value: Number | None
    previous: Number | None
    series: tuple[Number | None, ...]
    """One figure per day of `Overview.by_day`."""


@dataclass(frozen=True)
class Overview:
    """Everything the Overview shows, for one dataset, one set of filters and one manifest version."""

    totals: Totals
    previous: Totals | None
    previous_days: Days | None
    cards: tuple[CardValue, ...]
    by_day: tuple[DayCount, ...]
    """Every day from the first to the last shown; those without rows, and those not published, as 0."""
    by_channel: tuple[ValueCount, ...]
    """Most rows first. A dimension's own filter is left open in its breakdown; the other filters apply."""
    by_agent: tuple[ValueCount, ...]
    by_method: tuple[ValueCount, ...]
    days: Days | None
    """The days shown: those of the filter, or first to last published; None while nothing is published."""
    first_day: dt.date | None
    last_day: dt.date | None
    """First and last published day of the dataset, whatever the filter."""
    as_of: dt.datetime
    """When the manifest was last written (aware)."""
    manifest_version: int
    statements: tuple[Statement, ...]
    execution_ids: tuple[str, ...]
    bytes_scanned: int
    run_ms: int
    reused: bool
    """Whether Athena gave every answer from an earlier result."""

    @property
    def total_rows(self) -> int:
        """Rows under the filters."""
        return self.totals.rows


Rows = Sequence[Mapping[str, Any]]


def overview_statements(model: SemanticModel, filters: Filters, manifest: Manifest) -> tuple[Statement, ...]:
    """Return the one or two statements of an Overview; the second only where a chart leaves its own filter open."""
    main = overview_statement(model, filters, _previous_days(filters, manifest))
    opened = [dimension for dimension in DIMENSIONS if filters.values(dimension) and model.of(dimension)]
    return (main, breakdown_statement(model, filters, opened)) if opened else (main,)


def overview_from(
    model: SemanticModel,
    filters: Filters,
    manifest: Manifest,
    answers: Sequence[Answer],
) -> Overview:
    """Return the Overview from the answers to `overview_statements`, in that order."""
    rows = answers[0].rows
    days = filters.days or _published_days(manifest)
    whole = _whole(model, rows, 0)
    previous_days = _previous_days(filters, manifest)
    before = _whole(model, rows, 1) if previous_days else None
    per_day = _per_day(model, rows, days)
    counts = {dimension: _counts(model, filters, dimension, rows, answers[1:]) for dimension in DIMENSIONS}
    return Overview(
        totals=_totals(model, whole),
        previous=_totals(model, before) if before is not None else None,
        previous_days=previous_days,
        cards=_cards(model, whole, before, [figures for _, figures in per_day]),
        by_day=tuple(
            DayCount(
                day,
                figures.get("f0") or 0,
                (figures.get("f1") or 0) if model.entity else None,
                published=day in manifest.days,
            )
            for day, figures in per_day
        ),
        by_channel=counts["channel"],
        by_agent=counts["agent"],
        by_method=counts["method"],
        days=days,
        first_day=manifest.first_day,
        last_day=manifest.last_day,
        as_of=manifest.updated_at,
        manifest_version=manifest.version,
        statements=tuple(answer.statement for answer in answers),
        execution_ids=tuple(answer.query_execution_id for answer in answers),
        bytes_scanned=sum(answer.statistics.bytes_scanned for answer in answers),
        run_ms=max(answer.statistics.run_ms for answer in answers),
        reused=all(answer.statistics.reused for answer in answers),
    )


def empty_overview(model: SemanticModel, filters: Filters, manifest: Manifest) -> Overview:
    """Return the Overview of a dataset whose last day was removed: nothing to ask Athena for."""
    distinct = Totals(0, *(0 if part else None for part in (model.entity, model.channel, model.agent)))
    cards = tuple(
        CardValue(card.label, card.measure, card.column, None, 0 if card.measure != "mean" else None, None, ())
        for card in model.cards
    )
    return Overview(
        totals=distinct,
        previous=None,
        previous_days=None,
        cards=cards,
        by_day=tuple(DayCount(day, 0, 0 if model.entity else None, published=False) for day in filters.days or ()),
        by_channel=(),
        by_agent=(),
        by_method=(),
        days=filters.days,
        first_day=None,
        last_day=None,
        as_of=manifest.updated_at,
        manifest_version=manifest.version,
        statements=(),
        execution_ids=(),
        bytes_scanned=0,
        run_ms=0,
        reused=False,
    )


def _published_days(manifest: Manifest) -> Days | None:
    first, last = manifest.first_day, manifest.last_day
    return Days(first, last) if first and last else None


def _previous_days(filters: Filters, manifest: Manifest) -> Days | None:
    # Half a run of days compared with a whole one would show a growth, or a fall, that never was. So days that are
    # still to come are left out before as well: of seven days the first six, against the first six of those before.
    days, first, last = filters.days, manifest.first_day, manifest.last_day
    if not days or not first or not last or days.previous.first < first or days.first > last:
        return None
    to_come = max(days.last - last, dt.timedelta())
    return Days(days.previous.first, days.previous.last - to_come)


def _whole(model: SemanticModel, rows: Rows, period: int) -> Mapping[str, Any]:
    level = grouping_level(model, None)
    found = next((row for row in rows if row["period"] == period and row["level"] == level), None)
    # No row at all means no rows counted: nothing distinct, and no sum or mean to speak of.
    figures = enumerate(overview_figures(model))
    return found or {f"f{n}": 0 if measure in {"rows", "distinct"} else None for n, (measure, _) in figures}


def _per_day(model: SemanticModel, rows: Rows, days: Days | None) -> list[tuple[dt.date, Mapping[str, Any]]]:
    level = grouping_level(model, None, day=True)
    found = {
        dt.date(row["year"], row["month"], row["day"]): row
        for row in rows
        if row["period"] == 0 and row["level"] == level
    }
    return [(day, found.get(day, {})) for day in days or ()]


def _counts(
    model: SemanticModel, filters: Filters, dimension: Dimension, rows: Rows, breakdown: Sequence[Answer]
) -> tuple[ValueCount, ...]:
    if not model.of(dimension):
        return ()
    counted: Counter[str | None] = Counter()
    name = f"{dimension}_value"
    if filters.values(dimension):
        admitted = _admits(model, filters, dimension)
        for row in breakdown[0].rows:
            if admitted(row):
                counted[row[name]] += row["contacts"]
    else:
        level = grouping_level(model, dimension)
        for row in rows:
            if row["period"] == 0 and row["level"] == level:
                counted[row[name]] += row["f0"]
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(ValueCount(value, count) for value, count in ordered)


def _admits(model: SemanticModel, filters: Filters, dimension: Dimension) -> Callable[[Mapping[str, Any]], bool]:
    others = [other for other in DIMENSIONS if other != dimension and filters.values(other) and model.of(other)]
    return lambda row: all(row[f"{other}_value"] in filters.values(other) for other in others)


def _totals(model: SemanticModel, figures: Mapping[str, Any]) -> Totals:
    parts = (model.entity, model.channel, model.agent)
    distinct = [figures[f"f{number}"] if part else None for number, part in enumerate(parts, 1)]
    return Totals(figures["f0"], *distinct)


def _cards(
    model: SemanticModel,
    whole: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    per_day: Sequence[Mapping[str, Any]],
) -> tuple[CardValue, ...]:
    figures = list(overview_figures(model))
    cards = []
    for card in model.cards:
        name = f"f{figures.index((card.measure, card.column))}"
        column = model.column(card.column) if card.column else None
        # A day without rows counts 0; its mean is not 0, there is none.
        nothing = None if card.measure == "mean" else 0
        cards.append(
            CardValue(
                label=card.label,
                measure=card.measure,
                column=card.column,
                unit=column.unit if column and card.measure in {"sum", "mean"} else None,
                value=whole[name],
                previous=before[name] if before is not None else None,
                series=tuple(day.get(name, nothing) for day in per_day),
            )
        )
    return tuple(cards)
