"""The model of a dataset file's `dashboard` section: words, measures, cards, charts, and what is sent by itself."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from dataset_model.columns.names import Name
from dataset_model.dashboard.notices import Alert, Report

Text = Annotated[str, Field(min_length=1)]
Aggregate = Literal["count", "distinct", "sum", "mean", "min", "max", "median", "share", "ratio"]
ChartKind = Literal["bar", "line", "stacked", "doughnut", "pie", "table", "heatmap"]
SLICES: Final = frozenset({"doughnut", "pie"})
"""Chart kinds with a slice per value."""

BUILT_IN_MEASURES = ("rows", "distinct", "sum", "mean", "min", "max", "median")
"""Measures that a card or a chart names without declaring them; all but `rows` take a column."""
CALENDAR = ("day", "week", "month", "weekday", "hour")
"""Parts of the day and time of a row that a chart may be drawn by, where no column has the name."""


class _Part(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")


class Noun(_Part):
    """A noun in the singular and the plural."""

    one: Text
    """One of them, as in a sentence: `order`."""
    many: Text
    """Several of them: `orders`."""


class Measure(_Part):
    """A figure over rows, with how it reads."""

    name: Name
    """What cards and charts call it."""
    aggregate: Aggregate
    """count, distinct, sum, mean, min, max, median; share: of all rows, those that `where` holds for; ratio: of one
    measure to another."""
    column: Name | None = None
    """The column measured; none for count, share and ratio."""
    where: str | None = None
    """A condition on columns as in SQL, `delay > 60 AND state IN ('A', 'B')`: only rows that it holds for count."""
    of: Name | None = None
    """The measure above the line of a ratio."""
    per: Name | None = None
    """The measure below the line of a ratio."""
    label: str = ""
    """What people read; inferred from the name where it is empty."""
    unit: str | None = None
    """Unit of measure; that of the column where it is left out. For a currency its code: EUR."""
    format: Literal["number", "currency", "percent", "duration"] | None = None
    """How it is written; duration is a number of seconds. percent is the default of a share."""
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None
    """Places after the point."""
    good: Literal["up", "down"] | None = None
    """Which change is good news; none colours no change."""


class Card(_Part):
    """A stat card."""

    label: str = ""
    """What people read; the measure's label where it is empty."""
    measure: Name = "rows"
    """A declared measure; or rows, distinct, sum, mean, min, max or median."""
    column: Name | None = None
    """The column measured; none for `rows` and for a declared measure."""


class Chart(_Part):
    """A chart of a measure."""

    title: str = ""
    """What people read; inferred where it is empty."""
    kind: ChartKind
    """bar, line, stacked, doughnut, pie, table or heatmap."""
    by: Name
    """A column; or day, week, month, weekday or hour."""
    measure: Name = "rows"
    """A declared measure; or rows, distinct, sum, mean, min, max or median."""
    column: Name | None = None
    """The column measured; none for `rows` and for a declared measure."""
    split: Name | None = None
    """A second column, or part of the calendar, that stacked bars, lines and heat maps are split by."""


class Dashboard(_Part):
    """What the dashboard shows; omitted fields are inferred from the columns."""

    entity: Name | None = None
    """Column that identifies one contact (order, visit ...); counted once in "unique"."""
    agent: Name | None = None
    """Column that names who did the work."""
    channel: Name | None = None
    """Column that names the way in."""
    initiation_method: Name | None = None
    """Column that says how it began."""
    rows: Noun | None = None
    """What a row is: {one: reading, many: readings}."""
    entities: Noun | None = None
    """What the entity column identifies: {one: sensor, many: sensors}."""
    week_starts: Literal["monday", "sunday", "saturday"] = "monday"
    """The first day of a week."""
    dimensions: tuple[Name, ...] = ()
    """Columns that pages filter and group by; default: those of channel, agent and initiation_method, and those with
    the role dimension."""
    measures: tuple[Measure, ...] = ()
    cards: tuple[Card, ...] = ()
    charts: tuple[Chart, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """Messages that are sent when a measure passes a bound, or when no rows came."""
    reports: tuple[Report, ...] = ()
    """What people get by mail each day, each week or after each export."""
