"""Plain data flow in, a checked board flows out; every fault names its field."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.model.boards.card import FORMS, BoardCard, line_of
from dataset_model.columns.names import NAME_PATTERN
from dataset_model.dashboard.periods import Preset
from dataset_model.faults import dotted

MOST_NAME: Final = 80
MOST_CARDS: Final = 24
MOST_CHARACTERS: Final = 200_000
"""Of a board as it is stored or exported; the longest sensible one has a tenth of it."""
_MOST_FAULTS: Final = 20
_EXPECTATIONS: Final = {
    "missing": "a value",
    "too_short": "at least one entry",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "string_unicode": "text that UTF-8 can hold",
    "extra_forbidden": "a known field",
}
"""pydantic's kind of error -> what was expected, where its own message speaks of Python."""
_BOUNDS: Final = {
    "too_long": ("at most {} entries", "max_length"),
    "string_too_long": ("at most {} characters", "max_length"),
    "string_too_short": ("at least {} character", "min_length"),
    "less_than_equal": ("at most {}", "le"),
    "greater_than_equal": ("at least {}", "ge"),
}
"""pydantic's kind of error -> what was expected, and the name of its bound."""
_PATTERNS: Final = {NAME_PATTERN: "a name of lower-case letters, digits and _", r"^[^\x00]*$": "text without NUL"}


class Board(BaseModel):
    """Cards under a name. One without an id is not stored yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, line_of(MOST_NAME)]
    preset: Preset | None = None
    """Days of the cards that name none; None: all of them."""
    cards: Annotated[tuple[BoardCard, ...], Field(max_length=MOST_CARDS)] = ()
    id: Annotated[str, Field(pattern=r"^[a-z0-9]{0,32}$")] = ""
    owner: str = ""
    """Subject of the person it belongs to; "" where sign-in is off."""
    by: str = ""
    """That person's name."""
    shared: bool = False
    """Whether all who see its datasets see it; a private one is seen by its owner alone."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets that its cards ask, each once."""
        return tuple(dict.fromkeys(card.dataset for card in self.cards))

    def document(self) -> dict[str, Any]:
        """Return name, days and cards as plain data, which is what an export holds."""
        preset = {"preset": self.preset} if self.preset else {}
        return {"name": self.name, **preset, "cards": [card.document() for card in self.cards]}

    def with_cards(self, *cards: BoardCard) -> "Board":
        """Return the board with other cards; raise InvalidRequest where they are too many."""
        if len(cards) > MOST_CARDS:
            fault = FieldFault("cards", f"expected at most {MOST_CARDS}; found {len(cards)}. Remove a card first")
            raise InvalidRequest((fault,))
        return self.model_copy(update={"cards": tuple(cards)})


def board_from(data: object, *, where: Mapping[tuple[str | int, ...], int] | None = None) -> Board:
    """Return the board of a document (`name`, `preset`, `cards`); it is private, and of no person yet.

    `where` has the line of each path, for messages. Raises InvalidRequest with a fault per wrong field.
    """
    if isinstance(data, Mapping) and (unknown := sorted(map(str, data.keys() - {"name", "preset", "cards"}))):
        raise InvalidRequest((FieldFault(unknown[0][:60], "expected a known field: name, preset or cards"),))
    try:
        return Board.model_validate(data)
    except ValidationError as error:
        raise InvalidRequest(field_faults(error, where)) from None


def card_from(data: object) -> BoardCard:
    """Return the card of a document; raise InvalidRequest with a fault per wrong field."""
    try:
        return BoardCard.model_validate(data)
    except ValidationError as error:
        raise InvalidRequest(field_faults(error)) from None


def field_faults(
    error: ValidationError, where: Mapping[tuple[str | int, ...], int] | None = None
) -> tuple[FieldFault, ...]:
    """Return what is wrong with a document, by field, in plain words; `where` has the line of each path."""
    found = error.errors(include_url=False)[:_MOST_FAULTS]
    return tuple(_fault(details, where or {}) for details in found)


def _fault(details: ErrorDetails, where: Mapping[tuple[str | int, ...], int]) -> FieldFault:
    # pydantic puts the form of a filter between its column and what is wrong in it.
    place = details["loc"]
    path = tuple(part for at, part in enumerate(place) if not (part in FORMS and at > 1 and place[at - 2] == "filters"))
    expected = _expected(details)
    expected = expected.removeprefix("Value error, ").removeprefix("Input should be ")
    is_said = details["type"] == "value_error" and "; found" in expected
    given = None if details["type"] == "missing" else details["input"]
    line = f" (line {where[path]})" if path in where else ""
    said = "" if is_said else f"; found {_shown(given)}"
    return FieldFault(dotted(path) if path else "board", f"expected {expected}{said}{line}")


def _expected(details: ErrorDetails) -> str:
    kind = details["type"]
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(details["ctx"]["pattern"], details["msg"])
    if kind in _BOUNDS:
        text, bound = _BOUNDS[kind]
        return text.format(details["ctx"][bound])
    return _EXPECTATIONS.get(kind, details["msg"])


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
