"""Every cell and total of a question by groupings, against an independent reading of the Parquet files with DuckDB."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any

import pytest
from duckdb_reading import is_close
from field_subject import EXPRESSIONS, Subject, subject_of
from other_fields import WINDOW

from dashboard.model.query_types import request_from
from dashboard.model.selection.filters import Days

D = dt.date
SPRING = Days(D(2026, 3, 5), D(2026, 3, 30))
WINDOWS = (WINDOW, SPRING, WINDOW, SPRING, Days(D(2026, 3, 17), D(2026, 3, 18)))
"""All days, the days around both changes of the clocks, and two days without rows."""

MEASURES: dict[str, dict[tuple[str, str | None], str]] = {
    "orders": {
        ("rows", None): "count(*)",
        **{(name, None): EXPRESSIONS[name] for name in ("revenue", "basket", "paid", "large", "per_item")},
        ("distinct", "region"): "count(DISTINCT region)",
        ("median", "amount"): "median(amount::DOUBLE)",
        ("mean", "items"): "avg(items)",
    },
    "sensors": {
        **{(name, None): EXPRESSIONS[name] for name in ("typical", "warm", "alarms", "devices", "weakest")},
        ("sum", "deviceid"): "sum(deviceid)",
        ("min", "deviceid"): "min(deviceid)",
        ("median", "volts"): "median(volts::DOUBLE)",
    },
    "tickets": {
        ("rows", None): "count(*)",
        **{(name, None): EXPRESSIONS[name] for name in ("answer", "slowest", "unanswered")},
        ("mean", "answer_seconds"): "avg(answer_seconds)",
    },
}
GROUPINGS: dict[str, list[tuple[str, ...]]] = {
    "orders": [
        (),
        ("day",),
        ("region", "state"),
        ("week", "region"),
        ("weekday", "hour"),
        ("month",),
        ("day", "state"),
    ],
    "sensors": [("week",), ("firmware", "is_alarm"), ("hour", "weekday"), ("day", "firmware"), ("month", "week"), ()],
    "tickets": [("topic",), ("topic", "priority"), ("week", "topic"), ("hour",), ("weekday", "month"), ("day", "hour")],
}
FILTERS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "orders": [
        ({}, "true"),
        ({"region": ["North", None]}, "(region = 'North' OR region IS NULL)"),
        ({"amount": {"from": 100.5, "to": "700"}}, "amount BETWEEN 100.5 AND 700"),
        ({"amount": {"empty": True}}, "amount IS NULL"),
        (
            {"hour": ["02", "03"], "items": {"to": 4}},
            "hour(timezone('Europe/Berlin', timezone('UTC', placed_at))) IN (2, 3) AND items <= 4",
        ),
        (
            {"placed_at": {"from": "2026-03-28", "to": "2026-03-29"}, "state": ["PAID"]},
            "state = 'PAID' AND placed_at BETWEEN TIMESTAMP '2026-03-27 23:00' AND TIMESTAMP '2026-03-29 21:59:59'",
        ),
    ],
    "sensors": [
        ({}, "true"),
        ({"temperature": {"from": -5, "to": -0.0625}}, "temperature BETWEEN -5 AND -0.0625"),
        (
            {"is_alarm": ["true", None], "volts": {"empty": False}},
            "(is_alarm OR is_alarm IS NULL) AND volts IS NOT NULL",
        ),
        ({"deviceid": {"from": "9007199254740997"}}, "deviceid >= 9007199254740997"),
        (
            {"firmware": ["10.0", "2.0"], "at": {"to": "2026-03-08"}},
            "firmware IN ('10.0', '2.0') AND \"at\" < TIMESTAMP '2026-03-09 04:00:00'",
        ),
    ],
    "tickets": [
        ({}, "true"),
        (
            {"topic": ["topic 04", None], "priority": ["0", "3"]},
            "(topic = 'topic 04' OR topic IS NULL) AND priority IN (0, 3)",
        ),
        ({"answer_seconds": {"from": 40_000}}, "answer_seconds >= 40000"),
        ({"weekday": ["1", "7"], "hour": ["00", "15"]}, "isodow(d) IN (1, 7) AND hour(opened) IN (0, 15)"),
    ],
}
CASES = [(field, *about) for field, measures in MEASURES.items() for about in measures]


@pytest.fixture(scope="module")
def subjects(standin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Subject]]:
    with ExitStack() as stack:
        yield {
            field: stack.enter_context(subject_of(field, standin_url, tmp_path_factory.mktemp(field)))
            for field in MEASURES
        }


def cells_of(rows: Any, by: tuple[str, ...]) -> dict[Any, Any]:
    def text(value: Any) -> Any:
        return value.isoformat() if isinstance(value, dt.date) else value

    return {(row.get("level", 0), *(text(row[name]) for name in by)): row for row in rows}


def expected(
    subject: Subject, sql: str, by: tuple[str, ...], window: Days, condition: str
) -> dict[Any, tuple[Any, int]]:
    names = [f"g{place}" for place in range(len(by))]
    inner = ", ".join(["*", *(f"{subject.sql(name)} AS {group}" for name, group in zip(by, names, strict=True))])
    source = f"(SELECT {inner} FROM t WHERE d BETWEEN DATE '{window.first}' AND DATE '{window.last}' AND {condition})"
    found = {}
    for mask in range(2 ** len(by)):
        kept = [name for place, name in enumerate(names) if not mask >> (len(by) - 1 - place) & 1]
        shown = [name if name in kept else f"NULL AS {name}" for name in names]
        grouped = f" GROUP BY {', '.join(kept)}" if kept else ""
        for *values, figure, rows in subject.reading.all(
            f"SELECT {', '.join([*shown, sql, 'count(*)'])} FROM {source}{grouped}"
        ):
            found[(mask, *values)] = (figure, rows)
    return found


@pytest.mark.parametrize(("field", "measure", "column"), CASES, ids=str)
def test_every_cell_and_total_equals_the_files(
    subjects: dict[str, Subject], field: str, measure: str, column: str | None
):
    """Groups, totals per grouping and the total of all, per pair of groupings, filter and period."""
    subject, sql = subjects[field], MEASURES[field][measure, column]
    model = subject.service.model(field)
    place = CASES.index((field, measure, column))
    filters, windows = cycle(FILTERS[field][place % 3 :] + FILTERS[field][: place % 3]), cycle(WINDOWS)
    jobs = []
    for by, (given, condition), window in zip(GROUPINGS[field], filters, windows, strict=False):
        asked = {"query": "group_by", "measure": measure, "by": list(by), "filters": given}
        asked |= {"startDate": window.first, "endDate": window.last} | ({"column": column} if column else {})
        statement = subject.service.prepare(field, request_from(asked, model, 20_000))
        jobs.append((by, condition, window, subject.service.start(field, statement)))
    checked = 0
    for by, condition, window, job in jobs:
        result = job.outcome()
        cells, wanted = cells_of(result.answer.rows, by), expected(subject, sql, by, window, condition)
        value, rows = result.names[len(by)], model.words.rows.many
        assert cells.keys() == wanted.keys(), (by, condition)
        for key, (figure, count) in wanted.items():
            assert is_close(cells[key][value], figure), (by, condition, key)
            assert cells[key][rows] == count
        checked += len(cells)
    assert checked > 50
