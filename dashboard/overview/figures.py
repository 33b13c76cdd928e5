"""The answers of at most two statements and the manifest flow in, the figures of the Overview flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.model.exact_numbers import Number
from dashboard.model.measures import ROWS, Measure, Term
from dashboard.model.result import Answer
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.selection.period import Period, period_from
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement
from dashboard.overview.groups import Figures, Groups, rows_of
from dashboard.overview.measured import Measured, is_measured, measured_charts, opened_alone, opened_dimensions
from dashboard.overview.statements import breakdown_statement, opened_statement, overview_statement
from dashboard.quality.day_differences import DayDifference, differences_from
from dataset_model.dashboard.section import Card, Chart
from dataset_model.records.manifest import Manifest


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

    @property
    def amount(self) -> int:
        """What a chart draws of it."""
        return self.rows


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
    """Rows that a mean or a median is over: those with a value."""
    written: Measure = ROWS
    """How its figures read."""


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
    measured: Mapping[int, Measured]
    """By the place of a chart that does more than count rows; the chart's own filter is left open."""
    differences: tuple[DayDifference, ...]
    """Days shown on which Athena and the manifest differ; empty under filters and under a row rule."""
    days: Days | None
    """The days shown: those of the filter, or first to last published; None while nothing is published."""
    first_day: dt.date | None
    last_day: dt.date | None
    """First and last published day of the dataset, whatever the filter."""
    as_of: dt.datetime
    """When the manifest was last written (aware)."""
    manifest_version: int
    statements: tuple[Statement, ...]
    """The first counts all but what the others do: rows by filtered dimensions, then each opened dimension's own."""
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


def overview_statements(model: SemanticModel, filters: Filters, manifest: Manifest) -> tuple[Statement, ...]:
    """Return the statements of an Overview: one, and more where a chart leaves its own filter open.

    One more counts rows for all such charts; each dimension with charts of other figures has another.
    """
    main = overview_statement(model, filters, period_from(filters.days, manifest, filters.comparison))
    opened = opened_dimensions(model, filters)
    if not opened:
        return (main,)
    alone = (opened_statement(model, filters, dimension) for dimension in opened_alone(model, filters))
    return (main, breakdown_statement(model, filters, opened), *alone)


def statement_of(model: SemanticModel, filters: Filters, chart: Chart, overview: Overview) -> Statement:
    """Return the statement that counted a chart."""
    if not filters.values(chart.by):
        return overview.statements[0]
    if not is_measured(chart):
        return overview.statements[1]
    return overview.statements[2 + opened_alone(model, filters).index(chart.by)]


def overview_from(
    model: SemanticModel,
    filters: Filters,
    manifest: Manifest,
    answers: Sequence[Answer],
) -> Overview:
    """Return the Overview from the answers to `overview_statements`, in that order."""
    period = period_from(filters.days, manifest, filters.comparison)
    groups = Groups(model, period, answers[0].rows)
    days = filters.days or _published_days(manifest)
    before = groups.total(1) if period.before else None
    per_day = groups.per_day()
    counted = {day: rows_of(figures) for day, figures in per_day.items()}
    by_day = tuple(_day_count(model, manifest, day, per_day.get(day, {})) for day in days or ())
    # The manifest counts every row.
    is_whole = not opened_dimensions(model, filters) and not filters.ranges and not model.view.is_part
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
        measured=measured_charts(model, filters, groups, answers[2:]),
        differences=differences_from(counted, manifest, filters.days) if is_whole else (),
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
    groups = Groups(model, period, ())
    by_day = tuple(_day_count(model, manifest, day, {}) for day in filters.days or ())
    return Overview(
        totals=_totals(model, groups.total(0)),
        previous=None,
        period=period,
        cards=tuple(_card(model, card, groups, None, [{} for _ in by_day]) for card in model.cards),
        by_day=by_day,
        counts={},
        measured={},
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


def _published_days(manifest: Manifest) -> Days | None:
    first, last = manifest.first_day, manifest.last_day
    return Days(first, last) if first and last else None


def _drawn(model: SemanticModel, filters: Filters) -> list[str]:
    return list(dict.fromkeys([*model.counted_dimensions, *opened_dimensions(model, filters)]))


def _day_count(model: SemanticModel, manifest: Manifest, day: dt.date, figures: Figures) -> DayCount:
    record = manifest.days.get(day)
    return DayCount(
        day,
        rows_of(figures),
        figures.get(Term("distinct", model.entity), 0) if model.entity else None,
        published=record is not None,
        is_open=record is not None and record.state == "open",
    )


def _counts(
    model: SemanticModel, filters: Filters, dimension: str, groups: Groups, breakdown: Sequence[Answer]
) -> tuple[ValueCount, ...]:
    counted: Counter[str | None] = Counter()
    if filters.values(dimension):
        opened = opened_dimensions(model, filters)
        admitted, name = _admits(filters, dimension, opened), f"d{opened.index(dimension)}"
        for row in breakdown[0].rows:
            if admitted(row):
                counted[row[name]] += row["counted"]
    else:
        counted.update({value: rows_of(figures) for value, figures in groups.by(dimension).items()})
    return counts_in_order(counted)


def counts_in_order(counted: Mapping[str | None, int]) -> tuple[ValueCount, ...]:
    """Return the values with their rows, most rows first; equals in alphabetical order, null last of them."""
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(ValueCount(value, count) for value, count in ordered)


def _admits(filters: Filters, dimension: str, opened: Sequence[str]) -> Callable[[Mapping[str, Any]], bool]:
    others = [(f"d{number}", filters.values(other)) for number, other in enumerate(opened) if other != dimension]
    return lambda row: all(row[name] in values for name, values in others)


def _totals(model: SemanticModel, figures: Figures) -> Totals:
    roles = (model.entity, model.channel, model.agent)
    distinct = [figures.get(Term("distinct", role), 0) if role else None for role in roles]
    return Totals(rows_of(figures), *distinct)


def _card(
    model: SemanticModel, card: Card, groups: Groups, before: Figures | None, per_day: Sequence[Figures]
) -> CardValue:
    measure = model.measure(card)
    # A day without rows counts 0; its mean is not 0, there is none.
    nothing = 0 if measure.kind in {"rows", "distinct", "sum"} else None
    return CardValue(
        label=card.label,
        measure=card.measure,
        column=card.column,
        unit=measure.unit,
        value=measure.value(groups.total(0)),
        compared=measure.value(groups.compared) if before is not None else None,
        previous=measure.value(before) if before is not None else None,
        series=tuple(measure.value(day) if day else nothing for day in per_day),
        counted=measure.counted(groups.total(0)),
        written=measure,
    )
