"""Pivot tables and charts of grouped answers: order, names, totals, and what is not added up."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from dashboard.model.grouping.question import GroupBy
from dashboard.model.semantic_model import semantic_model_from
from dashboard.results.charts.spec import vega_lite
from dashboard.results.grouped.answer import GroupedAnswer
from dashboard.results.grouped.chart import grouped_chart
from dashboard.results.grouped.kinds import drawing_of
from dashboard.results.grouped.pivot import PivotCell, pivot_of
from dashboard.ui.result.pivot_table import pivot_html
from dataset_model import dataset_from_text

MODEL = semantic_model_from(
    dataset_from_text(
        """
name: visits
source: {table: visits, index: by-day, partition_key: site, partition_values: [a], sort_key: at}
columns:
  - {name: at, attribute: at, type: timestamp}
  - {name: shop, attribute: shop, type: string, role: dimension, value_labels: {N: North, S: North}}
  - {name: seconds, attribute: s, type: bigint, unit: s}
dashboard: {rows: {one: visit, many: visits}, week_starts: sunday}
""",
        "visits.yaml",
    ),
    None,
)
NAMES = ("weekday", "shop", "mean_seconds", "mean_seconds_values", "visits", "level")
ROWS = [
    (None, None, 4.0, 5, 6, 3),
    (None, "N", 2.0, 2, 2, 2),
    (None, "S", 8.0, 2, 3, 2),
    (None, None, 1.0, 1, 1, 2),
    ("1", None, 3.0, 3, 4, 1),
    ("7", None, 5.0, 2, 2, 1),
    ("1", "N", 2.0, 2, 2, 0),
    ("1", "S", None, 0, 1, 0),
    ("1", None, 1.0, 1, 1, 0),
    ("7", "S", 8.0, 2, 2, 0),
]
TABLE = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(NAMES)})


def answer(sort: str = "groups") -> GroupedAnswer:
    return GroupedAnswer(TABLE, GroupBy("mean", "seconds", ("weekday", "shop"), sort=sort), MODEL)


def test_a_pivot_table_has_totals_of_its_rows_and_columns():
    """Sunday begins the week; columns stand by size; a total is what the query gave, never a mean of means."""
    pivot = pivot_of(answer("largest"), MODEL, truncated=False)
    assert pivot.heads == ("North ('S')", "North ('N')", "(none)", "Total")
    assert [label for label, _ in pivot.rows] == ["Sunday", "Monday"]
    texts = [[cell.text for cell in cells] for _, cells in pivot.rows]
    assert texts == [["8 s", "", "", "5 s"], ["\N{EN DASH}", "2 s", "1 s", "3 s"]]
    assert [cell.text for cell in pivot.foot] == ["8 s", "2 s", "1 s", "4 s"]
    assert pivot.foot[-1] == PivotCell("4 s", "4 s, over 5 of 6 visits")
    assert pivot.notes == ("a total is computed over its own rows, not added up",)


def test_time_stands_in_its_order_unless_size_is_asked_for():
    """Monday's total is the smaller one; the first grouping follows the order that was asked for."""
    assert answer("groups").values(0) == ["7", "1"]
    assert answer("smallest").values(0) == ["1", "7"]
    assert answer("smallest").values(1) == [None, "N", "S"]


def test_two_values_with_one_label_have_two_names():
    """One label for two values would add their figures up in a chart."""
    assert answer().names(1) == {"N": "North ('N')", "S": "North ('S')", None: "(none)"}


def test_a_cut_answer_says_so():
    """An empty cell may be a group that the limit has cut off."""
    notes = pivot_of(answer(), MODEL, truncated=True).notes
    assert notes[0].startswith("more groups than the rows asked for")


def test_means_stand_side_by_side():
    """No bar stands on another, and what has no mean is not drawn."""
    drawn = grouped_chart(answer(), MODEL)
    assert [(point.x, point.colour, point.y) for point in drawn.chart.points] == [
        ("Sunday", "North ('S')", 8.0),
        ("Monday", "North ('N')", 2.0),
        ("Monday", "(none)", 1.0),
    ]
    assert (drawn.chart.axis, drawn.chart.order, drawn.stacks) == ("order", ("Sunday", "Monday"), False)
    encoding = drawn.drawn(vega_lite(drawn.chart, "text"))["encoding"]
    assert encoding["y"]["stack"] is None
    assert encoding["xOffset"]["field"] == "colour"


def test_weeks_and_weekdays_are_coloured_in_their_order():
    """A legend that begins with Friday, because it was the busiest day, is read twice."""
    rows = [("N", day, float(figure), 1, 1, 0) for day, figure in (("5", 9), ("1", 3), ("7", 5))]
    names = ("shop", "weekday", *NAMES[2:])
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    drawn = grouped_chart(GroupedAnswer(table, replace(answer().asked, by=("shop", "weekday")), MODEL), MODEL)
    assert drawn.chart.series == ("Sunday", "Monday", "Friday")


