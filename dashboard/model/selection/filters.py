"""What part of a dataset is looked at: days, and the values picked by clicking a chart.

A day is a day in the dataset's time zone. `Days` includes both its ends, as people read "1 to 31 January".
"""

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from zoneinfo import ZoneInfo

from dataset_model.dashboard.periods import Preset
from dataset_model.targets.partitions import days_between

PRESET_LABELS: Mapping[Preset, str] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_7_days": "Last 7 days",
    "last_30_days": "Last 30 days",
    "last_90_days": "Last 90 days",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "month_to_date": "Month to date",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "quarter_to_date": "Quarter to date",
    "this_year": "This year",
    "last_year": "Last year",
    "year_to_date": "Year to date",
}

Comparison = Literal["before", "last_year"]
"""What figures are compared with: as many days that end the day before, or the same days of last year."""

RESERVED: Final = frozenset({"from", "to", "days", "dataset", "theme", "compare"})
"""Names that links and the board use for themselves; see `dimension_key`."""

RANGE_ENDS: Final = ("from", "to", "empty")
"""What stands after a column and a dot in a link, which no name of a column holds."""

Values = tuple[str | None, ...]
"""Values of a dimension; None stands for rows where the column is null."""

EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9998, 12, 31)
"""Bounds of any day that is accepted; published days are well inside them."""


@dataclass(frozen=True, order=True)
class Days:
    """A run of days, both ends included; `first <= last` or ValueError."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")

    def __iter__(self) -> Iterator[dt.date]:
        return days_between(self.first, self.last)

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and self.first <= day <= self.last

    @property
    def previous(self) -> "Days":
        """The run of equal length that ends the day before this one begins."""
        length = dt.timedelta(days=len(self))
        return Days(self.first - length, self.last - length)


def today_in(zone: ZoneInfo, now: dt.datetime | None = None) -> dt.date:
    """Return the day that it is in a zone; `now` is an aware instant, by default this one."""
    return (now or dt.datetime.now(dt.UTC)).astimezone(zone).date()


def days_of_preset(preset: Preset, today: dt.date, first_weekday: int = 1) -> Days:
    """Return the days that a preset means; `last_7_days` and its like end today and include it.

    `first_weekday` is the ISO number of the day that a week begins with, 1 for Monday.
    """
    one = dt.timedelta(days=1)
    match preset.split("_"):
        case ["today"]:
            return Days(today, today)
        case ["yesterday"]:
            return Days(today - one, today - one)
        case ["last", count, "days"]:
            return Days(today - (int(count) - 1) * one, today)
        case ["this", unit]:
            return _span(unit, today, first_weekday)
        case ["last", unit]:
            return _span(unit, _span(unit, today, first_weekday).first - one, first_weekday)
        case [unit, "to", "date"]:
            return Days(_span(unit, today, first_weekday).first, today)
    raise ValueError(f"expected one of {', '.join(PRESET_LABELS)}; found {preset}")


def _span(unit: str, day: dt.date, first_weekday: int) -> Days:
    """Return the week, month, quarter or year that holds a day."""
    if unit == "week":
        start = day - dt.timedelta(days=(day.isoweekday() - first_weekday) % 7)
        return Days(start, start + dt.timedelta(days=6))
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first_month = (day.month - 1) // months * months + 1
    last_month = first_month + months - 1
    end = day.replace(month=last_month, day=calendar.monthrange(day.year, last_month)[1])
    return Days(day.replace(month=first_month, day=1), end)


@dataclass(frozen=True)
class Range:
    """What a column of numbers or times is narrowed to: bounds, both included, or whether it has a value at all.

    Bounds are numbers, or days as YYYY-MM-DD in the dataset's time zone; "" is none. `empty`: True for rows without a
    value alone, False for rows with one, None for either. A row without a value is within no bounds.
    """

    low: str = ""
    high: str = ""
    empty: bool | None = None


@dataclass(frozen=True)
class Filters:
    """The days, the values and the ranges that figures are narrowed to; empty means everything.

    A dimension is named by its column. Dimensions and values are sorted (None first) so that the same choice is the
    same filter, the same SQL text and the same cache key.
    """

    days: Days | None = None
    picks: tuple[tuple[str, Values], ...] = ()
    ranges: tuple[tuple[str, Range], ...] = ()
    """By column, each once."""
    comparison: Comparison = "before"

    def __post_init__(self) -> None:
        picks = {dimension: _in_order(values) for dimension, values in sorted(self.picks) if values}
        object.__setattr__(self, "picks", tuple(picks.items()))
        object.__setattr__(self, "ranges", tuple(sorted(self.ranges, key=lambda each: each[0])))

    def values(self, dimension: str) -> Values:
        """Return the values picked of a dimension; empty means all of them."""
        return dict(self.picks).get(dimension, ())

    def with_values(self, dimension: str, values: Sequence[str | None]) -> "Filters":
        """Return the filter with a dimension's values replaced; none of them clears it."""
        return replace(self, picks=tuple({**dict(self.picks), dimension: tuple(values)}.items()))

    def with_range(self, column: str, range_: Range | None) -> "Filters":
        """Return the filter with a column's range replaced; None clears it."""
        others = tuple(each for each in self.ranges if each[0] != column)
        return replace(self, ranges=(*others, *([(column, range_)] if range_ else ())))

    def with_days(self, days: Days | None) -> "Filters":
        """Return the filter for other days; None means all days."""
        return replace(self, days=days)

    @property
    def unfiltered(self) -> "Filters":
        """The same comparison of everything."""
        return Filters(comparison=self.comparison)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the days is filtered."""
        return bool(self.picks or self.ranges)


def default_window(last: dt.date | None, today: dt.date) -> Days:
    """Return the last 30 days, or the 30 up to the last published one where those would show nothing."""
    recent = days_of_preset("last_30_days", today)
    return recent if last is None or last in recent else Days(last - dt.timedelta(days=len(recent) - 1), last)


def dimension_key(column: str) -> str:
    """Return the name of a dimension in links and messages: its column, with `~` before a reserved name."""
    return f"~{column}" if column in RESERVED else column


def column_from_key(key: str) -> str:
    """Return the column that `dimension_key` named; no column begins with `~`."""
    return key.removeprefix("~")


def key_from_value(value: str | None) -> str:
    """Name a value in a link or a selection: `~` for null; a text that begins with `~` gets another one in front."""
    if value is None:
        return "~"
    return f"~{value}" if value.startswith("~") else value


def value_from_key(key: str) -> str | None:
    """Return the value that a key names; the inverse of `key_from_value`."""
    return None if key == "~" else key.removeprefix("~")


def params_from_filters(filters: Filters) -> dict[str, list[str]]:
    """Return a filter as URL query parameters: `from`, `to`, each dimension's name once per value, and ranges."""
    params: dict[str, list[str]] = {}
    if filters.days:
        params |= {"from": [filters.days.first.isoformat()], "to": [filters.days.last.isoformat()]}
    for dimension, values in filters.picks:
        params[dimension_key(dimension)] = [key_from_value(value) for value in values]
    if filters.comparison != "before":
        params["compare"] = [filters.comparison]
    for column, range_ in filters.ranges:
        empty = "" if range_.empty is None else "yes" if range_.empty else "no"
        ends = zip(RANGE_ENDS, (range_.low, range_.high, empty), strict=True)
        params |= {f"{dimension_key(column)}.{end}": [text] for end, text in ends if text}
    return params


