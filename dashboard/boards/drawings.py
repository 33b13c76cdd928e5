"""The drawing or the days of a card flow in, their specification in the room of a sheet or a mail flows out."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from dashboard.results.grouped.kinds import Drawing
from dashboard.themes import LIGHT

_BAR: Final = 17
"""Least height of a horizontal bar with its label, in pixels."""
_AROUND: Final = 60
"""Height of an axis with its labels and its title, in pixels."""
_BESIDE: Final = 400
"""Width from which on the legend of a ring has room at its side, in pixels."""
_ENTRY: Final = 17
"""Height of a line of a legend, in pixels."""
_RING: Final = 170
_SPARKLINE: Final = 46


def fitted(drawing: Drawing, width: float, most: float) -> dict[str, Any]:
    """Return the specification of a drawing in a width and at most a height, in pixels.

    Labels and slices that would not fit take the height that they need.
    """
    spec = copy.deepcopy(drawing.spec)
    encoding, height = spec["encoding"], min(spec["height"], most)
    if spec["mark"]["type"] == "arc" and width < _BESIDE:
        legend = encoding["color"]["legend"]
        legend |= {"orient": "bottom", "columns": 1, "direction": "vertical"}
        height = min(_RING, width) + _ENTRY * len(legend["values"]) + _ENTRY
    elif spec["mark"]["type"] == "bar" and encoding.get("y", {}).get("field") == "x":
        height = max(height, _BAR * len(encoding["y"]["sort"]) + _AROUND)
    return {**spec, "width": width, "height": height, "autosize": {"type": "fit", "contains": "padding"}}


def fitted_sparkline(sparkline: Mapping[str, Any], width: float) -> dict[str, Any]:
    """Return the specification of a figure's values per day in a width, in pixels."""
    # Loaded with the first picture: charts take longer than a page.
    from dashboard.charts.pictures import specification_of

    return specification_of(sparkline, LIGHT, int(width), _SPARKLINE)
