"""A dataset of another field as the dashboard serves it, and an independent reading of its files with DuckDB."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb_reading import Reading
from other_fields import published

from dashboard.model.selection.filters import Days
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
}


@dataclass
class Subject:
    """A dataset as the dashboard serves it, and its files."""

    name: str
    service: Service
    reading: Reading

    def sql(self, dimension: str) -> str:
        known = DIMENSIONS | OWN[self.name]
        return known.get(dimension, f'CAST("{dimension}" AS varchar)')

    def condition(self, days: Days, picks: Mapping[str, tuple[str | None, ...]]) -> str:
        parts = [f"d BETWEEN DATE '{days.first}' AND DATE '{days.last}'"]
        for dimension, values in picks.items():
            either = [
                f"{self.sql(dimension)} IS NULL" if value is None else f"{self.sql(dimension)} = '{value}'"
                for value in values
            ]
            parts.append(f"({' OR '.join(either)})")
        return " AND ".join(parts)

    def figure(self, measure: str, days: Days, picks: Mapping[str, tuple[str | None, ...]]) -> Any:
        return self.reading.all(f"SELECT {EXPRESSIONS[measure]} FROM t WHERE {self.condition(days, picks)}")[0][0]

    def groups(
        self, chart: Chart, by: tuple[str, ...], days: Days, picks: Mapping[str, tuple[str | None, ...]]
    ) -> dict[Any, Any]:
        names = ", ".join(self.sql(each) for each in by)
        where = self.condition(days, picks)
        places = ", ".join(str(place + 1) for place in range(len(by)))
        found = self.reading.all(f"SELECT {names}, {EXPRESSIONS[chart.measure]} FROM t WHERE {where} GROUP BY {places}")
        return {row[:-1]: row[-1] for row in found}


@contextmanager
def subject_of(field: str, url: str, folder: Path) -> Iterator[Subject]:
    """Serve a field; its files are downloaded into a folder."""
    dataset, variables = published(url, field)
    service = Service(settings_from_environment(variables))
    yield Subject(field, service, Reading(variables["S3_BUCKET"], dataset.target.prefix, folder))
    service.close()
