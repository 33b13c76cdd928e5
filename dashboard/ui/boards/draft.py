"""A board flows in, a draft of it flows out: cards moved, resized, renamed and removed, saved as one version."""

from dataclasses import dataclass
from typing import Final, get_args

import streamlit as st

from dashboard.boards.questions import check
from dashboard.errors import ChangedMeanwhile, DashboardError, InvalidRequest
from dashboard.model.boards.board import Board, card_from
from dashboard.model.boards.card import SHOWN, WIDTHS, BoardCard
from dashboard.model.boards.layout import moved
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.services.service import Service
from dashboard.stores.boards.stored import StoredBoard
from dashboard.ui.boards.address import show_board
from dashboard.ui.page.states import literal
from dataset_model.dashboard.periods import Preset

_DRAFT: Final = "board_draft"
_CONFLICT: Final = "board_conflict"
_FAULT: Final = "board_fault"
_OWN, _BOARD = "own", "board"
_DAYS: Final = frozenset({"preset", "startDate", "endDate"})


@dataclass
class Draft:
    """A board as it is being arranged, and the version that it began from."""

    board_id: str
    version: int
    board: Board
    revision: int = 0
    """Counts changes of the order, so that controls follow their cards."""


def begin(stored: StoredBoard) -> None:
    """Begin to arrange a board."""
    st.session_state[_DRAFT] = Draft(stored.board.id, stored.version, stored.board)


def draft_of(stored: StoredBoard) -> Draft | None:
    """Return the draft of a board; None where it is not being arranged."""
    draft: Draft | None = st.session_state.get(_DRAFT)
    return draft if draft and draft.board_id == stored.board.id else None


def end() -> None:
    """Give the draft up."""
    for name in (_DRAFT, _CONFLICT, _FAULT):
        st.session_state.pop(name, None)


def draft_bar(service: Service, stored: StoredBoard, draft: Draft) -> None:
    """Draw what saves the draft as one version, or gives it up."""
    with st.container(horizontal=True, vertical_alignment="center", key="draft_bar", border=True):
        st.markdown(
            ":material/dashboard_customize: Arranging. Nothing changes for others before you save.", width="stretch"
        )
        presets = [None, *get_args(Preset)]
        st.selectbox(
            "Days of cards that name none",
            presets,
            presets.index(draft.board.preset),
            format_func=lambda preset: PRESET_LABELS[preset] if preset else "All days",
            key="draft_preset",
            on_change=_set_preset,
            width=220,
        )
        st.button("Discard", key="discard_draft", on_click=end)
        st.button(
            "Save",
            type="primary",
            icon=":material/save:",
            key="save_draft",
            disabled=draft.board == stored.board,
            on_click=lambda: _save(service, stored, draft, draft.version),
        )
    if fault := st.session_state.pop(_FAULT, None):
        st.error(literal(fault), icon=":material/edit_note:")


def conflict(service: Service, stored: StoredBoard, draft: Draft) -> None:
    """Draw what to do where somebody saved meanwhile: both arrangements are kept until the person decides."""
    if _CONFLICT not in st.session_state:
        return
    with st.container(border=True, key="state_board_conflict"):
        st.markdown(f"### :material/group: Saved meanwhile\n\n{literal(st.session_state[_CONFLICT])}")
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button(
                "Save mine as a copy", type="primary", key="conflict_copy", on_click=lambda: _copy(service, draft)
            )
            st.button(
                "Save mine as the newest version",
                key="conflict_over",
                help="The other one stays among the versions and can be restored.",
                on_click=lambda: _save(service, stored, draft, stored.version),
            )
            st.button("Show theirs, discard mine", key="conflict_discard", on_click=end)


def rescue(service: Service, board_id: str) -> None:
    """Draw what saves the draft of a board that is not there any more, where there is one."""
    draft: Draft | None = st.session_state.get(_DRAFT)
    if draft is None or draft.board_id != board_id:
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Save my draft as a board of mine",
            type="primary",
            key="rescue_draft",
            on_click=lambda: _copy(service, draft),
        )
        st.button("Discard my draft", key="rescue_discard", on_click=end)


