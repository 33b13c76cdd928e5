"""A dataset of another field as the dashboard serves it, and an independent reading of its files with DuckDB."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb_reading import Reading
from other_fields import published

from dashboard.model.selection.filters import Days, Range
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model.dashboard.section import Chart

EXPRESSIONS = {
    "rows": "count(*)",
    "revenue": "sum(amount)",
    "basket": "avg(amount)",
    "paid": "avg(CASE state WHEN 'PAID' THEN 1.0 ELSE 0 END)",
    "large": "count(*) FILTER (WHERE amount >= 500 AND items > 3)",
    "pieces": "sum(items)::BIGINT",
    "per_item": "sum(amount) / NULLIF(sum(items)::DOUBLE, 0)",
    "typical": "median(temperature)",
    "warm": "avg(temperature)",
    "alarms": "avg(CASE WHEN is_alarm THEN 1.0 ELSE 0 END)",
    "devices": "count(DISTINCT deviceid)",
    "weakest": "min(CASE WHEN firmware IS NULL THEN NULL ELSE volts END)",
    "answer": "median(answer_seconds)",
    "slowest": "max(answer_seconds)",
    "unanswered": "avg(CASE WHEN answer_seconds IS NULL THEN 1.0 ELSE 0 END)",
}
DIMENSIONS = {
    "day": "strftime(d, '%Y-%m-%d')",
    "month": "strftime(d, '%Y-%m')",
    "weekday": "isodow(d)::VARCHAR",
}
OWN = {
    "orders": {
        "week": "strftime(d - (isodow(d) - 1)::INT, '%Y-%m-%d')",
        "hour": "strftime(placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin', '%H')",
    },
    "sensors": {
        "week": "strftime(d - (isodow(d) % 7)::INT, '%Y-%m-%d')",
        "hour": "strftime(\"at\" AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York', '%H')",
    },
    "tickets": {"week": "strftime(d - (isodow(d) - 1)::INT, '%Y-%m-%d')", "hour": "strftime(opened, '%H')"},
    "contacts": {
        "week": "strftime(d - (isodow(d) - 1)::INT, '%Y-%m-%d')",
        "hour": "strftime(initiation_timestamp, '%H')",
    },
}
ZONES = {"orders": "Europe/Berlin", "sensors": "America/New_York", "tickets": "UTC", "contacts": "UTC"}
Picks = Mapping[str, tuple[str | None, ...]]
Ranges = Sequence[tuple[str, Range]]


@dataclass
class Subject:
    """A dataset as the dashboard serves it, and its files."""

    name: str
    service: Service
    reading: Reading

    def sql(self, dimension: str) -> str:
        known = DIMENSIONS | OWN[self.name]
        return known.get(dimension, f'CAST("{dimension}" AS varchar)')

    def condition(self, days: Iterable[dt.date], picks: Picks, ranges: Ranges = ()) -> str:
        listed = ", ".join(f"DATE '{day}'" for day in days)
        parts = [f"d IN ({listed})" if listed else "false", *(self._within(*each) for each in ranges)]
        for dimension, values in picks.items():
            either = [
                f"{self.sql(dimension)} IS NULL" if value is None else f"{self.sql(dimension)} = {_quoted(value)}"
                for value in values
            ]
            parts.append(f"({' OR '.join(either)})")
        return " AND ".join(parts)

    def _within(self, column: str, bounds: Range) -> str:
        """Return a range as SQL: numbers as they are, times by their day in the dataset's zone."""
        if bounds.empty is not None:
            return f'"{column}" IS {"" if bounds.empty else "NOT "}NULL'
        is_day = "-" in (bounds.low + bounds.high)[1:]
        read = f"CAST(\"{column}\" AT TIME ZONE 'UTC' AT TIME ZONE '{ZONES[self.name]}' AS DATE)" if is_day else column
        sides = {">=": bounds.low, "<=": bounds.high}
        bound_as = "{} {} DATE '{}'" if is_day else "{} {} {}"
        return " AND ".join(bound_as.format(read, side, bound) for side, bound in sides.items() if bound)

    def figure(
        self, measure: str, days: Iterable[dt.date], picks: Picks, ranges: Ranges = (), column: str | None = None
    ) -> Any:
        expression = f'count(DISTINCT "{column}")' if measure == "distinct" else EXPRESSIONS[measure]
        return self.reading.all(f"SELECT {expression} FROM t WHERE {self.condition(days, picks, ranges)}")[0][0]

    def groups(
        self, chart: Chart, by: tuple[str, ...], days: Days, picks: Picks, ranges: Ranges = ()
    ) -> dict[Any, Any]:
        names = ", ".join(self.sql(each) for each in by)
        where = self.condition(days, picks, ranges)
        places = ", ".join(str(place + 1) for place in range(len(by)))
        found = self.reading.all(f"SELECT {names}, {EXPRESSIONS[chart.measure]} FROM t WHERE {where} GROUP BY {places}")
        return {row[:-1]: row[-1] for row in found}


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def subject_of(field: str, url: str, folder: Path) -> Iterator[Subject]:
    """Serve a field; its files are downloaded into a folder."""
    dataset, variables = published(url, field)
    service = Service(settings_from_environment(variables))
    yield Subject(field, service, Reading(variables["S3_BUCKET"], dataset.target.prefix, folder))
    service.close()
