"""Charts of results: what fits which columns, which points are drawn, and what the notes say about the others."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from dashboard.results.charts.choice import ROWS, choices_of, is_drawable, suggested_colour
from dashboard.results.charts.gaps import Published
from dashboard.results.charts.points import chart_of, described
from dashboard.results.charts.spec import vega_lite

DAYS = [dt.date(2026, 1, day) for day in (1, 1, 2, 2)]
SPLIT = pa.table({"day": DAYS, "channel": ["VOICE", "CHAT", "VOICE", "CHAT"], "contacts": [5, 6, 7, 8]})


def chart(table: pa.Table):
    """The chart that a person sees who picks nothing."""
    choices = choices_of(table)
    return chart_of(table, choices.x[0], choices.y[0], suggested_colour(table, choices, choices.x[0]))


def marks(table: pa.Table, *asked):
    return [
        (point.where, point.colour, point.exact)
        for point in (chart_of(table, *asked) if asked else chart(table)).points
    ]


@pytest.mark.parametrize(
    ("columns", "fits"),
    [
        ({"day": DAYS, "n": [1, 2, 3, 4]}, True),
        ({"channel": ["a", "b"], "n": [1, 2]}, True),
        ({"channel": ["a", "b"]}, True),
        ({"hour": [1, 2], "n": [3, 4]}, True),
        ({"n": [3, 4]}, False),
        ({"share": [0.5, 0.5], "other": [0.5, 0.5]}, False),
        ({"channel": ["a"], "n": [1]}, False),
        ({}, False),
    ],
)
def test_what_can_be_drawn(columns, fits):
    """It takes two rows, and a moment, a category or a whole number to draw something over."""
    assert is_drawable(pa.table(columns)) is fits


def test_few_days_are_bars_and_many_are_a_line():
    """A number over days: bars that are distinguishable, otherwise a line; days in their order."""
    few = pa.table({"n": [2, 1], "day": [dt.date(2026, 1, 2), dt.date(2026, 1, 1)]})
    assert marks(few) == [("2026-01-01", "", "1"), ("2026-01-02", "", "2")]
    assert not chart(few).is_line
    many = [dt.date(2026, 1, 1) + dt.timedelta(days=place) for place in range(90)]
    assert chart(pa.table({"day": many, "n": range(90)})).is_line


def test_no_text_of_the_data_passes_for_no_value_or_for_the_others():
    """Rows without a value, and small values that are one series, are never added to a value that reads like them."""
    without = pa.table({"city": [None, "(none)", "", "(empty)", "(all others)"], "n": [1, 2, 4, 8, 16]})
    assert {(where, exact) for where, _, exact in marks(without, "city", "n", None)} == {
        ("(none)", "1"), ("'(none)'", "2"), ("(empty)", "4"), ("'(empty)'", "8"), ("'(all others)'", "16"),
    }  # fmt: skip
    names = ["(all others)", *"abcdefghij"]
    table = pa.table({"day": DAYS[:1] * len(names), "agent": names, "n": [50, *range(10, 0, -1)]})
    drawn = {colour: exact for _, colour, exact in marks(table, "day", "n", "agent")}
    assert (drawn["'(all others)'"], drawn["(all others)"], len(drawn)) == ("50", "10", 8)


def test_days_split_by_a_category_are_a_line_each():
    """One row for each day and channel: channel is the colour."""
    drawn = chart(SPLIT)
    assert (drawn.x, drawn.y, drawn.colour, drawn.is_line, drawn.series) == (
        "day", "contacts", "channel", True, ("CHAT", "VOICE"),
    )  # fmt: skip
    assert min(marks(SPLIT)) == ("2026-01-01", "CHAT", "6")
    assert drawn.notes == ()


def test_two_categories_are_stacked_bars_the_largest_first():
    """Places in the order of their sums, series in the order of theirs; NULL and empty text have names."""
    table = pa.table({"channel": ["a", "a", None, ""], "agent": ["x", "y", "x", "x"], "n": [1, 2, 10, 5]})
    drawn = chart_of(table, "channel", "n", "agent")
    assert drawn.order == ("(none)", "(empty)", "a")
    assert drawn.series == ("x", "y")
    assert marks(table, "channel", "n", "agent")[:2] == [("(none)", "x", "10"), ("(empty)", "x", "5")]


def test_the_largest_thirty_of_many_values_are_drawn_and_that_is_said():
    """What has no room is counted."""
    table = pa.table({"city": [f"c{number:03}" for number in range(120)], "n": range(120)})
    drawn = chart(table)
    assert drawn.order[:2] == ("c119", "c118")
    assert len(drawn.points) == 30
    assert drawn.notes == ("the largest 30 of 120 values of city",)


def test_small_series_are_drawn_as_one():
    """Seven have a colour of their own, the rest are added up, nothing is left out."""
    table = pa.table({"channel": ["a"] * 20, "agent": [f"g{number:02}" for number in range(20)], "n": range(20)})
    drawn = chart_of(table, "channel", "n", "agent")
    assert drawn.series == ("g19", "g18", "g17", "g16", "g15", "g14", "g13", "(all others)")
    assert sum(int(point.exact) for point in drawn.points) == sum(range(20))
    assert drawn.notes == ("the largest 7 of 20 values of agent have a colour of their own",)


def test_numbers_are_added_up_exactly_and_named_as_sums():
    """Big integers, decimals and doubles keep their digits in the text; nothing passes through a double on its way."""
    big = pa.table({"channel": ["a", "a"], "n": pa.array([2**53, 1], pa.int64())})
    assert chart_of(big, "channel", "n", None).y == "Sum of n"
    assert marks(big, "channel", "n", None) == [("a", "", "9,007,199,254,740,993")]
    money = pa.table({"channel": ["a", "a"], "n": [Decimal("0.10"), Decimal("12345678901234567890.20")]})
    assert marks(money, "channel", "n", None) == [("a", "", "12,345,678,901,234,567,890.30")]
    assert marks(pa.table({"channel": ["a", "b"], "n": [0.1, None]})) == [("a", "", "0.1")]


def test_rows_that_are_things_are_counted():
    """A list of contacts is drawn as how many there are; its columns can be picked instead."""
    columns = {"contact_id": [f"c{number}" for number in range(40)], "channel": ["a", "b"] * 20, "method": ["x"] * 40}
    table = pa.table({**columns, "queue": range(40)})
    choices = choices_of(table)
    assert (choices.x[0], choices.y) == ("channel", (ROWS, "queue"))
    assert marks(table, "channel", ROWS, None) == [("a", "", "20"), ("b", "", "20")]


def test_a_number_that_is_one_of_few_columns_is_measured():
    """A result of a text and a number shows the number, added up where the text repeats."""
    table = pa.table({"contact_id": ["a", "b", "a"], "queue": [1, 2, 4]})
    assert marks(table) == [("a", "", "5"), ("b", "", "2")]


def test_more_moments_than_can_be_told_apart_are_added_up():
    """A thousand hours become days, and the chart says so; where the time is missing, that is said too."""
    moments = [dt.datetime(2026, 1, 1) + dt.timedelta(hours=place) for place in range(1000)]
    drawn = chart_of(pa.table({"at": [*moments, None], "n": [1] * 1001}), "at", "n", None)
    assert (drawn.points[0].where, drawn.points[0].exact, drawn.unit) == ("2026-01-01", "24", "day")
    assert drawn.notes == ("added up per day", "1 row without at")
    assert sum(int(point.exact) for point in drawn.points) == 1000


def test_whole_numbers_stand_in_their_own_order():
    """Hours of a day are not sorted by how much they measure."""
    table = pa.table({"hour": [10, 9, 2], "n": [1, 2, 3]})
    assert marks(table) == [("2", "", "3"), ("9", "", "2"), ("10", "", "1")]


def test_no_more_than_five_thousand_points_are_drawn():
    """Beyond, the first ones are, and how many there are is said."""
    table = pa.table({"number": range(6_000), "n": [1] * 6_000})
    drawn = chart_of(table, "number", "n", None)
    assert len(drawn.points) == len(vega_points(vega_lite(drawn, ""))) == 5_000
    assert drawn.notes == ("the first 5,000 of 6,000 points",)


def vega_points(spec):
    (values,) = spec["datasets"].values()
    return values


def test_a_specification_is_described_and_leaves_colours_to_the_theme():
    """Marks and chart carry the text, tooltips the exact number, and no colour is fixed."""
    drawn = chart(SPLIT)
    text = described(drawn)
    assert text == (
        "Lines: contacts by day, split by channel from 2026-01-01 to 2026-01-02. Largest: 8 at 2026-01-02 (CHAT)."
    )
    spec = vega_lite(drawn, text)
    assert spec["mark"]["description"] == text
    assert "description" not in spec  # `alt` says it; with both, Streamlit logs a warning for each drawing.
    assert [shown["field"] for shown in spec["encoding"]["tooltip"]] == ["where", "colour", "exact"]
    assert {row["exact"] for row in vega_points(spec)} == {"5", "6", "7", "8"}
    assert "#" not in str({**spec, "datasets": None})


def test_a_value_has_the_colour_that_it_has_everywhere():
    """The scale counts every known value, drawn or not; the legend has those that are drawn."""
    spec = vega_lite(chart(SPLIT), "", ("CHAT", "EMAIL", "TASK", "(none)"))
    colour = spec["encoding"]["color"]
    assert colour["scale"]["domain"] == ["CHAT", "EMAIL", "TASK", "(none)", "VOICE"]
    assert sorted(colour["legend"]["values"]) == ["CHAT", "VOICE"]
    assert "scale" not in vega_lite(chart(SPLIT), "")["encoding"]["color"]


def test_hostile_values_are_data_and_no_expression():
    """What stands in a row never becomes a part of Vega's expressions."""
    value = "'] || alert(1) //"
    spec = vega_lite(chart_of(pa.table({"c": [value, "b"], "n": [1, 2]}), "c", "n", "c"), "")
    assert "transform" not in spec
    assert "expr" not in str({**spec, "datasets": None})


