"""What the Overview shows, put together from the rows of at most two statements and the manifest. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from dashboard.filters import Days
from dashboard.queries import Statement

Number = int | float | Decimal


@dataclass(frozen=True)
class DayCount:
    """Rows and unique entities of a day; `unique` is None where the dataset has no entity column."""

    day: dt.date
    rows: int
    unique: int | None


@dataclass(frozen=True)
class ValueCount:
    """Rows with one value of a dimension; a value of None is the rows where the column is null."""

    value: str | None
    rows: int


@dataclass(frozen=True)
class Totals:
    """Figures of one run of days; None where no column plays the part. Distinct counts are exact, nulls not counted."""

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
    """Every day from the first to the last shown, those without rows included as 0."""
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
    verified: bool
    """Whether every day shown is the object that the manifest recorded."""
    unverified_days: tuple[dt.date, ...]
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
