"""A drawn chart of groups and its measure flow in, the specification with an axis in the measure's unit flows out."""

import json
import math
from collections import Counter
from typing import Any, Final

from dashboard.model.measures import Measure
from dashboard.overview.document.drawing import ticks_of
from dashboard.results.charts.points import ResultChart

_MOST_TICKS: Final = 6
_STEPS: Final = (1, 2, 5)


def in_unit(spec: dict[str, Any], chart: ResultChart, measure: Measure) -> dict[str, Any]:
    """Return a specification with an axis in the measure's form: `€20K`, `12 h`, `40%`, or a title with the unit."""
    name = "x" if chart.axis == "category" else "y"
    encoding = spec["encoding"][name]
    if not measure.axis:
        titled = {"title": f"{encoding['title']} ({measure.unit})"} if measure.unit else {}
        return _with(spec, name, encoding | titled)
    largest = _longest(chart, stacks=encoding.get("stack") == "zero")
    unit, prefix, suffix = ticks_of(measure.axis, largest)
    shown = f"abs(datum.value) / {unit}"
    short = f"replace(replace(format({shown}, '.3~s'), 'k', 'K'), 'G', 'B')"
    number = f"({shown} >= 10000 ? {short} : format({shown}, ',.6~f'))"
    label = f"(datum.value < 0 ? '-' : '') + {json.dumps(prefix)} + {number} + {json.dumps(suffix)}"
    axis = {**encoding["axis"], "labelExpr": label}
    if measure.format == "duration":
        # Round in hours, not in seconds.
        step = _step(largest / unit) * unit
        low = min((point.y for point in chart.points), default=0)
        axis["values"] = [
            place * step for place in range(min(0, math.floor(low / step)), math.ceil(largest / step) + 1)
        ]
    return _with(spec, name, encoding | {"axis": axis})


def _with(spec: dict[str, Any], name: str, encoding: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "encoding": {**spec["encoding"], name: encoding}}


def _longest(chart: ResultChart, *, stacks: bool) -> float:
    """Return the length of the longest bar, of the bars that stand on each other together."""
    sizes: Counter[tuple[str, str]] = Counter()
    for point in chart.points:
        sizes[point.x, "" if stacks else point.colour] += abs(point.y)  # type: ignore[assignment]
    return max(sizes.values(), default=0)


def _step(largest: float) -> float:
    power = 10.0 ** math.floor(math.log10(largest / _MOST_TICKS)) if largest > 0 else 1.0
    return next(step * power for step in (*_STEPS, 10) if largest / (step * power) <= _MOST_TICKS)
