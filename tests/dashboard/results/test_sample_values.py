"""Sample values of columns: a few, from the first rows, for a few kilobytes."""

import datetime as dt
import io
from decimal import Decimal

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import ResultMissing
from dashboard.results.sample_values import MOST_BYTES, Ranged, chosen, samples_from
from dashboard.results.schema_values import known_values
from dashboard.ui.query.schema_browser import columns_list

DAY = dt.date(2026, 2, 2)


def ranged(table: pa.Table, **options: object) -> Ranged:
    """The table as a Parquet file of which the parts asked for are fetched."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    body = sink.getvalue()
    return Ranged(lambda first, end: body[first:end], len(body))


def test_the_first_different_values_are_shown():
    """NULL is no value, repetitions are one, and what is long is cut where that shows."""
    assert chosen([None, "b", "a", "b", "c", "d"]) == ("b", "a", "c")
    assert chosen(["x" * 41]) == ("x" * 39 + "…",)
    assert chosen([True, Decimal("1.50"), dt.datetime(2026, 1, 2, 3, 4, 5, 6000)]) == (
        "true",
        "1.50",
        "2026-01-02 03:04:05 UTC",
    )
    assert chosen([None]) == ()


def test_a_column_without_values_is_told_from_one_that_is_not_there():
    """Null in every row looked at is an answer; a column that this file is too old for has none."""
    found = samples_from(ranged(pa.table({"a": [1, 2], "b": pa.nulls(2, pa.string())})), DAY, ["a", "b", "c"])
    assert found.values == {"a": ("1", "2"), "b": ()}


def test_a_large_file_is_not_read_completely():
    """Of a column of many megabytes, the first page is fetched; a text column costs as little."""
    rows = 400_000
    numbers = pa.array(range(rows), pa.int64())
    texts = pa.array([f"{number * 7919:020}" for number in range(rows)])
    file = ranged(pa.table({"number": numbers, "text": texts}), compression="none", use_dictionary=False)
    found = samples_from(file, DAY, ["number", "text"])
    assert found.values == {"number": ("0", "1", "2"), "text": tuple(f"{n * 7919:020}" for n in range(3))}
    assert file.size > 10_000_000
    assert found.fetched == file.fetched < 2_500_000 < MOST_BYTES


def test_what_is_beyond_the_bound_goes_without():
    """Once enough was fetched, no further column is looked at."""
    file = ranged(pa.table({"a": [1], "b": [2]}))
    file.fetched = MOST_BYTES
    assert samples_from(file, DAY, ["a", "b"]).values == {}


def test_samples_come_from_the_newest_day_without_a_query(service, published):
    """S3 is asked, Athena is not; the answer is cached until the next export."""
    athena = boto3.client("athena", endpoint_url=published.url)
    before = athena.list_query_executions()["QueryExecutionIds"]
    found = service.samples("contacts")
    assert found is service.samples("contacts")
    assert found.day == published.days[-1]
    assert found.values["big_number"] == ("12345678901234567890123456789012345678",)
    assert set(found.values["channel"]) <= {"VOICE", "CHAT", "TASK", "EMAIL"}
    assert athena.list_query_executions()["QueryExecutionIds"] == before


def test_a_file_that_was_published_again_is_not_mixed_with_the_old_one(service, published):
    """The version that the manifest names is read, or none."""
    record = published.manifest.days[published.days[-1]].objects[0]
    with pytest.raises(ResultMissing, match="published again"):
        service.objects.part(published.bucket, record.key, "0" * 32, 0, 10)


def test_values_of_dimensions_cost_nothing(service, published):
    """The manifest has them, and the newest day itself."""
    known = known_values(published.manifest)
    assert set(known["channel"]) <= {"VOICE", "CHAT", "TASK", "EMAIL"}
    assert (known["year"], known["month"], known["day"]) == (("2026",), ("2",), ("2",))


def test_values_beyond_those_shown_are_hinted_at(service):
    """Three values of a column that has four do not look like all of them."""
    model = service.model("contacts")
    assert "<q>c</q> · …</p>" in columns_list(model, {"channel": ("a", "b", "c", "d")})
    assert "<q>c</q></p>" in columns_list(model, {"channel": ("a", "b", "c")})


def test_values_are_text_and_never_markup(service):
    """A value of a contact cannot run as code on a page."""
    page = columns_list(service.model("contacts"), {"note": ("<script>alert(1)</script>",)})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
