"""Exports out of an index that is a stub: its queries are remembered, and pieces may be held up."""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from index_stub import IndexStub

from exporter.decoding.decoder import DecodedPage, PageDecoder
from exporter.planning.planner import Piece
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment
from exporter.sources.index_source import QueriedIndex

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


def delayed(monkeypatch: pytest.MonkeyPatch, begin: Callable[[int], float], arrive: Callable[[int], float]) -> None:
    """Let pieces begin later, and what they have read arrive later, by the seconds that these say of their number."""
    read = QueriedIndex.pages

    def pages(self: QueriedIndex, piece: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        time.sleep(begin(piece.order[1]))
        for page in read(self, piece, decoder):
            time.sleep(arrive(piece.order[1]))
            yield page

    monkeypatch.setattr(QueriedIndex, "pages", pages)
