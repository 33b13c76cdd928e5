"""The answers of at most two statements and the manifest flow in, the figures of the Overview flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dashboard.model.filters import Days, Filters
from dashboard.model.period import Period, period_from
from dashboard.model.result import Answer
from dashboard.model.semantic_model import Measure, SemanticModel
from dashboard.model.statements import Statement, breakdown_statement, grouping_level, overview_statement
from dashboard.quality.day_differences import DayDifference, differences_from
from dataset_model.definition import Card
from dataset_model.records.manifest import Manifest

Number = int | float | Decimal


@dataclass(frozen=True)
class DayCount:
    """Rows and unique entities of a day; `unique` is None where the dataset has no entity column."""

    day: dt.date
    rows: int
    unique: int | None
    published: bool = True
    """False where the day was never exported: its 0 is not a figure."""
    is_open: bool = False
    """Whether the day was exported before its end, so that rows are still to come."""


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
    """A stat card: its figure, its change, and its figure per day for a sparkline."""

    label: str
    measure: str
    column: str | None
    unit: str | None
    value: Number | None
    """Over every day shown, the open ones included."""
    compared: Number | None
    """Over the compared days alone; None where no days are compared."""
    previous: Number | None
    """Over the days before; None where no days are compared."""
    series: tuple[Number | None, ...]
    """One figure per day of `Overview.by_day`."""
    counted: int | None = None
    """Rows that a mean is over: those with a value."""


@dataclass(frozen=True)
class Overview:
    """Everything the Overview shows, for one dataset, one set of filters and one manifest version."""

    totals: Totals
    previous: Totals | None
    period: Period
    cards: tuple[CardValue, ...]
    by_day: tuple[DayCount, ...]
    """Every day from the first to the last shown; those without rows, and those not published, as 0."""
    counts: Mapping[str, tuple[ValueCount, ...]]
    """Per dimension, most rows first. Its own filter is left open in its breakdown; the other filters apply."""
    differences: tuple[DayDifference, ...]
    """Days shown on which Athena and the manifest differ; empty under filters, where they cannot be compared."""
    days: Days | None
    """The days shown: those of the filter, or first to last published; None while nothing is published."""
    first_day: dt.date | None
    last_day: dt.date | None
    """First and last published day of the dataset, whatever the filter."""
    as_of: dt.datetime
    """When the manifest was last written (aware)."""
    manifest_version: int
    statements: tuple[Statement, ...]
    bytes_scanned: int
    run_ms: int
    reused: bool
    """Whether Athena gave every answer from an earlier result."""

    @property
    def total_rows(self) -> int:
        """Rows under the filters."""
        return self.totals.rows

    @property
    def previous_days(self) -> Days | None:
        """From the first to the last day that the figures are compared with."""
        return self.period.before

    def by(self, dimension: str | None) -> tuple[ValueCount, ...]:
        """Return the breakdown by a dimension; empty where the dataset has no such dimension."""
        return self.counts.get(dimension or "", ())


Figures = Mapping[str, Any]
"""One row of the statement's answer: `f0`, `f1` ... by the measures' places."""


def overview_statements(model: SemanticModel, filters: Filters, manifest: Manifest) -> tuple[Statement, ...]:
    """Return the one or two statements of an Overview; the second only where a chart leaves its own filter open."""
    main = overview_statement(model, filters, period_from(filters.days, manifest))
    opened = _opened(model, filters)
    return (main, breakdown_statement(model, filters, opened)) if opened else (main,)


def overview_from(
    model: SemanticModel,
    filters: Filters,
    manifest: Manifest,
    answers: Sequence[Answer],
) -> Overview:
    """Return the Overview from the answers to `overview_statements`, in that order."""
    period = period_from(filters.days, manifest)
    groups = _Groups(model, period, answers[0].rows)
    days = filters.days or _published_days(manifest)
    before = groups.total(1) if period.before else None
    per_day = groups.per_day()
    counted = {day: figures["f0"] for day, figures in per_day.items()}
    by_day = tuple(_day_count(model, manifest, day, per_day.get(day, {})) for day in days or ())
    return Overview(
        totals=_totals(model, groups.total(0)),
        previous=_totals(model, before) if before is not None else None,
        period=period,
        cards=tuple(
            _card(model, card, groups, before, [per_day.get(count.day, {}) for count in by_day]) for card in model.cards
        ),
        by_day=by_day,
        counts={
            dimension: _counts(model, filters, dimension, groups, answers[1:]) for dimension in _drawn(model, filters)
        },
        differences=() if _opened(model, filters) else differences_from(counted, manifest, filters.days),
        days=days,
        first_day=manifest.first_day,
        last_day=manifest.last_day,
        as_of=manifest.updated_at,
        manifest_version=manifest.version,
        statements=tuple(answer.statement for answer in answers),
        bytes_scanned=sum(answer.statistics.bytes_scanned for answer in answers),
        run_ms=max(answer.statistics.run_ms for answer in answers),
        reused=all(answer.statistics.reused for answer in answers),
    )


def empty_overview(model: SemanticModel, filters: Filters, manifest: Manifest) -> Overview:
    """Return the Overview of a dataset without days: there is nothing to ask Athena for."""
    period = Period(filters.days)
    groups = _Groups(model, period, ())
    by_day = tuple(_day_count(model, manifest, day, {}) for day in filters.days or ())
    return Overview(
        totals=_totals(model, groups.total(0)),
        previous=None,
        period=period,
        cards=tuple(_card(model, card, groups, None, [{} for _ in by_day]) for card in model.cards),
        by_day=by_day,
        counts={},
        differences=(),
        days=filters.days,
        first_day=None,
        last_day=None,
        as_of=manifest.updated_at,
        manifest_version=manifest.version,
        statements=(),
        bytes_scanned=0,
        run_ms=0,
        reused=False,
    )


class _Groups:
    """The rows of the statement's answer by what they are about."""

    def __init__(self, model: SemanticModel, period: Period, rows: Sequence[Figures]) -> None:
        self._model, self._rows = model, rows
        self._compared = False if period.is_partly_compared else None

    def total(self, period: int) -> Figures:
        """Return the figures of all days of a period."""
        found = self._of(period, grouping_level(self._model, None, compared=self._compared))
        return found[0] if found else self._nothing

    @property
    def compared(self) -> Figures:
        """The figures of the days asked for that are compared."""
        if self._compared is None:
            return self.total(0)
        found = self._of(0, grouping_level(self._model, None, compared=True))
        return next((row for row in found if row["compared"] == 1), self._nothing)

    def per_day(self) -> dict[dt.date, Figures]:
        """Return the figures of each day asked for that has rows."""
        found = self._of(0, grouping_level(self._model, None, day=True, compared=self._compared))
        return {dt.date(row["year"], row["month"], row["day"]): row for row in found}

    def counts(self, dimension: str) -> Counter[str | None]:
        """Return the rows per value of a dimension."""
        name = f"d{self._model.counted_dimensions.index(dimension)}"
        found = self._of(0, grouping_level(self._model, dimension, compared=self._compared))
        return Counter({row[name]: row["f0"] for row in found})

    def _of(self, period: int, level: int) -> list[Figures]:
        return [row for row in self._rows if row["period"] == period and row["level"] == level]

    @property
    def _nothing(self) -> Figures:
        # No row means that no rows were counted: nothing distinct, and no sum or mean.
        counts = {"rows", "distinct", "values"}
        return {f"f{n}": 0 if each.aggregate in counts else None for n, each in enumerate(self._model.measures)}