def filters_from_params(params: Mapping[str, Sequence[str] | str], dimensions: Mapping[str, str]) -> Filters:
    """Return the filter that a URL describes; `dimensions` maps each name that a link may use to its column.

    What cannot be read is left out: an old link still opens the page.
    """
    first, last = _day(params, "from"), _day(params, "to")
    days = Days(first, last) if first and last and first <= last else None
    filters = Filters(days, comparison="last_year" if "last_year" in _texts(params, "compare") else "before")
    for key, column in dimensions.items():
        if texts := _texts(params, key):
            filters = filters.with_values(column, [value_from_key(text) for text in texts])
    return filters


def day_from_text(text: str) -> dt.date | None:
    """Return the day of `YYYY-MM-DD`, or None for anything else, or for a day outside 1970 to 9998."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if text == day.isoformat() and EARLIEST <= day <= LATEST else None


def _in_order(values: Values) -> Values:
    return tuple(sorted(set(values), key=lambda value: (value is not None, value or "")))


def _texts(params: Mapping[str, Sequence[str] | str], name: str) -> Sequence[str]:
    value = params.get(name, ())
    return (value,) if isinstance(value, str) else value


def _day(params: Mapping[str, Sequence[str] | str], name: str) -> dt.date | None:
    texts = _texts(params, name)
    return day_from_text(texts[-1]) if texts else None