def test_a_mean_of_many_colours_has_no_others():
    """The ninth value is left out by name: there is no mean of the rest."""
    rows = [("1", f"shop {number:02}", float(100 - number), 1, 1, 0) for number in range(12)]
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(NAMES)})
    drawn = grouped_chart(GroupedAnswer(table, answer("largest").asked, MODEL), MODEL)
    assert len(drawn.chart.series) == 8
    assert any("the first 8 of 12 values of shop" in note for note in drawn.chart.notes)


def test_texts_of_a_pivot_table_are_texts():
    """A value that looks like HTML is shown as it is."""
    table = TABLE.set_column(1, "shop", pa.array(["<b>" if row[1] == "N" else row[1] for row in ROWS]))
    found = GroupedAnswer(table, answer().asked, MODEL)
    shown = pivot_html(pivot_of(found, MODEL, truncated=False), found.title)
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def sums(*figures: float, shops: Sequence[str | None] = ()) -> GroupedAnswer:
    """The sum of seconds per shop; the shops are named 0, 1, 2 and so on."""
    named = shops or [str(place) for place, _ in enumerate(figures)]
    rows = [(shop, figure, 1, 0) for shop, figure in zip(named, figures, strict=True)]
    names = ("shop", "sum_seconds", "visits", "level")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    return GroupedAnswer(table, GroupBy("sum", "seconds", ("shop",)), MODEL)


def test_small_slices_are_one():
    """Seven values have a slice, the others one together; the shares are of all of them."""
    drawing = drawing_of(sums(*range(1, 11)), MODEL, "doughnut")
    assert drawing is not None
    marks = drawing.spec["datasets"][drawing.spec["data"]["name"]]
    assert [(mark["name"], mark["amount"]) for mark in marks] == [
        ("9", 10), ("8", 9), ("7", 8), ("6", 7), ("5", 6), ("4", 5), ("3", 4), ("(all others)", 6),
    ]  # fmt: skip
    assert marks[0]["share"] == "18.2%"


@pytest.mark.parametrize("kind", ["doughnut", "bar"])
def test_no_value_of_the_data_passes_for_another(kind):
    """A value that reads like the others, like no value, or like a value with its text added, has its own figure."""
    shops = ["(all others)", None, "(none)", "N", "S", "North ('N')", "__proto__", "a", "b"]
    drawing = drawing_of(sums(*range(20, 11, -1), shops=shops), MODEL, kind)
    assert drawing is not None
    marks = drawing.spec["datasets"][drawing.spec["data"]["name"]]
    named = [(mark.get("name", mark.get("x")), mark.get("amount", mark.get("y"))) for mark in marks]
    assert len({name for name, _ in named}) == len(named)
    assert named[:7] == [
        ("(all others) ('(all others)')", 20), ("(none) (None)", 19), ("(none) ('(none)')", 18),
        ("North ('N') ('N')", 17), ("North ('S')", 16), ('North (\'N\') ("North (\'N\')")', 15), ("__proto__", 14),
    ]  # fmt: skip
    assert sum(amount for _, amount in named) == sum(range(12, 21))


def test_the_legend_of_a_ring_reads_names_that_every_object_has():
    """A slice of a value such as __proto__ has its figure in the legend, as every other one."""
    drawing = drawing_of(sums(3, 2, shops=["__proto__", "constructor"]), MODEL, "doughnut")
    assert drawing is not None
    legend = drawing.spec["encoding"]["color"]["legend"]["labelExpr"]
    texts, _, place = legend.partition("}")
    assert list(json.loads(texts + "}").values()) == ["__proto__  3 s · 60.0%", "constructor  2 s · 40.0%"]
    assert set(json.loads(texts + "}")) == {"=__proto__", "=constructor"}
    assert place == "['=' + datum.label]"


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -1.0])
def test_what_is_no_share_is_no_slice(figure):
    """A figure below zero or without an end makes no whole: bars, with every figure that there is, in valid JSON."""
    drawing = drawing_of(sums(1.0, 2.0, figure), MODEL, "pie")
    assert drawing is not None
    assert drawing.spec["mark"]["type"] == "bar"
    json.dumps(drawing.spec, allow_nan=False)


def test_a_heat_map_holds_figures_alone():
    """A cell without a finite figure is empty; values that read alike keep rows of their own."""
    drawn = drawing_of(answer(), MODEL, "heatmap")
    endless = TABLE.set_column(2, "mean_seconds", pa.array([float("nan")] * len(ROWS)))
    assert drawing_of(GroupedAnswer(endless, answer().asked, MODEL), MODEL, "heatmap") is None
    assert drawn is not None
    marks = drawn.spec["datasets"][drawn.spec["data"]["name"]]
    assert [(mark["row"], mark["column"], mark["amount"]) for mark in marks] == [
        ("Sunday", "North ('S')", 8.0), ("Monday", "North ('N')", 2.0), ("Monday", "(none)", 1.0),
    ]  # fmt: skip
