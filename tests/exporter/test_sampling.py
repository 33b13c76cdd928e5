"""What the first look at an index costs, and what is learnt from it."""

import datetime as dt
import json
from typing import Any

import pytest
from index_stub import IndexStub

from exporter.job import ExportJob
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


def export(items: list[dict[str, Any]], prefix: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Counting]:
    with Counting(items, page_bytes=1 << 15) as stub:
        stub.queries = []
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stub.url)
        settings = settings_from_environment(VARIABLES | {"S3_PREFIX": prefix, "ATHENA_TABLE": prefix})
        job = ExportJob(settings, request_from_options(settings, NOW, everything=True), clock=lambda: NOW)
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


def test_a_page_without_a_readable_key_is_no_end(aws, monkeypatch):
    """Where the outermost page tells no day, the index is asked further in, and no day is lost."""
    made = [item(number, "A", f"{FIRST + dt.timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}") for number in range(500)]
    made += [item(1000 + number, "A", f"0000 nonsense {number}") for number in range(300)]
    made += [item(2000 + number, "A", f"zzzz nonsense {number}") for number in range(300)]
    entry, stub = export(made, "sampling_nonsense", monkeypatch)
    assert (entry.status, entry.rows, entry.withheld) == ("succeeded", 500, 600)
    assert str(entry.window.start) == "2026-01-01"
    assert any("Limit" in query for query in stub.queries)
