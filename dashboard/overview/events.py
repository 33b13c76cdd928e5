"""What a visitor asks of the board, as the browser says it: another choice of values and days, or what a menu offers.

A choice arrives whole, not as a difference: two clicks in a row cannot undo each other, and the last one holds. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from dashboard.model.filters import DIMENSIONS, Days, Filters, day_from_text
from dashboard.overview.marks import value_from_key

Wish = Literal["values", "rows", "sql", "csv"]
_MOST_VALUES: Final = 1_000
_MOST_TEXT: Final = 1_000


@dataclass(frozen=True)
class Part:
    """A card or a chart, by its place."""

    kind: Literal["card", "chart"]
    place: int


@dataclass(frozen=True)
class Asked:
    """One request: `picked` where the choice changes, `wish` and `part` where a menu's entry was chosen."""

    picked: Filters | None = None
    wish: Wish | None = None
    part: Part | None = None


def asked_from(said: object) -> Asked | None:
    """Return what the browser's words ask, or None for words that the board does not say."""
    if not isinstance(said, Mapping):
        return None
    if "picked" in said:
        picked = _filters(said["picked"])
        return None if picked is None else Asked(picked=picked)
    wish = next((each for each in get_args(Wish) if each == said.get("wish")), None)
    part = _part(said.get("part"))
    return Asked(wish=wish, part=part) if wish and part else None


def _part(said: object) -> Part | None:
    if not isinstance(said, Mapping):
        return None
    kind, place = said.get("kind"), said.get("place")
    if kind not in ("card", "chart") or isinstance(place, bool) or not isinstance(place, int) or place < 0:
        return None
    return Part(kind, place)


def _filters(said: object) -> Filters | None:
    if not isinstance(said, Mapping):
        return None
    filters = Filters(_days(said.get("days")))
    for dimension in DIMENSIONS:
        keys = _keys(said.get(dimension, ()))
        if keys is None:
            return None
        filters = filters.with_values(dimension, [value_from_key(key) for key in keys])
    return filters


def _keys(said: Any) -> list[str] | None:
    if not isinstance(said, list | tuple) or len(said) > _MOST_VALUES:
        return None
    return list(said) if all(isinstance(key, str) and len(key) <= _MOST_TEXT for key in said) else None


def _days(said: Any) -> Days | None:
    if not isinstance(said, list | tuple) or len(said) != 2:
        return None
    first, last = (day_from_text(text) if isinstance(text, str) else None for text in said)
    return Days(min(first, last), max(first, last)) if first and last else None
