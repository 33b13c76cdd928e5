"""Attribute values and a path flow in; the values at its end, and where a step did not fit, flow out."""

import re
from collections.abc import Sequence

from dataset_model.columns.attribute_paths import Step
from exporter.values.attribute_values import AttributeValue, described_value

_INDEX = re.compile(r"\d{1,9}", re.ASCII)


def values_at(
    values: Sequence[AttributeValue | None], path: Sequence[Step]
) -> tuple[list[AttributeValue | None], list[tuple[int, str]]]:
    """Return the values at the end of a path that begins at its first step's `values`, and the rows that contradict it.

    A step that is missing, or NULL on the way, gives None. A step into what is no map, or no list, is a contradiction:
    None as well, with its reason.
    """
    found: list[AttributeValue | None] = []
    contradictions: list[tuple[int, str]] = []
    for row, value in enumerate(values):
        inner: AttributeValue | None = value
        for at in range(1, len(path)):
            if inner is None or inner.NULL is not None:
                inner = None
                break
            step = path[at]
            if inner.M is not None and isinstance(step, str):
                inner = inner.M.get(step)
            elif inner.L is not None and (isinstance(step, int) or _INDEX.fullmatch(step)):
                place = int(step)
                inner = inner.L[place] if place < len(inner.L) else None
            else:
                wanted = "a map" if isinstance(step, str) else "a list"
                contradictions.append((row, f"expected {wanted} at {_text(path[:at])}; found {described_value(inner)}"))
                inner = None
                break
        found.append(inner)
    return found, contradictions


def _text(steps: Sequence[Step]) -> str:
    return str(steps[0]) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps[1:])
