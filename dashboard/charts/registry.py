"""The drawings by name."""

import importlib
from collections.abc import Callable
from typing import Any, Final

Make = Callable[[], Any]
"""Returns an Altair chart without figures."""

_MODULES: Final = ("by_value", "sparkline", "heat", "over_time", "slices")
"""Modules of this package with drawings."""
_DRAWINGS: Final[dict[str, Make]] = {}


def drawing(name: str) -> Callable[[Make], Make]:
    """Register the function that makes the drawing of a name; raise ValueError where another one has the name."""

    def registered(make: Make) -> Make:
        if name in _DRAWINGS:
            raise ValueError(f"drawing {name}: expected a name that no other drawing has; found it twice")
        _DRAWINGS[name] = make
        return make

    return registered


def names() -> list[str]:
    """Return the names of all drawings; none is made."""
    for module in _MODULES:
        importlib.import_module(f"dashboard.charts.{module}")
    return sorted(_DRAWINGS)


def specifications() -> dict[str, dict[str, Any]]:
    """Return the Vega-Lite specification of each drawing."""
    from dashboard.charts.style import CONFIG

    return {name: _specification(_DRAWINGS[name](), CONFIG) for name in names()}


def _specification(chart: Any, config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = chart.to_dict()
    # Width and height are the card's; axes and legends are drawn inside them.
    frame = {"width": 400, "height": 250, "autosize": {"type": "fit", "contains": "padding"}, "config": config}
    return {**frame, **found, "config": {**found.get("config", {}), **config}}
