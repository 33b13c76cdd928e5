"""Charts: counts in, marks with their texts out."""

import datetime as dt
import json

import pytest

from dashboard.model.selection.filters import Days
from dashboard.overview.document import marks as charts
from dashboard.overview.document.colours import Colours
from dashboard.overview.figures import DayCount, ValueCount

CHANNELS = (ValueCount("VOICE", 60), ValueCount("CHAT", 30), ValueCount(None, 10))
COLOURS = Colours(("CHAT", "EMAIL", "VOICE"))
DAYS = (DayCount(dt.date(2026, 1, 31), 5, 4), DayCount(dt.date(2026, 2, 1), 0, 0), DayCount(dt.date(2026, 2, 2), 12, 9))


def test_days_travel_as_their_names():
    """No reader's time zone moves a day, and days without contacts stay."""
    marks = charts.day_marks(DAYS, None)
    assert [(mark["key"], mark["count"]) for mark in marks] == [
        ("2026-01-31", 5),
        ("2026-02-01", 0),
        ("2026-02-02", 12),
    ]
    assert (marks[0]["short"], marks[0]["label"]) == ("31 Jan", "Sat 31 Jan 2026")
    assert [mark.get("weekend") for mark in marks] == [True, True, None]


def test_brushed_days_stand_out():
    """Those of the brush are marked, both its ends included."""
    marks = charts.day_marks(DAYS, Days(dt.date(2026, 2, 1), dt.date(2026, 2, 2)))
    assert [mark["picked"] for mark in marks] == [False, True, True]


def test_a_category_keeps_its_colour_whatever_is_shown():
    """Colours follow the dataset's categories, not the values of the moment."""
    of = {mark["label"]: mark["colour"] for mark in charts.slice_marks(CHANNELS, (), COLOURS, total=100)}
    assert of == {"VOICE": 2, "CHAT": 0, "(none)": 7}
    assert charts.slice_marks(CHANNELS[:1], (), COLOURS, total=100)[0]["colour"] == 2


def test_beyond_eight_values_the_smaller_ones_are_one_slice():
    """A theme has eight colours: of 27 values seven have one each and 20 share the last; no colour repeats."""
    counts = [ValueCount(f"queue {number:02}", 100 - number) for number in range(27)]
    colours = Colours(largest=tuple(count.value for count in counts))
    marks = charts.slice_marks(counts, ("queue 20",), colours, total=2349)
    assert [mark["colour"] for mark in marks] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert [mark["label"] for mark in marks][5:] == ["queue 05", "queue 06", "20 others"]
    assert (marks[7]["key"], marks[7]["count"], marks[7]["share"]) == ("~others", 1670, "71.1%")
    assert (marks[7]["picked"], marks[6]["picked"]) == (True, False)
    assert sum(mark["count"] for mark in marks) == 2349


@pytest.mark.parametrize("number", [1, 2, 7, 8, 9, 30])
def test_no_two_slices_share_a_colour(number: int):
    """Also where more values are published than are shown under the filters."""
    published = [*(f"v{place:02}" for place in range(30)), None]
    counts = [ValueCount(value, 5) for value in published[-number:]]
    known = Colours(tuple(value for value in published if value), largest=tuple(published))
    colours = [mark["colour"] for mark in charts.slice_marks(counts, (), known, total=5 * number)]
    assert len(set(colours)) == len(colours) <= 8


def test_an_open_day_is_not_drawn_as_whole():
    """Its text and state name it, and it is not the day with the fewest."""
    days = (*DAYS, DayCount(dt.date(2026, 2, 3), 3, 3, is_open=True))
    assert [(mark["text"], mark["state"]) for mark in charts.day_marks(days[2:], None)] == [
        ("12", "whole"),
        ("3 so far", "open"),
    ]
    text = charts.described_days("Contacts per day", (*DAYS[:1], days[3]))
    assert text.endswith("8 in all, most on 31 Jan (5), fewest on 31 Jan (5); days still open: 1")


