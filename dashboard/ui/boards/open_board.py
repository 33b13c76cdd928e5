"""A stored board flows in, its head, its cards and its foot flow out."""

import html
from collections.abc import Sequence
from typing import Final

import streamlit as st

from dashboard.boards.sheet import filters_line, standings_of
from dashboard.boards.standing import Standing
from dashboard.errors import DashboardError
from dashboard.model.boards.board import Board
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.services.service import Service
from dashboard.stores.boards.stored import StoredBoard
from dashboard.ui.boards.address import close_board, preset_in_address, show_preset
from dashboard.ui.boards.board_menu import board_menu
from dashboard.ui.boards.card_queries import slots_of
from dashboard.ui.boards.cards import grid
from dashboard.ui.boards.draft import begin, conflict, draft_bar, draft_of, rescue, toolbar
from dashboard.ui.boards.pdf_menu import pdf_menu
from dashboard.ui.page.period_header import badge_line, title_block
from dashboard.ui.page.states import failure, literal, state
from dataset_model.dashboard.periods import Preset

_ALL: Final = "all"


def open_board(service: Service, board_id: str) -> None:
    """Draw the board of an address, or why it is not shown."""
    st.button("All boards", icon=":material/arrow_back:", type="tertiary", key="all_boards", on_click=close_board)
    try:
        stored = service.boards.opened(board_id)
    except DashboardError as error:
        failure(error)
        rescue(service, board_id)
        return
    draft = draft_of(stored)
    board = draft.board if draft else stored.board
    preset = preset_in_address(board.preset)
    slots = slots_of(service, board.cards, preset)
    with st.container(horizontal=True, key="head", vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content", gap="xsmall"):
            title_block(literal(board.name), _facts(stored))
        with st.container(horizontal=True, key="controls", gap="small", width="content", vertical_alignment="center"):
            _period(preset)
            if draft is None and service.boards.may_change(board):
                st.button(
                    "Arrange", icon=":material/dashboard_customize:", key="arrange", on_click=lambda: begin(stored)
                )
            if draft is None:
                pdf_menu(service, board, preset, slots)
                board_menu(service, stored)
    if draft is not None:
        conflict(service, stored, draft)
        draft_bar(service, stored, draft)
    standings = _standing(service, board, preset)
    if board.cards:
        grid(service, board.cards, preset, toolbar if draft else None)
        filters = filters_line(service, [(slot.card, slot.asked) for slot in slots])
        _print_foot(board, preset, [*(standing.text for standing in standings), filters])
    else:
        state(
            ":material/add_chart:",
            "No card yet",
            "Run a query on Explore or SQL and choose **Add to board** above its result.",
            key="empty_board",
        )


def _facts(stored: StoredBoard) -> str:
    board = stored.board
    author = [f"by {literal(board.by)}"] if board.by else []
    seen = "shared with all who see its datasets" if board.shared else "seen by you alone"
    return " · ".join((*author, seen, f"saved {stored.current.saved_at:%Y-%m-%d %H:%M} UTC"))


def _period(chosen: Preset | None) -> None:
    """Draw the period of the cards that have none of their own."""
    labels: dict[str, str] = {**{str(key): text for key, text in PRESET_LABELS.items()}, _ALL: "All days"}

    def changed() -> None:
        show_preset(st.session_state["board_period"])

    st.menu_button(
        labels[chosen or _ALL],
        list(labels),
        key="board_period",
        format_func=lambda option: labels[option],
        icon=":material/calendar_month:",
        on_click=changed,
        help="Days of the cards that name none of their own, counted from today.",
    )


def _standing(service: Service, board: Board, preset: Preset | None) -> list[Standing]:
    """Draw how fresh each dataset of the board is and whether its days are verified, for the days that cards ask."""
    found = standings_of(service, board, preset)
    for standing in found:
        badge_line(standing.badges, standing.label if len(found) > 1 else "", key=f"freshness_{standing.name}")
    return found


def _print_foot(board: Board, preset: Preset | None, said: Sequence[str]) -> None:
    """Draw what stands at the foot on paper alone: the board, its period, as-of, verification status and filters."""
    period = PRESET_LABELS[preset] if preset else "All days"
    lines = [f"{board.name} · {period}, where a card names no other days", *said]
    st.html(f'<footer class="dash-print-foot">{"<br>".join(map(html.escape, lines))}</footer>')