def test_sums_of_the_longest_decimals_are_exact():
    """Twice the largest number of 38 digits is what it is, and not negative."""
    largest = Decimal("9" * 38)
    table = pa.table({"c": ["a", "a"], "n": pa.array([largest, largest], pa.decimal128(38, 0))})
    assert marks(table, "c", "n", None) == [("a", "", "199,999,999,999,999,999,999,999,999,999,999,999,998")]


def test_what_is_not_finite_is_left_out_and_that_is_said():
    """NaN and infinities have no place on an axis, and are no JSON; the other rows are drawn."""
    table = pa.table({"c": ["a", "a", "b", "c"], "n": [1.5, float("nan"), float("inf"), 2.5]})
    drawn = chart_of(table, "c", "n", None)
    assert [(point.where, point.exact) for point in drawn.points] == [("c", "2.5"), ("a", "1.5")]
    assert drawn.notes == ("2 rows without a finite n",)


@pytest.mark.parametrize(
    ("days", "form"), [((1, 3), None), ((1, 20), "%-d %b"), ((1, 400), "%-d %b %Y"), ((1, 20_000), "%b %Y")]
)
def test_a_time_axis_names_the_month(days, form):
    """Beyond a few days a label is a date; the day of the week alone would be taken for one."""
    moments = [dt.date(1970, 12, 1) + dt.timedelta(days=place) for place in range(*days)]
    spec = vega_lite(chart(pa.table({"day": moments, "n": range(len(moments))})), "")
    assert spec["encoding"]["x"]["axis"].get("format") == form
    # Where labels are days, two ticks of one day would read the same.
    assert spec["encoding"]["x"]["axis"].get("tickMinStep") == (form and 86_400_000)