def toolbar(place: int, card: BoardCard) -> None:
    """Draw what arranges the card at a place of the draft."""
    draft: Draft = st.session_state[_DRAFT]
    last = len(draft.board.cards) - 1
    key = f"{place}_{draft.revision}"
    with st.popover("Arrange", icon=":material/tune:", key=f"arrange_{key}"):
        st.text_input("Title", card.title, key=f"title_{key}", on_change=lambda: _set(place, key, "title"))
        st.selectbox("Width", list(WIDTHS), list(WIDTHS).index(card.width), key=f"width_{key}",
                     on_change=lambda: _set(place, key, "width"))  # fmt: skip
        shown = [kind for kind in SHOWN if _fits(card, kind)]
        st.selectbox("Show as", shown, shown.index(card.show), key=f"show_{key}",
                     on_change=lambda: _set(place, key, "show"))  # fmt: skip
        if card.has_days:
            own = bool(card.start_date or card.end_date)
            options = [*([_OWN] if own else []), _BOARD, *get_args(Preset)]
            st.selectbox(
                "Days",
                options,
                options.index(_OWN if own else card.preset or _BOARD),
                format_func=_days_label,
                key=f"preset_{key}",
                on_change=lambda: _set_days(place, key),
            )
        with st.container(horizontal=True):
            st.button("Earlier", icon=":material/arrow_back:", key=f"earlier_{key}", disabled=not place,
                      on_click=lambda: _move(place, place - 1))  # fmt: skip
            st.button("Later", icon=":material/arrow_forward:", key=f"later_{key}", disabled=place == last,
                      on_click=lambda: _move(place, place + 1))  # fmt: skip
            st.button("Remove", icon=":material/delete:", key=f"remove_{key}", on_click=lambda: _remove(place))


def _fits(card: BoardCard, show: str) -> bool:
    try:
        _changed(card, "show", show)
    except InvalidRequest:
        return False
    return True


def _changed(card: BoardCard, name: str, value: object) -> BoardCard:
    return card_from({**card.document(), name: value})


def _set(place: int, key: str, name: str) -> None:
    draft: Draft = st.session_state[_DRAFT]
    cards = list(draft.board.cards)
    try:
        cards[place] = _changed(cards[place], name, st.session_state[f"{name}_{key}"])
    except InvalidRequest as error:
        st.session_state[_FAULT] = str(error)
        return
    draft.board = draft.board.with_cards(*cards)


def _set_preset() -> None:
    draft: Draft = st.session_state[_DRAFT]
    draft.board = draft.board.model_copy(update={"preset": st.session_state["draft_preset"]})


def _days_label(option: str) -> str:
    labels: dict[str, str] = {str(preset): text for preset, text in PRESET_LABELS.items()}
    return {_OWN: "The card's own dates", _BOARD: "Those of the board", **labels}[option]


def _set_days(place: int, key: str) -> None:
    chosen = st.session_state[f"preset_{key}"]
    draft: Draft = st.session_state[_DRAFT]
    cards = list(draft.board.cards)
    if chosen != _OWN:
        document = {name: value for name, value in cards[place].document().items() if name not in _DAYS}
        cards[place] = card_from({**document, **({} if chosen == _BOARD else {"preset": chosen})})
        draft.board = draft.board.with_cards(*cards)


def _move(place: int, to: int) -> None:
    draft: Draft = st.session_state[_DRAFT]
    draft.board = draft.board.with_cards(*moved(draft.board.cards, place, to))
    draft.revision += 1


def _remove(place: int) -> None:
    draft: Draft = st.session_state[_DRAFT]
    draft.board = draft.board.with_cards(*(card for at, card in enumerate(draft.board.cards) if at != place))
    draft.revision += 1


def _save(service: Service, stored: StoredBoard, draft: Draft, version: int) -> None:
    try:
        check(service, draft.board, stored.board.cards)
        service.boards.saved(draft.board, draft.board_id, version)
    except ChangedMeanwhile as error:
        st.session_state[_CONFLICT] = str(error)
    except DashboardError as error:
        st.session_state[_FAULT] = str(error)
    else:
        end()
        st.toast("Saved", icon=":material/save:")


def _copy(service: Service, draft: Draft) -> None:
    try:
        made = service.boards.made(draft.board.model_copy(update={"shared": False}))
    except DashboardError as error:
        st.session_state[_FAULT] = str(error)
    else:
        end()
        show_board(made.board.id)
