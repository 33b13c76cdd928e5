"""Pieces of a window: disjoint, complete, and in the order of rows."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import dataset_from_environment
from exporter.planning.key_ranges import KeyRange
from exporter.planning.planner import Planner
from exporter.planning.sort_key import SortKey
from exporter.planning.window import DayStride, Window

FORMATS: list[tuple[str, Any]] = [
    ("ISO", "S"),
    ("EPOCH", "N"),
    ("EPOCH", "S"),
    ("EPOCH_MILLIS", "N"),
    ("%Y/%m/%d %H:%M", "S"),
]


def planner(date_format: str, attribute_type: Any, zone: str) -> Planner:
    dataset = dataset_from_environment(
        {
            "DYNAMO_TABLE_NAME": "table", "GSI_NAME": "index", "GSI_PK_ATTRIBUTE": "kind", "GSI_PK_VALUE": "A,B",
            "GSI_SK_ATTRIBUTE": "at", "TIME_ZONE": zone, "DATE_FORMAT": date_format,
        }
    )  # fmt: skip
    return Planner(dataset, SortKey(date_format, ZoneInfo(zone), attribute_type, 2030))


def holds(keys: KeyRange, value: str, attribute_type: str) -> bool:
    def position(text: str) -> Any:
        return Decimal(text) if attribute_type == "N" else text.encode()

    low = keys.low is None or position(keys.low) <= position(value)
    return low and (keys.high is None or position(value) <= position(keys.high))


def written(moment: dt.datetime, date_format: str, style: int) -> str:
    if date_format == "EPOCH":
        return str(int(moment.timestamp()))
    if date_format == "EPOCH_MILLIS":
        return str(int(moment.timestamp() * 1000))
    if date_format != "ISO":
        return moment.strftime(date_format)
    offset = dt.timezone(dt.timedelta(hours=[0, 14, -12, 5.5][style % 4]))
    return moment.astimezone(offset).isoformat(
        sep="T "[style % 2], timespec=["seconds", "microseconds"][style // 2 % 2]
    )


@given(
    st.sampled_from(FORMATS),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    st.dates(dt.date(2020, 1, 1), dt.date(2029, 1, 1)),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(0, 6 * 86400 - 1), st.integers(0, 7)), min_size=1, max_size=20),
    st.floats(0, 5000),
)
def test_every_key_of_a_window_is_in_exactly_one_piece(kind, zone, first, length, seconds, density):
    """With any number of cuts each key of the window is read once, in every format, zone and spelling."""
    date_format, attribute_type = kind
    plan = planner(date_format, attribute_type, zone)
    plan.density.learn("A", density, 1)
    window = Window(first, first + dt.timedelta(days=length), ZoneInfo(zone))
    stretches = list(plan.stretches(plan.reach(window), None, DayStride()))
    ranges = [keys for stretch in stretches for piece in stretch.pieces if piece.value == "A" for keys in piece.ranges]
    for second, style in seconds:
        moment = window.start + dt.timedelta(seconds=second)
        value = written(moment, date_format, style)
        found = sum(holds(keys, value, attribute_type) for keys in ranges)
        assert found <= 1, value
        if moment < window.end:
            assert found == 1, value


def test_rows_keep_key_order_with_any_cuts():
    """Pieces of a partition value are numbered along the key, over all stretches."""
    plan = planner("ISO", "S", "UTC")
    plan.density.learn("B", 400, 1)
    reach = plan.reach(Window(dt.date(2026, 2, 1), dt.date(2026, 2, 9), ZoneInfo("UTC")))
    pieces = [piece for stretch in plan.stretches(reach, None, DayStride()) for piece in stretch.pieces]
    for value, position in (("A", 0), ("B", 1)):
        orders = [piece.order for piece in pieces if piece.value == value]
        assert orders == sorted(orders)
        assert {order[0] for order in orders} == {position}
        lows = [piece.ranges[0].low for piece in pieces if piece.value == value]
        assert lows == sorted(lows)
    assert sum(piece.value == "B" for piece in pieces) > sum(piece.value == "A" for piece in pieces)


def test_years_without_an_item_cost_few_requests():
    """After any first page, empty ranges are cut into fewer and fewer pieces."""
    plan = planner("EPOCH", "S", "UTC")
    for value in "AB":
        plan.density.learn(value, 1e6, 1)
    stride, pieces = DayStride(), 0
    for stretch in plan.stretches(
        plan.reach(Window(dt.date(2001, 9, 1), dt.date(2026, 9, 1), ZoneInfo("UTC"))), None, stride
    ):
        pieces += len(stretch.pieces)
        stride.learn(stretch.days, 0)
    assert pieces < 500


def test_days_are_complete_only_when_no_offset_can_reach_them():
    """A day of text keys is complete 14 hours after its end on the key's axis; the last stretch completes them all."""
    plan = planner("ISO", "S", "UTC")
    reach = plan.reach(Window(dt.date(2026, 2, 1), dt.date(2026, 2, 3), ZoneInfo("UTC")))
    complete = [stretch.complete_to for stretch in plan.stretches(reach, None, DayStride())]
    assert complete[0] == dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
    assert complete[-1] is None


@pytest.mark.parametrize("date_format", ["HUMAN_READABLE", "%d.%m.%Y"])
def test_a_key_that_does_not_sort_is_read_whole(date_format):
    """Each partition value is one piece without bounds, for every window."""
    plan = planner(date_format, "S", "UTC")
    (stretch,) = plan.stretches(
        plan.reach(Window(dt.date(2026, 2, 1), dt.date(2026, 2, 1), ZoneInfo("UTC"))), None, DayStride()
    )
    assert [piece.ranges for piece in stretch.pieces] == [(KeyRange(None, None),)] * 2