def test_bars_of_many_values_are_stacked_by_few():
    """Who picks nothing sees every row: a bar per agent in the colours of the channels, and not the other way round."""
    pairs = [(f"agent {number}", channel) for number in range(12) for channel in ("CHAT", "VOICE")]
    agents, channels = zip(*pairs, strict=True)
    drawn = chart(pa.table({"channel": channels, "agent": agents, "n": range(24)}))
    assert (drawn.x, drawn.colour, drawn.y) == ("agent", "channel", "n")


JANUARY = Published(frozenset(dt.date(2026, 1, day) for day in range(1, 32) if day not in (10, 11)), frozenset({"n"}))


def daily(*days: int) -> pa.Table:
    """Rows of these days of January 2026, of two channels."""
    dates = [dt.date(2026, 1, day) for day in days]
    channels = ["CHAT"] * len(dates) + ["VOICE"] * len(dates)
    return pa.table({"day": dates * 2, "channel": channels, "n": [5] * len(channels)})


def test_a_published_day_without_rows_is_zero_on_a_line_and_others_are_a_gap():
    """The 9th is published and has no rows: zero. The 10th and 11th were never published: the line is interrupted."""
    drawn = chart_of(daily(7, 8, 12, 13), "day", "n", "channel", published=JANUARY)
    assert [(point.x[:10], point.exact) for point in drawn.points if point.colour == "CHAT"] == [
        ("2026-01-07", "5"),
        ("2026-01-08", "5"),
        ("2026-01-09", "0"),
        ("2026-01-12", "5"),
        ("2026-01-13", "5"),
    ]
    assert [place[:10] for place, name in drawn.gaps if name == "VOICE"] == ["2026-01-10", "2026-01-11"]
    nulls = [row for row in vega_points(vega_lite(drawn, "")) if row["y"] is None]
    assert {(row["x"][:10], row["colour"]) for row in nulls} == {
        (day, name) for day in ("2026-01-10", "2026-01-11") for name in ("CHAT", "VOICE")
    }


