"""Pictures of charts: every drawing is filled with the figures of its chart, in colours that need no page."""

import json

import pytest

from dashboard.charts.pictures import picture_of, specification_of
from dashboard.themes import LIGHT

MARKS = [
    {"key": "A", "label": "Alpha", "short": "A", "text": "3", "count": 3, "state": "whole", "colour": 0},
    {"key": "B", "label": "Beta", "short": "B", "text": "1", "count": 1, "state": "whole", "colour": 1},
]
CHARTS = {
    "doughnut": {"drawing": "doughnut", "kind": "doughnut", "marks": MARKS, "params": {}, "total": "4", "unit": "rows"},
    "bars": {"drawing": "bars", "kind": "bars", "marks": MARKS, "params": {"labels": ["Alpha", "Beta"], "high": 3}},
    "heat": {
        "drawing": "heat",
        "kind": "heat",
        "marks": MARKS,
        "params": {"rowLabels": ["A"], "columnLabels": ["x", "y"], "low": 0, "high": 3},
        "columns": [{}, {}],
    },
    "stack": {
        "drawing": "stack",
        "kind": "days",
        "shape": "bar",
        "marks": [{**mark, "parts": [{"count": mark["count"]}]} for mark in MARKS],
        "legend": [{"key": "s", "label": "S", "colour": 2}],
        "params": {"labels": ["A", "B"], "low": 0, "high": 3},
    },
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_is_drawn_of_each_kind(name: str) -> None:
    """It is a PNG of twice the points, and no colour is left to a page's variables."""
    picture = picture_of(CHARTS[name], LIGHT, 300, 200)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == 600
    assert "var(--" not in json.dumps(specification_of(CHARTS[name], LIGHT, 300, 200))


def test_a_ring_has_its_total_in_the_middle() -> None:
    """The middle says how many rows, or what is picked of them; its own rows stay in the drawing."""
    chart = CHARTS["doughnut"]
    made = specification_of(chart, LIGHT, 300, 200)
    params = {param["name"]: param.get("value") for param in made["params"]}
    assert (params["counted"], params["noun"]) == ("4", "rows")
    assert len(made["datasets"]) == 2
    picked = {**chart, "marks": [{**MARKS[0], "picked": True}, MARKS[1]]}
    params = {param["name"]: param.get("value") for param in specification_of(picked, LIGHT, 300, 200)["params"]}
    assert (params["counted"], params["noun"]) == ("3", "of 4 rows")
