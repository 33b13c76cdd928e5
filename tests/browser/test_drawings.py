"""Every drawing with figures, by the browser's own scripts and under the page's policy."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DAYS = [
    {"place": 0, "key": "a", "count": 3, "state": "whole", "faded": False},
    {"place": 1, "key": "b", "count": None, "state": "missing", "faded": False},
    {"place": 2, "key": "c", "count": 5, "state": "whole", "faded": True, "weekend": True},
    {"place": 3, "key": "d", "count": 2, "state": "open", "faded": False, "weekend": True},
]
PARTS = [
    {**day, "part": part, "series": "xy"[part], "colour": part, "count": day["count"] and day["count"] / 2}
    for day in DAYS
    for part in range(2)
]
VALUES = [
    {"place": 0, "key": "", "label": "(empty)", "text": "9", "share": "75.0%", "count": 9, "colour": 0, "faded": False},
    {
        "place": 1,
        "key": "<b>",
        "label": "<b>&amp;",
        "text": "3",
        "share": "25.0%",
        "count": 3,
        "colour": 1,
        "faded": False,
    },
]
CELLS = [
    {"place": place, "row": place // 2, "column": place % 2, "key": str(place), "count": count, "faded": False}
    for place, count in enumerate((0, 4, None, 8))
]
OVER_TIME = {"labels": ["1 Jan", "2 Jan", "3 Jan", "4 Jan"], "high": 5, "least": 1}

SHOWN: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, int]]] = {
    "columns": (
        {"marks": DAYS},
        {**OVER_TIME, "ticks": [1]},
        {"bar_marks": 2, "open_marks": 1, "band_marks": 4, "weekend_marks": 2},
    ),
    "stack": ({"marks": DAYS, "parts": PARTS}, OVER_TIME, {"bar_marks": 4, "open_marks": 2}),
    "line": ({"marks": DAYS}, OVER_TIME, {"band_marks": 4}),
    "lines": ({"marks": DAYS, "parts": PARTS}, OVER_TIME, {"band_marks": 4}),
    "bars": ({"marks": VALUES}, {"labels": ["(empty)", "<b>&amp;"], "high": 9}, {"bar_marks": 2}),
    "doughnut": (
        {"marks": VALUES},
        {"counted": "12", "noun": "rows", "amounts": 70, "shares": 45},
        {"slice_marks": 2, "entry_marks": 2},
    ),
    # Without room for figures and shares, the shares stay.
    "pie": ({"marks": VALUES}, {"amounts": 170, "shares": 45}, {"slice_marks": 2, "entry_marks": 2}),
    "heat": ({"marks": CELLS}, {"high": 8, "rowLabels": ["Mon", "Tue"]}, {"cell_marks": 3, "empty_marks": 1}),
    "sparkline": ({"marks": DAYS}, {"last": 3, "high": 5}, {"line_marks": 1}),
}

DRAW = """async ([name, data, params]) => {
    const { Drawing } = await import(new URL("./board/drawing.js", document.baseURI).href)
    const drawing = new Drawing()
    document.querySelector(".board").append(drawing.element)
    drawing.show(name, { data, params, width: 400, height: 250 })
    while (!drawing.view) await new Promise(done => setTimeout(done, 10))
    const shapes = {}
    for (const group of drawing.element.querySelectorAll(".role-mark")) {
        // The bars of a stack are a group per day.
        const kind = group.classList[2]
        shapes[kind] = (shapes[kind] ?? 0) + group.querySelectorAll(":scope > path").length
    }
    const all = selector => [...drawing.element.querySelectorAll(selector)]
    const found = {
        shapes,
        texts: all("text").map(text => text.textContent),
        focused: all("path").filter(path => path.getAttribute("stroke") === "var(--dash-text)").length,
        curves: all(".mark-line path").map(path => path.getAttribute("d").match(/M/g)?.length ?? 0),
    }
    drawing.element.remove()
    return found
}"""


def test_every_drawing_shows_its_figures(visitor: Callable[..., Any]):
    """A mark per figure; what is open apart from what is whole, what is missing not at all; texts letter for letter."""
    page = visitor().open("/?from=2026-01-01&to=2026-01-31")
    page.wait_for_selector(".board .picture")
    found = {
        name: page.evaluate(DRAW, [name, data, {"focused": False, **params} if name != "sparkline" else params])
        for name, (data, params, _) in SHOWN.items()
    }
    for name, (_, _, shapes) in SHOWN.items():
        assert {kind: found[name]["shapes"].get(kind) for kind in shapes} == shapes, name
    # The value without letters has the key "", which has no focus.
    assert [name for name in found if found[name]["focused"]] == []
    assert {"(empty)", "<b>&amp;", "9", "3"} <= set(found["bars"]["texts"])
    assert {"12", "rows", "75%", "25%", "9 · 75.0%", "3 · 25.0%"} <= set(found["doughnut"]["texts"])
    assert {"75.0%", "25.0%"} <= set(found["pie"]["texts"])
    # Ticks stand at the places that are named.
    assert [text for text in found["columns"]["texts"] if "Jan" in text] == ["2 Jan"]
    assert [text for text in found["line"]["texts"] if "Jan" in text] == ["1 Jan", "2 Jan", "3 Jan", "4 Jan"]
    # A line begins again after the day that is missing; what leads to the open day is another, dashed one.
    assert found["line"]["curves"] == [2, 1]
