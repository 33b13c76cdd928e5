"""A board and its answered cards flow in, what stands around them on paper flows out: title, period, as-of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dashboard.boards.board_answers import Answered
from dashboard.boards.filter_text import narrowing_of
from dashboard.boards.questions import Asked
from dashboard.boards.standing import Standing, standing_of
from dashboard.model import formats
from dashboard.model.boards.board import Board
from dashboard.model.boards.card import BoardCard
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.services.service import Service
from dataset_model.dashboard.periods import Preset

_MOST_SAID: Final = 4


@dataclass(frozen=True)
class Sheet:
    """A board as it is put on paper."""

    title: str
    facts: str
    """The owner and the period."""
    foot: tuple[str, ...]
    """As-of and verification status per dataset, then the filters of the cards."""
    cards: tuple[Answered, ...]


def sheet_of(service: Service, board: Board, preset: Preset | None, cards: Iterable[Answered]) -> Sheet:
    """Return the sheet of a board over a period, as the requester may see it."""
    shown = tuple(cards)
    standings = (standing.text for standing in standings_of(service, board, preset))
    foot = (*standings, filters_line(service, [(card.card, card.asked) for card in shown]))
    period = PRESET_LABELS[preset] if preset else "All days"
    facts = " · ".join((*([f"by {board.by}"] if board.by else []), f"{period}, where a card names no other days"))
    return Sheet(board.name, facts, foot, shown)


def filters_line(service: Service, cards: Iterable[tuple[BoardCard, Asked | None]]) -> str:
    """Return which cards show a part of the rows or days of their own, and which part."""
    narrowed = (
        (card.title, narrowing_of(service.model(asked.name), card, asked, with_days=False))
        for card, asked in cards
        if asked is not None
    )
    said = [f"{title} ({narrowing})" for title, narrowing in narrowed if narrowing]
    return f"Filters: {formats.listed(said, _MOST_SAID)}" if said else "Filters: none"


def standings_of(service: Service, board: Board, preset: Preset | None) -> list[Standing]:
    """Return the standing of each dataset that the requester may see, for the days that the cards ask."""
    found: list[Standing] = []
    for name in board.datasets:
        if name in service.names:
            today, first = service.today(name), service.model(name).calendar.first_weekday
            days = [card.asked_days(preset, today, first) for card in board.cards if card.dataset == name]
            found.append(standing_of(service, name, days))
    return found
