"""The axis of a chart of groups reads as its measure does."""

from dataclasses import replace
from typing import Any

import pytest

from dashboard.model.measures import Measure, Term
from dashboard.results.charts.points import Point, ResultChart
from dashboard.results.charts.spec import vega_lite
from dashboard.results.grouped.measure_axis import in_unit

SUM = Measure("sum", "Answer", (Term("sum", "seconds"),), column="seconds", unit="s")


def drawn(measure: Measure, *figures: tuple[str, str, float]) -> dict[str, Any]:
    points = tuple(Point(x, x, figure, colour, str(figure)) for x, colour, figure in figures)
    order = tuple(dict.fromkeys(point.x for point in points))
    series = tuple(dict.fromkeys(point.colour for point in points))
    split = "Shop" if len(series) > 1 else None
    chart = ResultChart("order", "Day", "Answer", split, points, order, series, False, None, (), ())
    found: dict[str, Any] = in_unit(vega_lite(chart, ""), chart, measure)["encoding"]["y"]
    return found


@pytest.mark.parametrize(
    ("figures", "ticks", "said"),
    [
        ((60_000.0, 30_000.0), [0, 18_000, 36_000, 54_000, 72_000], "abs(datum.value) / 3600"),
        ((250.0,), [0, 60, 120, 180, 240, 300], "abs(datum.value) / 60"),
        ((90.0, -30.0), [-40, -20, 0, 20, 40, 60, 80, 100], "abs(datum.value) / 1"),
        ((0.0,), [0], "abs(datum.value) / 1"),
    ],
)
def test_a_duration_has_ticks_in_hours_minutes_or_seconds(figures, ticks, said):
    """60,000 seconds are marked at 5, 10, 15 and 20 hours, and not at 20k."""
    axis = drawn(replace(SUM, format="duration"), *((str(place), "", each) for place, each in enumerate(figures)))
    assert axis["axis"]["values"] == ticks
    assert said in axis["axis"]["labelExpr"]


def test_stacked_durations_have_ticks_up_to_their_sum():
    """Two parts of an hour and a half stand on each other: three hours."""
    axis = drawn(replace(SUM, format="duration"), ("Mon", "A", 5400.0), ("Mon", "B", 5400.0))
    assert (axis["axis"]["values"][-1], "' h'" in axis["axis"]["labelExpr"].replace('"', "'")) == (10_800, True)


def test_money_and_shares_have_their_signs():
    """A sum of euros begins with its sign, a share is in hundredths."""
    money = drawn(replace(SUM, format="currency", unit="EUR"), ("Mon", "", 20_000.0))["axis"]["labelExpr"]
    assert money.startswith("(datum.value < 0 ? '-' : '') + \"\\u20ac\" + ")
    share = drawn(replace(SUM, format="percent", unit=None), ("Mon", "", 0.4))["axis"]["labelExpr"]
    assert ("abs(datum.value) / 0.01" in share, share.endswith('+ "%"')) == (True, True)


def test_a_plain_number_has_its_unit_in_the_title():
    """Degrees and volts are read once; a number without a unit keeps its title."""
    assert drawn(replace(SUM, unit="°C"), ("Mon", "", 20.5))["title"] == "Answer (°C)"
    assert drawn(replace(SUM, unit=None), ("Mon", "", 20.5))["title"] == "Answer"
