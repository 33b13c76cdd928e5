"""Generated events of the Lambda entries: each is read, or refused with a reason, however odd and however deep.

`GENERATED=20000` makes so many of each; `make soak` does.
"""

import copy
import datetime as dt
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from changing import event, item
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_model import load_dataset
from exporter.changes.stream_record import PoisonRecord, stream_record
from exporter.errors import SourceError, UsageError
from exporter.run.request import request_from_event
from exporter.sales.event import EVENT_LISTS, event_from, place_of
from exporter.sales.lines import json_lines
from exporter.settings import settings_from_environment

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
SETTINGS = settings(
    max_examples=int(os.environ.get("GENERATED", "100")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
DATASETS = {name: load_dataset(name, {}) for name in EVENT_LISTS}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
KNOWN = st.sampled_from(["", "2026-02-16", "2026-02-30", "true", "\x00", "\ud800", 10**40, 1e300, "x" * 5000])
FLAT = st.one_of(
    SCALARS, KNOWN, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
)
ODD = st.tuples(FLAT, st.sampled_from([0, 0, 1, 40, 2000]), st.booleans()).map(lambda made: _inside(*made))


def _inside(value: Any, depth: int, is_list: bool) -> Any:
    for _ in range(depth):
        value = [value] if is_list else {"M": value}
    return value


def _paths(value: object, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where a value has parts."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for key, part in parts for path in _paths(part, (*before, key)))]


def changed(usual: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return usual events in which up to three parts are anything."""
    return st.lists(st.tuples(st.sampled_from(_paths(usual)), ODD), max_size=3).map(
        lambda changes: _changed(copy.deepcopy(dict(usual)), changes)
    )


def _changed(value: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    for path, odd in changes:
        if not path:
            return odd
        part = value
        for key in path[:-1]:
            part = part[key] if isinstance(part, dict) and key in part else part[key] if _has(part, key) else None
        if isinstance(part, dict) or _has(part, path[-1]):
            part[path[-1]] = odd
    return value


def _has(part: object, key: object) -> bool:
    return isinstance(part, list) and isinstance(key, int) and key < len(part)


RANGE = {"startDate": "2026-02-16", "endDate": "2026-02-19", "all": False, "resume": False, "acceptEmpty": False}
RECORD = event(1, NOW, item("1", "2026-02-16T10:00:00Z"), item("1", "2026-02-15T10:00:00Z", Count={"N": "1"}))
SALES = {
    "date": "2026-02-16",
    "company_metrics": {"revenue": 1},
    "product_metrics": [{"product_id": "p", "revenue": 1.5, "units_sold": 2}],
    "insights": {
        "anomalies": [{"description": "much"}],
        "trends": [{"metric": "revenue"}],
        "recommendations": [{"title": "more"}],
    },
}


@given(changed(RANGE))
@SETTINGS
def test_an_export_event_is_a_request_or_refused(found):
    """Never another range than meant, and never another error than one for people."""
    made = settings_from_environment(
        {"S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "rows", "GSI_NAME": "by-kind",
         "GSI_PK_ATTRIBUTE": "Kind", "GSI_PK_VALUE": "A", "GSI_SK_ATTRIBUTE": "At"}
    )  # fmt: skip
    request, refusal = _tried(
        UsageError, lambda: request_from_event(made, NOW, found if isinstance(found, dict) else {})
    )
    if request is None:
        assert 0 < len(refusal) < 1000
        return
    days = [str(day) for day in request.window.days()] if request.window and not request.scheduled else []
    assert not days or (days[0], days[-1]) == (found["startDate"], found["endDate"])


@given(changed(RECORD))
@SETTINGS
def test_a_stream_record_is_read_or_quarantined(found):
    """One that cannot be read becomes a line of the quarantine, which is JSON."""
    read, refusal = _tried(SourceError, lambda: stream_record(found))
    assert read is not None or "NEW_AND_OLD_IMAGES" in refusal
    if isinstance(read, PoisonRecord):
        assert isinstance(json.loads(read.text), dict)


@given(changed(SALES))
@SETTINGS
def test_a_sales_event_is_written_or_refused_by_its_fields(found):
    """Every line is JSON with the event's date; every fault is named."""
    read, refusal = _tried(UsageError, lambda: event_from(found))
    assert read is not None or refusal.startswith("wrong event, nothing was written")
    for name, dataset in DATASETS.items() if read else ():
        lines, faults = json_lines(dataset, read.date, read.rows[name], _place(name))
        assert [json.loads(line)["date"] for line in lines.splitlines()] == [str(read.date)] * len(read.rows[name])
        assert all(str(fault) for fault in faults)


def _tried(refusal: type[Exception], made: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return made(), ""
    except refusal as refused:
        return None, str(refused)


def _place(name: str) -> Callable[[int], str]:
    return lambda number: place_of(name, number)


@pytest.mark.parametrize("depth", [100, 990, 2000])
def test_what_is_nested_deeply_is_refused_by_name(depth):
    """Writing such a value is what fails: the refusal comes all the same."""
    deep = _inside("x", depth, is_list=True)
    made = settings_from_environment({"S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DATASET": "contacts"})
    with pytest.raises(UsageError, match='"all" in the event'):
        request_from_event(made, NOW, {"all": deep})
    with pytest.raises(UsageError, match="date: expected a date"):
        event_from(SALES | {"date": deep})
    record = {**RECORD, "dynamodb": RECORD["dynamodb"] | {"StreamViewType": deep}}
    assert isinstance(stream_record(record), PoisonRecord)