def test_a_series_without_rows_on_a_published_day_is_zero():
    """VOICE has no rows on the 8th, where CHAT has some: its line goes to zero there."""
    table = daily(7, 8, 9).filter(pa.array([True, True, True, True, False, True]))
    drawn = chart_of(table, "day", "n", "channel", published=JANUARY)
    assert [point.exact for point in drawn.points if point.colour == "VOICE"] == ["5", "0", "5"]
    assert drawn.gaps == ()


@pytest.mark.parametrize(
    ("measure", "published"),
    [("n", None), ("mean", JANUARY), ("n", Published(frozenset({dt.date(2026, 1, 7)}), frozenset({"n"})))],
)
def test_a_day_of_which_nothing_is_known_is_a_gap(measure, published):
    """A cut result, a measure that counts no rows, and days of another calendar have no zeros."""
    table = daily(7, 8, 12).append_column("mean", pa.array([0.5] * 6))
    drawn = chart_of(table, "day", measure, "channel", published=published)
    assert {point.exact for point in drawn.points} == ({"5"} if measure == "n" else {"0.5"})
    assert [place[:10] for place, name in drawn.gaps if name == "CHAT"] == ["2026-01-09", "2026-01-10", "2026-01-11"]


def test_weeks_and_months_have_their_own_steps():
    """A point per week or month has no gaps between; a missing month is one gap."""
    weeks = [dt.date(2026, 1, 5) + dt.timedelta(weeks=number) for number in (0, 1, 2, 4)]
    months = [dt.date(2025, month, 1) for month in (1, 2, 4, 12)]
    for dates, expected in ((weeks, ["2026-01-26"]), (months, [f"2025-{month:02}-01" for month in (3, *range(5, 12))])):
        table = pa.table({"at": dates * 2, "kind": ["a"] * 4 + ["b"] * 4, "n": [1] * 8})
        drawn = chart_of(table, "at", "n", "kind")
        assert [place[:10] for place, name in drawn.gaps if name == "a"] == expected


def test_long_stretches_without_rows_add_few_points():
    """Two rows three centuries apart are interrupted once, at both ends."""
    dates = [dt.date(1726, 5, 2), dt.date(1726, 5, 3), dt.date(2026, 1, 1)]
    table = pa.table({"at": dates * 2, "kind": ["a"] * 3 + ["b"] * 3, "n": [1] * 6})
    drawn = chart_of(table, "at", "n", "kind")
    assert [place[:10] for place, name in drawn.gaps if name == "a"] == ["1726-05-04", "2025-12-31"]


def test_moments_at_any_time_have_no_gaps():
    """Contacts at 10:03 and 11:47 follow no step, so nothing is missing between them."""
    at = [dt.datetime(2026, 1, 7, 10, 3), dt.datetime(2026, 1, 9, 11, 47)]
    drawn = chart_of(pa.table({"at": at, "n": [1, 2]}), "at", "n", None, published=JANUARY)
    assert (drawn.gaps, [point.exact for point in drawn.points]) == ((), ["1", "2"])