def _published_days(manifest: Manifest) -> Days | None:
    first, last = manifest.first_day, manifest.last_day
    return Days(first, last) if first and last else None


def _opened(model: SemanticModel, filters: Filters) -> list[str]:
    """Return the filtered dimensions: the chart of each leaves its own filter open."""
    return [dimension for dimension in model.dimensions if filters.values(dimension)]


def _drawn(model: SemanticModel, filters: Filters) -> list[str]:
    return list(dict.fromkeys([*model.counted_dimensions, *_opened(model, filters)]))


def _day_count(model: SemanticModel, manifest: Manifest, day: dt.date, figures: Figures) -> DayCount:
    record = manifest.days.get(day)
    return DayCount(
        day,
        figures.get("f0") or 0,
        (figures.get("f1") or 0) if model.entity else None,
        published=record is not None,
        is_open=record is not None and record.state == "open",
    )


def _counts(
    model: SemanticModel, filters: Filters, dimension: str, groups: _Groups, breakdown: Sequence[Answer]
) -> tuple[ValueCount, ...]:
    if filters.values(dimension):
        opened = _opened(model, filters)
        admitted, name = _admits(filters, dimension, opened), f"d{opened.index(dimension)}"
        counted: Counter[str | None] = Counter()
        for row in breakdown[0].rows:
            if admitted(row):
                counted[row[name]] += row["contacts"]
    else:
        counted = groups.counts(dimension)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(ValueCount(value, count) for value, count in ordered)


def _admits(filters: Filters, dimension: str, opened: Sequence[str]) -> Callable[[Figures], bool]:
    others = [(f"d{number}", filters.values(other)) for number, other in enumerate(opened) if other != dimension]
    return lambda row: all(row[name] in values for name, values in others)


def _totals(model: SemanticModel, figures: Figures) -> Totals:
    roles = (model.entity, model.channel, model.agent)
    distinct = [figures[f"f{number}"] if role else None for number, role in enumerate(roles, 1)]
    return Totals(figures["f0"], *distinct)


def _card(
    model: SemanticModel, card: Card, groups: _Groups, before: Figures | None, per_day: Sequence[Figures]
) -> CardValue:
    name = _figure(model, Measure(card.measure, card.column))
    column = model.column(card.column) if card.column else None
    # A day without rows counts 0; its mean is not 0, there is none.
    nothing = None if card.measure == "mean" else 0
    return CardValue(
        label=card.label,
        measure=card.measure,
        column=card.column,
        unit=column.unit if column and card.measure in {"sum", "mean"} else None,
        value=groups.total(0)[name],
        compared=groups.compared[name] if before is not None else None,
        previous=before[name] if before is not None else None,
        series=tuple(day.get(name, nothing) for day in per_day),
        counted=groups.total(0)[_figure(model, Measure("values", card.column))] if card.measure == "mean" else None,
    )


def _figure(model: SemanticModel, measure: Measure) -> str:
    return f"f{model.measures.index(measure)}"
