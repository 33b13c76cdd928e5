"""What the first look at an index costs, and what is learnt from it."""

import datetime as dt
import json

import pytest
from stubbed import FIRST, export, item

from exporter.sources.index_source import QueriedIndex


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
    """A page that is read twice is dear in a short run. The next request starts after its last item."""
    times = [FIRST + dt.timedelta(minutes=number) for number in range(1440)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    entry, stub = export(made, "sampling_day", monkeypatch, start="2026-01-01", end="2026-01-01")
    assert (entry.status, entry.rows) == ("succeeded", 1440)
    begun = [
        json.dumps([query["ExpressionAttributeValues"][name] for name in (":p", ":l")])
        for query in stub.queries
        if query.get("ScanIndexForward", True)
        and "ExclusiveStartKey" not in query
        and ":l" in query["ExpressionAttributeValues"]  # not the look whether a value without rows holds anything
    ]
    assert len(begun) == len(set(begun)) > 2


@pytest.mark.parametrize("days", [{}, {"start": "2026-01-01", "end": "2026-01-31"}])
def test_a_first_page_beyond_its_piece_is_read_again(aws, monkeypatch, days):
    """Where the days begin sparse, the first page reaches into pieces after the first, and no item may come twice."""
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
    """A page is then read in several answers, from the last item down: the first of them gives the end."""
    extents = []
    extent = QueriedIndex.extent
    monkeypatch.setattr(QueriedIndex, "extent", lambda *given: extents.append(extent(*given)) or extents[-1])
    times = [FIRST + dt.timedelta(minutes=10 * number) for number in range(5000)]
    made = [item(number, "A", f"{at:%Y-%m-%dT%H:%M:%SZ}") for number, at in enumerate(times)]
    entry, _ = export(made, "sampling_ceiling", monkeypatch, max_read_units=600.0)
    assert (entry.status, entry.rows) == ("succeeded", 5000)
    assert [str(day) for found in extents for day in (found.first, found.last)] == ["2026-01-01", "2026-02-04"]


def test_a_page_without_a_readable_key_is_no_end(aws, monkeypatch):
    """If the outermost page has no readable day, the index is asked further in, and no day is lost."""
    made = [item(number, "A", f"{FIRST + dt.timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}") for number in range(500)]
    made += [item(1000 + number, "A", f"0000 nonsense {number}") for number in range(300)]
    made += [item(2000 + number, "A", f"zzzz nonsense {number}") for number in range(300)]
    entry, stub = export(made, "sampling_nonsense", monkeypatch)
    assert (entry.status, entry.rows, entry.withheld) == ("succeeded", 500, 600)
    assert str(entry.window.start) == "2026-01-01"
    assert any("Limit" in query for query in stub.queries)
