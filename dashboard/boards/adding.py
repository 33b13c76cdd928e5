"""A card flows in, the board with it at its end flows out, also where two people save the board at the same moment."""

from typing import Final

from dashboard.boards.questions import check
from dashboard.errors import ChangedMeanwhile
from dashboard.model.boards.board import Board, board_from
from dashboard.model.boards.card import BoardCard
from dashboard.services.service import Service

_ATTEMPTS: Final = 3


def board_with_card(service: Service, card: BoardCard, board_id: str | None, name: str = "") -> Board:
    """Store a card at the end of a board, or of another one under a name (`board_id` None), and return the board.

    Raises DashboardError where the person may not change the board, or where it is full.
    """
    if board_id is None:
        board = board_from({"name": name}).with_cards(card)
        check(service, board)
        return service.boards.made(board).board
    for attempt in range(1, _ATTEMPTS + 1):
        stored = service.boards.opened(board_id)
        board = stored.board.with_cards(*stored.board.cards, card)
        check(service, board, stored.board.cards)
        try:
            return service.boards.saved(board, board_id, stored.version).board
        except ChangedMeanwhile:
            # One card more goes onto whatever the board is by now.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError  # the last attempt returns or raises
