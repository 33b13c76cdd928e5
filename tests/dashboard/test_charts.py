"""Charts: counts in, a Vega-Lite specification out."""

import datetime as dt
import json
from typing import Any

import pytest

from dashboard import charts
from dashboard.overview import DayCount, ValueCount

CHANNELS = (ValueCount("VOICE", 60), ValueCount("CHAT", 30), ValueCount(None, 10))
CATEGORIES = ("CHAT", "EMAIL", "VOICE", None)
DAYS = (DayCount(dt.date(2026, 1, 31), 5, 4), DayCount(dt.date(2026, 2, 1), 0, 0), DayCount(dt.date(2026, 2, 2), 12, 9))


def layers(spec: charts.Spec) -> list[dict[str, Any]]:
    return spec.get("layer", [spec])


def marks(spec: charts.Spec) -> list[str]:
    return [layer["mark"]["type"] for layer in layers(spec)]


def test_contacts_per_day_are_bars_of_named_days():
    """Days travel as their ISO names, so that no reader's time zone moves them, and days without contacts stay."""
    spec = charts.day_bars(DAYS)
    assert marks(spec) == ["bar"]
    assert spec["data"]["values"] == [
        {"day": "2026-01-31", "count": 5},
        {"day": "2026-02-01", "count": 0},
        {"day": "2026-02-02", "count": 12},
    ]
    assert spec["encoding"]["x"]["type"] == "ordinal"


def test_days_can_be_brushed():
    """The selection of days is an interval along the axis, over bars that are not stacked (see the layout)."""
    spec = charts.day_bars(DAYS)
    (brush,) = spec["params"]
    assert (brush["name"], brush["select"]["type"]) == (charts.BRUSH, "interval")
    assert spec["encoding"]["y"]["stack"] is False


def test_a_doughnut_has_its_total_in_the_middle():
    """A ring, numbers around it, and the sum of all counts in the hole."""
    spec = charts.doughnut(CHANNELS, CATEGORIES)
    assert marks(spec) == ["arc", "text", "text", "text"]
    assert layers(spec)[2]["transform"] == [{"aggregate": [{"op": "sum", "field": "count", "as": "total"}]}]
    assert "0.64" in layers(spec)[0]["mark"]["innerRadius"]["expr"]


def test_a_pie_has_no_hole():
    """Initiation methods are a full pie."""
    spec = charts.pie(CHANNELS, CATEGORIES)
    assert marks(spec) == ["arc", "text"]
    assert layers(spec)[0]["mark"]["innerRadius"]["expr"].endswith("* 0")


def test_a_category_keeps_its_colour_whatever_is_shown():
    """Colours follow the dataset's categories, not the values of the moment."""
    all_of_them = charts.pie(CHANNELS, CATEGORIES)
    one_of_them = charts.pie(CHANNELS[:1], CATEGORIES)
    expected = ["CHAT", "EMAIL", "VOICE", "(none)"]
    for spec in (all_of_them, one_of_them):
        assert layers(spec)[0]["encoding"]["color"]["scale"]["domain"] == expected


def test_shares_add_up():
    """Each row carries its share of the whole, for the tooltip."""
    rows = charts.pie(CHANNELS, CATEGORIES)["data"]["values"]
    assert [row["share"] for row in rows] == [0.6, 0.3, 0.1]


def test_agents_are_bars_from_the_largest_down():
    """At most twelve agents, the busiest first; equals in alphabetical order."""
    counts = [ValueCount(f"Agent {number:02}", number // 2) for number in range(20)]
    rows = charts.horizontal_bars(counts)["data"]["values"]
    assert [row["label"] for row in rows][:4] == ["Agent 18", "Agent 19", "Agent 16", "Agent 17"]
    assert len(rows) == charts.MOST_BARS == 12


def test_every_number_on_a_bar_is_exact():
    """The label of a bar shows every digit."""
    (_, numbers) = layers(charts.horizontal_bars(CHANNELS))
    assert numbers["encoding"]["text"] == {"field": "count", "format": ",", "type": "quantitative"}


@pytest.mark.parametrize(("value", "key"), [("VOICE", "VOICE"), (None, "~"), ("~", "~~"), ("~x", "~~x"), ("", "")])
def test_a_selection_names_its_value(value: str | None, key: str):
    """Null, empty and a tilde stay apart on their way through the browser, and come back."""
    assert charts.key_from_value(value) == key
    assert charts.value_from_key(key) == value


def test_what_a_link_picked_stands_out_at_first():
    """A shared view opens with its slices selected."""
    spec = charts.pie(CHANNELS, CATEGORIES, picked=("VOICE", None))
    (pick,) = spec["params"]
    assert pick["value"] == [{"key": "VOICE"}, {"key": "~"}]


def test_null_and_empty_have_names():
    """A slice of nulls and one of empty texts can be told apart."""
    assert charts.label(None) == "(none)"
    assert charts.label("") == "(empty)"


def test_a_layout_is_made_once():
    """The same layout is the same text, so the browser updates marks instead of drawing anew."""
    first, second = charts.doughnut(CHANNELS, CATEGORIES), charts.doughnut(CHANNELS[:2], CATEGORIES)
    assert first["layer"] is second["layer"]


@pytest.mark.parametrize(
    "spec",
    [
        charts.day_bars(DAYS),
        charts.doughnut(CHANNELS, CATEGORIES),
        charts.pie(CHANNELS, CATEGORIES),
        charts.horizontal_bars(CHANNELS),
    ],
    ids=["days", "doughnut", "pie", "bars"],
)
def test_no_chart_names_a_colour(spec: charts.Spec):
    """Themes colour charts: a specification has page variables at most, and is plain JSON."""
    assert "#" not in json.dumps({**spec, "$schema": ""})


def test_charts_are_described_for_those_who_cannot_see_them():
    """Alternative text names the values, largest first, with their shares."""
    assert charts.described("Channels", CHANNELS) == "Channels: VOICE 60 (60%), CHAT 30 (30%), (none) 10 (10%)"
    assert charts.described("Channels", ()) == "Channels: no contacts"
    assert charts.described_days("Contacts per day", DAYS) == (
        "Contacts per day, 31 Jan 2026 to 02 Feb 2026: 17 in all, most on 02 Feb (12), fewest on 01 Feb (0)"
    )


def test_long_descriptions_stop():
    """Alternative text of many values says how many are left out."""
    counts = [ValueCount(str(number), 1) for number in range(20)]
    assert charts.described("Agents", counts).endswith(" and 8 more")
