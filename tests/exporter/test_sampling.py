"""What the first look at an index costs, and what is learnt from it."""

import dataclasses
import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from index_stub import IndexStub

from exporter.decode import DecodedPage, PageDecoder
from exporter.job import ExportJob
from exporter.plan import Piece
from exporter.reading import Reader
from exporter.request import request_from_options
from exporter.settings import settings_from_environment

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
VARIABLES = {
    "S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "ttt", "GSI_NAME": "iii",
    "GSI_PK_ATTRIBUTE": "Kind", "GSI_PK_VALUE": "A,B,C", "GSI_SK_ATTRIBUTE": "At", "ATHENA_DATABASE": "sampling",
}  # fmt: skip


class Counting(IndexStub):
    """A stub that remembers the queries."""

    queries: list[dict[str, Any]]

    def answer(self, operation: str, request: dict[str, Any]) -> bytes:
        if operation == "Query":
            self.queries.append(request)
        return super().answer(operation, request)


def item(number: int, kind: str, at: str) -> dict[str, Any]:
    return {"Id": {"S": f"{number:05}"}, "Kind": {"S": kind}, "At": {"S": at}, "Text": {"S": "x" * 200}}


def export(
    items: list[dict[str, Any]],
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    date_format: str = "ISO",
    max_read_units: float | None = None,
    **days: str,
) -> tuple[Any, Counting]:
    with Counting(items, page_bytes=1 << 15) as stub:
        stub.queries = []
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stub.url)
        given = {"S3_PREFIX": prefix, "ATHENA_TABLE": prefix, "DATE_FORMAT": date_format}
        settings = settings_from_environment(VARIABLES | given)
        request = request_from_options(settings, NOW, everything="start" not in days, **days)
        request = dataclasses.replace(request, max_read_units=max_read_units)
        job = ExportJob(settings, request, clock=lambda: NOW)
        return job.run(), stub


def test_the_pages_that_tell_types_tell_the_days_as_well(aws, monkeypatch):
    """A run over everything asks twice per partition value before it reads; a small value is read once, whole."""
    made = [item(number, "AAB"[number % 3], f"{FIRST + dt.timedelta(minutes=20 * number):%Y-%m-%dT%H:%M:%SZ}")
            for number in range(2000)]  # fmt: skip
    made.append(item(9999, "C", "2025-12-30T08:00:00Z"))
    entry, stub = export(made, "sampling", monkeypatch)
    assert (entry.status, entry.rows) == ("succeeded", 2001)
    assert [str(entry.window.start), str(entry.window.end)] == ["2025-12-30", "2026-01-28"]
    assert not any("Limit" in query for query in stub.queries)
    backwards = [query for query in stub.queries if not query.get("ScanIndexForward", True)]
    assert len(backwards) == 2
    asked = [json.dumps(query, sort_keys=True) for query in stub.queries]
    of_c = [query for query in asked if '{"S": "C"}' in query]
    assert len(of_c) == 1


