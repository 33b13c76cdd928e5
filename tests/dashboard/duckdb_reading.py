"""A reading of a published dataset that shares nothing with the dashboard: its Parquet files in DuckDB."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import duckdb

EXPRESSIONS = {"rows": "count(*)", "distinct": "count(DISTINCT {})", "sum": "sum({})", "mean": "avg({})"}


class Reading:
    """The rows of a dataset, with their day as `d`."""

    def __init__(self, bucket: str, prefix: str, folder: Path) -> None:
        client = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/year="):
            for item in page.get("Contents", []):
                file = folder / item["Key"].removeprefix(f"{prefix}/")
                file.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, item["Key"], str(file))
        self._connection = duckdb.connect()
        self._connection.execute(
            "CREATE VIEW t AS SELECT *, make_date(year::INT, month::INT, day::INT) AS d FROM "
            f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true, union_by_name = true)"
        )

    def days(self) -> set[dt.date]:
        """Return the days that have rows."""
        return {day for (day,) in self.all("SELECT DISTINCT d FROM t")}

    def figure(
        self, measure: str, column: str | None, days: Iterable[dt.date], picks: Mapping[str, Sequence[str | None]]
    ) -> Any:
        """Return a measure over the rows of some days under picked values."""
        expression = EXPRESSIONS[measure].format(f'"{column}"')
        return self.all(f"SELECT {expression} FROM t WHERE {_condition(days, picks)}")[0][0]

    def counts(
        self, column: str, days: Iterable[dt.date], picks: Mapping[str, Sequence[str | None]]
    ) -> dict[str | None, int]:
        """Return the rows per value of a column as text."""
        sql = f'SELECT CAST("{column}" AS varchar), count(*) FROM t WHERE {_condition(days, picks)} GROUP BY 1'
        return dict(self.all(sql))

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over `t`, in which `d` is the day."""
        return self._connection.execute(sql).fetchall()


def _condition(days: Iterable[dt.date], picks: Mapping[str, Sequence[str | None]]) -> str:
    listed = ", ".join(f"DATE '{day}'" for day in days)
    parts = [f"d IN ({listed})" if listed else "false"]
    for column, values in picks.items():
        texts = ", ".join("'" + value.replace("'", "''") + "'" for value in values if value is not None)
        either = [f'CAST("{column}" AS varchar) IN ({texts})'] if texts else []
        either += [f'"{column}" IS NULL'] if None in values else []
        parts.append(f"({' OR '.join(either)})")
    return " AND ".join(parts)


def is_close(one: Any, other: Any) -> bool:
    """Return whether two figures are equal; doubles and means to a billionth, as sums depend on their order."""
    if one is None or other is None:
        return one is other
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return abs(Decimal(one) - Decimal(other)) <= abs(Decimal(other)) * Decimal("1e-9")
