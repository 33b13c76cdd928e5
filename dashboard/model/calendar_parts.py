"""Parts of the calendar (week, month, weekday, hour) as dimensions: their SQL, their values and what people read.

Weeks, months and weekdays come from the partition columns: they are of the day in the dataset's time zone and cost
nothing to read. The hour is that of the row's own time, in the same zone.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CalendarName = Literal["week", "month", "weekday", "hour"]
NAMES: Final[tuple[CalendarName, ...]] = ("week", "month", "weekday", "hour")
FIRST_WEEKDAYS: Final[Mapping[str, int]] = {"monday": 1, "sunday": 7, "saturday": 6}
"""ISO numbers of the days that a week may begin with."""

DATE: Final = """CAST(date_parse(CAST("year" * 10000 + "month" * 100 + "day" AS varchar), '%Y%m%d') AS date)"""
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Calendar:
    """The calendar of a dataset."""

    zone: str
    first_weekday: int = 1
    time_column: str | None = None
    """The column with a row's time, None where there is none: then there is no hour."""

    def names(self) -> tuple[CalendarName, ...]:
        """Return the parts that the dataset has."""
        return tuple(name for name in NAMES if name != "hour" or self.time_column)

    def sql(self, name: CalendarName) -> str:
        """Return the expression of a part's values as text."""
        match name:
            case "week":
                ahead = (8 - self.first_weekday) % 7
                start = (
                    f"date_trunc('week', date_add('day', {ahead}, {DATE}))" if ahead else f"date_trunc('week', {DATE})"
                )
                return f"CAST({f'''date_add('day', {-ahead}, {start})''' if ahead else start} AS varchar)"
            case "month":
                return f"substr(CAST({DATE} AS varchar), 1, 7)"
            case "weekday":
                return f"CAST(day_of_week({DATE}) AS varchar)"
            case "hour":
                # A timestamp of the table is an instant in UTC.
                local = f"at_timezone(with_timezone(\"{self.time_column}\", 'UTC'), '{self.zone}')"
                return f"lpad(CAST(hour({local}) AS varchar), 2, '0')"

    def reads(self, name: CalendarName) -> tuple[str, ...]:
        """Return the columns that a part reads, the partition columns left out."""
        return (self.time_column,) if name == "hour" and self.time_column else ()

    def value(self, name: CalendarName, day: dt.date) -> str | None:
        """Return the value of a day; None for the hour, which a day has all of."""
        match name:
            case "week":
                return (day - dt.timedelta(days=(day.isoweekday() - self.first_weekday) % 7)).isoformat()
            case "month":
                return f"{day:%Y-%m}"
            case "weekday":
                return str(day.isoweekday())
            case "hour":
                return None

    def values(self, name: CalendarName, days: Iterable[dt.date]) -> Iterator[str]:
        """Yield the values of some days, each once, in the order in which they are drawn."""
        if name == "hour":
            yield from (f"{hour:02}" for hour in range(24))
        elif name == "weekday":
            yield from (str((self.first_weekday - 1 + place) % 7 + 1) for place in range(7))
        else:
            yield from dict.fromkeys(value for day in days if (value := self.value(name, day)))


def label(name: CalendarName, value: str) -> str:
    """Return what people read for a value: `Week of 12 Jan 2026`, `January 2026`, `Monday`, `08:00`."""
    match name:
        case "week" if day := _day(value):
            return f"Week of {day.day} {day:%b %Y}"
        case "month" if day := _day(f"{value}-01"):
            return f"{day:%B %Y}"
        case "weekday" if value.isdigit() and 1 <= int(value) <= 7:
            return _WEEKDAYS[int(value) - 1]
        case "hour" if value.isdigit():
            return f"{value}:00"
    return value


def short_label(name: CalendarName, value: str) -> str:
    """Return what stands under a bar: `12 Jan`, `Jan 26`, `Mon`, `08`."""
    match name:
        case "week" if day := _day(value):
            return f"{day.day} {day:%b}"
        case "month" if day := _day(f"{value}-01"):
            return f"{day:%b %y}"
        case "weekday":
            return label(name, value)[:3]
    return value


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