def test_a_day_that_is_not_published_is_no_zero():
    """Neither on its mark, where a line has a gap, nor as the day with the fewest."""
    days = (*DAYS[:1], DayCount(dt.date(2026, 2, 1), 0, 0, published=False), *DAYS[2:])
    marks = charts.day_marks(days, None)
    assert [(mark["count"], mark["text"]) for mark in marks] == [(5, "5"), (None, "not published"), (12, "12")]
    assert charts.described_days("Contacts per day", days).endswith("fewest on 31 Jan (5); days not published: 1")


def test_every_mark_has_its_share():
    """Each says its part of the whole, for the tooltip and for those who hear it."""
    assert [mark["share"] for mark in charts.slice_marks(CHANNELS, (), COLOURS, total=100)] == [
        "60.0%",
        "30.0%",
        "10.0%",
    ]


def test_agents_are_bars_from_the_largest_down():
    """At most twelve agents, the busiest first; equals in alphabetical order."""
    counts = [ValueCount(f"Agent {number:02}", number // 2) for number in range(20)]
    shown = charts.largest(counts)
    assert [count.value for count in shown][:4] == ["Agent 18", "Agent 19", "Agent 16", "Agent 17"]
    assert len(shown) == charts.MOST_BARS == 12


def test_every_number_is_exact():
    """What is read shows every digit, also where a browser's own numbers would not."""
    (mark,) = charts.value_marks([ValueCount("VOICE", 9_007_199_254_740_993)], (), total=9_007_199_254_740_993)
    assert mark["text"] == "9,007,199,254,740,993"


@pytest.mark.parametrize(("value", "key"), [("VOICE", "VOICE"), (None, "~"), ("~", "~~"), ("~x", "~~x"), ("", "")])
def test_a_selection_names_its_value(value: str | None, key: str):
    """Null, empty and a tilde stay apart on their way through the browser, and come back."""
    assert charts.key_from_value(value) == key
    assert charts.value_from_key(key) == value


def test_what_is_picked_stands_out():
    """Picked values are marked, the null among them."""
    marks = charts.slice_marks(CHANNELS, ("VOICE", None), COLOURS, total=100)
    assert [mark["key"] for mark in marks if mark["picked"]] == ["VOICE", "~"]


def test_null_and_empty_have_names():
    """A slice of nulls and one of empty texts have different labels."""
    assert charts.label(None) == "(none)"
    assert charts.label("") == "(empty)"


def test_no_chart_names_a_colour():
    """Themes colour charts: marks are plain JSON and name places in a theme's series."""
    marks = [*charts.day_marks(DAYS, None), *charts.slice_marks(CHANNELS, (), COLOURS, total=100)]
    assert "#" not in json.dumps(marks)


def test_charts_are_described_for_those_who_cannot_see_them():
    """Alternative text names the values, largest first, with their shares."""
    assert charts.described("Channels", CHANNELS) == "Channels: VOICE 60 (60%), CHAT 30 (30%), (none) 10 (10%)"
    assert charts.described("Channels", ()) == "Channels: no rows"
    assert charts.described_days("Contacts per day", DAYS) == (
        "Contacts per day, 31 Jan 2026 to 02 Feb 2026: 17 in all, most on 02 Feb (12), fewest on 01 Feb (0)"
    )


def test_long_descriptions_stop():
    """Alternative text of many values says how many are left out."""
    counts = [ValueCount(str(number), 1) for number in range(20)]
    assert charts.described("Agents", counts).endswith(" and 8 more")


def test_values_have_one_order_of_colours_as_long_as_there_is_one_for_each():
    """The ring of the Overview and the chart of a result agree; with more values than colours nothing is fixed."""
    known = ["VOICE", "", "CHAT"]
    for begin in (0, 5):
        colours = Colours(tuple(sorted(known)), begin)
        counts = [ValueCount(value, 1) for value in (*known, None)]
        marks = charts.slice_marks(counts, (), colours, total=len(known) + 1)
        order = colours.labels(charts.label)
        assert [order[mark["colour"]] for mark in marks] == [mark["label"] for mark in marks]
        assert len(set(order)) == 8
    assert len(Colours(tuple("0123456")).labels(charts.label)) == 8
    assert Colours(tuple("01234567")).labels(charts.label) == ()
    assert Colours().labels(charts.label) == ()