def test_the_first_page_is_read_once(aws, monkeypatch):
    """A page that is read twice is dear in a short run. What follows it is asked for behind its last item."""
    times = [FIRST + dt.timedelta(minutes=number) for number in range(1440)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    entry, stub = export(made, "sampling_day", monkeypatch, start="2026-01-01", end="2026-01-01")
    assert (entry.status, entry.rows) == ("succeeded", 1440)
    begun = [
        json.dumps([query["ExpressionAttributeValues"][name] for name in (":p", ":l")])
        for query in stub.queries
        if query.get("ScanIndexForward", True) and "ExclusiveStartKey" not in query
    ]
    assert len(begun) == len(set(begun)) > 2


@pytest.mark.parametrize("days", [{}, {"start": "2026-01-01", "end": "2026-01-31"}])
def test_a_first_page_beyond_its_piece_is_read_again(aws, monkeypatch, days):
    """Where the days begin sparse, the first page reaches into pieces behind the first, and no item may come twice."""
    times = [FIRST + dt.timedelta(hours=7 * number) for number in range(60)]
    times += [FIRST + dt.timedelta(days=18, minutes=7 * number) for number in range(1500)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    entry, _ = export(made, f"sampling_sparse_{len(days)}", monkeypatch, **days)
    assert (entry.status, entry.rows) == ("succeeded", len(made))


def test_nothing_is_asked_of_days_before_the_first_item(aws, monkeypatch):
    """The first page has shown that they are empty: a month costs no more than its last day."""
    times = [FIRST + dt.timedelta(days=30, minutes=number) for number in range(1440)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    month, of_month = export(made, "sampling_month", monkeypatch, start="2026-01-01", end="2026-01-31")
    day, of_day = export(made, "sampling_last", monkeypatch, start="2026-01-31", end="2026-01-31")
    assert month.rows == day.rows == 1440
    asked = [sum('{"S": "A"}' in json.dumps(query) for query in stub.queries) for stub in (of_month, of_day)]
    assert asked[0] <= asked[1] + 1
    assert month.read_units < day.read_units * 1.2


def test_the_last_day_is_known_under_a_ceiling_as_well(aws, monkeypatch):
    """A page is then read in several answers, from the last item down: the first of them tells the end."""
    extents = []
    extent = Reader.extent
    monkeypatch.setattr(Reader, "extent", lambda *given: extents.append(extent(*given)) or extents[-1])
    times = [FIRST + dt.timedelta(minutes=10 * number) for number in range(5000)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    entry, _ = export(made, "sampling_ceiling", monkeypatch, max_read_units=600.0)
    assert (entry.status, entry.rows) == ("succeeded", 5000)
    assert [str(day) for found in extents for day in (found.first, found.last)] == ["2026-01-01", "2026-02-04"]


def two_days() -> list[dict[str, Any]]:
    """Two days of A and B, each small enough to be one page, with keys whose days are complete at once."""
    times = [FIRST + dt.timedelta(days=day, minutes=minute) for day in range(2) for minute in range(30)]
    return [item(number, "AB"[number % 2], f"{int(at.timestamp())}") for number, at in enumerate(times)]


def delayed(monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float]) -> None:
    """Let pieces of these numbers begin later."""
    read = Reader._pages

    def pages(self: Reader, piece: Piece, kept: bytes | None, decoder: PageDecoder) -> Iterator[DecodedPage]:
        time.sleep(seconds.get(piece.order[1], 0.0))
        yield from read(self, piece, kept, decoder)

    monkeypatch.setattr(Reader, "_pages", pages)


@pytest.mark.parametrize("late", [{1: 0.5}, {1: 0.5, 2: 0.3}, {4: 0.5}, {5: 0.5}])
def test_a_kept_page_is_read_with_the_first_days_of_its_value(aws, monkeypatch, late):
    """It holds rows of every day: taken by a later piece, it would leave the first day to be published without them."""
    delayed(monkeypatch, late)
    entry, _ = export(
        two_days(), f"kept_{len(late)}_{min(late)}", monkeypatch, "EPOCH", start="2026-01-01", end="2026-01-02"
    )
    assert (entry.status, entry.rows) == ("succeeded", 60)
    assert [(part.partition[-6:], part.rows) for part in entry.partitions] == [("day=01", 30), ("day=02", 30)]


def test_rows_that_come_after_their_day_fail_the_run(aws, monkeypatch):
    """Whatever brings them: the day is not replaced by the rest of itself, and it is owed."""
    delayed(monkeypatch, {4: 1.0, 5: 1.0})  # those of the second day
    kept_for = Reader._kept_for

    def later(self: Reader, piece: Piece) -> bytes | None:
        return b"" if piece.order[1] == 1 else kept_for(self, piece)

    monkeypatch.setattr(Reader, "_kept_for", later)
    entry, _ = export(two_days(), "too_late", monkeypatch, "EPOCH", start="2026-01-01", end="2026-01-02")
    assert entry.status == "failed"
    assert "rows of 2026-01-01 were read after that day had been written" in entry.error
    assert dt.date(2026, 1, 1) in entry.owed


def test_a_page_without_a_readable_key_is_no_end(aws, monkeypatch):
    """Where the outermost page tells no day, the index is asked further in, and no day is lost."""
    made = [item(number, "A", f"{FIRST + dt.timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}") for number in range(500)]
    made += [item(1000 + number, "A", f"0000 nonsense {number}") for number in range(300)]
    made += [item(2000 + number, "A", f"zzzz nonsense {number}") for number in range(300)]
    entry, stub = export(made, "sampling_nonsense", monkeypatch)
    assert (entry.status, entry.rows, entry.withheld) == ("succeeded", 500, 600)
    assert str(entry.window.start) == "2026-01-01"
    assert any("Limit" in query for query in stub.queries)
