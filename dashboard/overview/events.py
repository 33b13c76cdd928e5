"""Messages of the browser flow in, requests flow out: a new choice of values and days, or an entry of a menu.

A message holds the complete choice, not a difference: two clicks in a row cannot undo each other, the last one wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from dashboard.model.selection.filters import Days, Filters, column_from_key, day_from_text
from dashboard.overview.document.marks import OTHERS_KEY, value_from_key

Wish = Literal["values", "rows", "sql", "csv"]
_MOST_DIMENSIONS: Final = 100
_MOST_VALUES: Final = 1_000
_MOST_TEXT: Final = 1_000


@dataclass(frozen=True)
class Part:
    """A card or a chart, by its place."""

    kind: Literal["card", "chart"]
    place: int


@dataclass(frozen=True)
class BoardRequest:
    """One request: `picked` where the choice changes, `wish` and `part` where a menu's entry was chosen."""

    picked: Filters | None = None
    wish: Wish | None = None
    part: Part | None = None


def board_request_from(message: object) -> BoardRequest | None:
    """Return the request of a message, or None for a message that the board does not send."""
    if not isinstance(message, Mapping):
        return None
    if "picked" in message:
        picked = _filters(message["picked"])
        return None if picked is None else BoardRequest(picked=picked)
    wish = next((each for each in get_args(Wish) if each == message.get("wish")), None)
    part = _part(message.get("part"))
    return BoardRequest(wish=wish, part=part) if wish and part else None


def _part(message: object) -> Part | None:
    if not isinstance(message, Mapping):
        return None
    kind, place = message.get("kind"), message.get("place")
    if kind not in ("card", "chart") or isinstance(place, bool) or not isinstance(place, int) or place < 0:
        return None
    return Part(kind, place)


def _filters(message: object) -> Filters | None:
    if not isinstance(message, Mapping):
        return None
    filters = Filters(_days(message.get("days")))
    dimensions = [key for key in message if key != "days"]
    if len(dimensions) > _MOST_DIMENSIONS or not all(isinstance(key, str) for key in dimensions):
        return None
    for dimension in dimensions:
        keys = _keys(message[dimension])
        if keys is None:
            return None
        filters = filters.with_values(column_from_key(dimension), [value_from_key(key) for key in keys])
    return filters


def _keys(message: Any) -> list[str] | None:
    if not isinstance(message, list | tuple) or len(message) > _MOST_VALUES or OTHERS_KEY in message:
        return None
    return list(message) if all(isinstance(key, str) and len(key) <= _MOST_TEXT for key in message) else None


def _days(message: Any) -> Days | None:
    if not isinstance(message, list | tuple) or len(message) != 2:
        return None
    first, last = (day_from_text(text) if isinstance(text, str) else None for text in message)
    return Days(min(first, last), max(first, last)) if first and last else None
