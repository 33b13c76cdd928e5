"""Cards flow in, the rows of the board flow out; moving a card gives other cards in another order."""

from collections.abc import Sequence
from typing import Final, Literal, TypeVar, get_args

from dashboard.model.boards.card import WIDTHS, BoardCard

Paper = Literal["A4", "Letter"]
PAPERS: Final[tuple[Paper, ...]] = get_args(Paper)
ROW: Final = sum((WIDTHS["half"], WIDTHS["half"]))

T = TypeVar("T")


def rows_of(cards: Sequence[BoardCard]) -> list[list[int]]:
    """Return the places of the cards by row: a row takes the next card while there is room for it."""
    rows: list[list[int]] = []
    room = 0
    for place, card in enumerate(cards):
        width = WIDTHS[card.width]
        if width > room:
            rows.append([])
            room = ROW
        rows[-1].append(place)
        room -= width
    return rows


def shares_of(cards: Sequence[BoardCard]) -> list[float]:
    """Return the part of a row that each of its cards takes; room that is left goes to them by their widths."""
    widths = [WIDTHS[card.width] for card in cards]
    return [width / sum(widths) for width in widths]


def moved(items: Sequence[T], place: int, to: int) -> tuple[T, ...]:
    """Return the items with the one at a place put to another one; a place beyond an end is that end."""
    others = [item for at, item in enumerate(items) if at != place]
    others.insert(max(0, min(to, len(others))), items[place])
    return tuple(others)
