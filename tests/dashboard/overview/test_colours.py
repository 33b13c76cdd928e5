"""Colours of values: one for each in all charts of a page, and none for two of them while there are enough."""

import dataclasses
from pathlib import Path

import pytest

from dashboard.model.semantic_model import SemanticModel, semantic_model_from
from dashboard.overview.document.colours import Colours, coloured_dimensions, colours_of
from dataset_model import load_dataset
from dataset_model.dashboard.section import Chart

FIELDS = Path(__file__).parents[1] / "fields"


@pytest.fixture(scope="module")
def orders() -> SemanticModel:
    """Orders with a chart of each kind; regions, states and weekdays are drawn in colours."""
    model = semantic_model_from(load_dataset(str(FIELDS / "orders.yaml"), {}), None)
    charts = [
        {"kind": "bar", "by": "day"},
        {"kind": "doughnut", "by": "region"},
        {"kind": "stacked", "by": "day", "split": "state"},
        {"kind": "heatmap", "by": "region", "split": "hour"},
        {"kind": "pie", "by": "weekday"},
    ]
    return dataclasses.replace(model, charts=tuple(Chart.model_validate(each) for each in charts))


KNOWN = {"region": ("North", "South", "West"), "state": ("NEW", "PAID")}


def test_values_of_two_dimensions_have_different_colours(orders):
    """Three regions and two states have five colours; rows without a region or a state are grey in both."""
    assert coloured_dimensions(orders) == ("region", "state", "weekday")
    region = colours_of(orders, KNOWN, "region").places(["West", "North", None, "South"])
    state = colours_of(orders, KNOWN, "state").places(["PAID", "NEW", None])
    assert region == {"North": 0, "South": 1, "West": 2, None: 7}
    assert state == {"NEW": 3, "PAID": 4, None: 7}


def test_where_colours_run_out_they_begin_again(orders):
    """Seven weekdays after five values take the two colours that are left first."""
    places = colours_of(orders, KNOWN, "weekday").places(list("1234567"))
    assert [places[day] for day in "1234567"] == [5, 6, 0, 1, 2, 3, 4]


def test_a_value_keeps_its_colour_whatever_is_shown(orders):
    """Under a filter, alone, and where another chart shows more of its dimension."""
    for shown in (["West"], ["West", "North"], ["South", "West", None]):
        assert colours_of(orders, KNOWN, "region", shown).places(shown)["West"] == 2
    assert colours_of(orders, KNOWN, "state").places(["PAID"]) == {"PAID": 4}


def test_yes_and_no_are_known_without_a_list():
    """A manifest lists no values of a boolean: true alone has the colour that it has next to false."""
    model = semantic_model_from(load_dataset(str(FIELDS / "sensors.yaml"), {}), None)
    for shown in (["true"], ["false", "true"]):
        assert colours_of(model, {}, "is_alarm", shown).places(shown)["true"] == 1


def test_names_in_the_order_of_the_colours_are_each_there_once():
    """Two values may have one label: a name that stood there twice would move the colours of those after it."""
    labels = {"N": "North", "O": "North", "S": "South", None: "(none)"}
    names = Colours(("N", "O", "S"), 2).labels(labels.__getitem__)
    assert (names[2], names[4], names[7], len(set(names))) == ("North", "South", "(none)", 8)


def test_of_many_values_those_with_the_most_rows_have_their_colours_everywhere():
    """A chart of another measure may show others among its seven: they take what is free, and no colour is twice."""
    many = Colours(tuple("abcdefghij"), 0, tuple("jihgfedcba"))
    assert many.places(list("jihgfed")) == dict(zip("jihgfed", range(7), strict=True))
    other = many.places(list("ajbicgx"))
    assert (other["j"], other["i"], other["g"]) == (0, 1, 3)
    assert sorted(other.values()) == [0, 1, 2, 3, 4, 5, 6]
    assert sorted(many.places([*"jihgfed", None]).values()) == list(range(8))
