"""A question that has run flows in; it goes onto a board of the person's as a card."""

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from dashboard.boards.adding import board_with_card
from dashboard.errors import DashboardError, InvalidRequest
from dashboard.model.boards.card import SHOWN, WIDTHS, BoardCard, Shown, Width
from dashboard.model.boards.from_request import card_of
from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.services.service import Service
from dashboard.ui.boards.board_menu import name_fault
from dashboard.ui.page.states import literal
from dashboard.ui.page.view_state import matching_preset
from dataset_model.dashboard.periods import Preset

_NEW: Final = "A new board"


def adding(
    service: Service, name: str, request: QueryRequest | None, given: Mapping[str, str] | None, slot: str
) -> Callable[[], None]:
    """Return what draws the button that adds the question of a result to a board."""

    def draw() -> None:
        if request is not None and st.button("Add to board", icon=":material/dashboard:", key=f"add_to_board_{slot}"):
            _add(service, name, request, dict(given or {}))

    return draw


@st.dialog("Add to a board", icon=":material/dashboard:")
def _add(service: Service, name: str, request: QueryRequest, given: Mapping[str, str]) -> None:
    own = [stored for stored in service.boards.listed() if service.boards.may_change(stored.board)]
    ids = [stored.board.id for stored in own]
    names = {stored.board.id: stored.board.name for stored in own}
    chosen = st.selectbox("Board", [*ids, _NEW], format_func=lambda each: names.get(each, _NEW), key="card_board")
    new = st.text_input("Name of the board", placeholder="Weekly look", key="card_board_name") if chosen == _NEW else ""
    title = st.text_input("Title of the card", _usual_title(service, name, request), key="card_title")
    shown = [kind for kind in SHOWN if _card(name, request, given, "t", kind, "half", None) is not None]
    show = st.selectbox("Show as", shown, shown.index(_usual(request, shown)), key="card_show")
    width = st.selectbox("Width", list(WIDTHS), list(WIDTHS).index("quarter" if show == "number" else "half"))
    preset = _preset(service, name, request)
    if not st.button("Add", type="primary", key="add_card_now"):
        return
    card = _card(name, request, given, title, show, width, preset)
    if card is None:
        st.error("Title: enter a line of 1 to 120 characters.", icon=":material/edit_note:")
    elif chosen == _NEW and (fault := name_fault(new)):
        st.error(literal(f"Name: {fault}"), icon=":material/edit_note:")
    else:
        _store(service, card, chosen if chosen != _NEW else None, new)


def _card(
    name: str,
    request: QueryRequest,
    given: Mapping[str, str],
    title: str,
    show: Shown,
    width: Width,
    preset: Preset | None,
) -> BoardCard | None:
    try:
        return card_of(name, request, title=title, show=show, width=width, preset=preset, parameters=given)
    except InvalidRequest:
        return None


def _usual(request: QueryRequest, shown: list[Shown]) -> Shown:
    wanted: Shown = "table"
    if request.group is not None:
        wanted = "chart" if request.group.by else "number"
    return wanted if wanted in shown else shown[0]


def _usual_title(service: Service, name: str, request: QueryRequest) -> str:
    model = service.model(name)
    if request.group is None:
        return service.dataset(name).label
    measure = model.measure_title(request.group.measure, request.group.column)
    by = " and ".join(model.words.label(each) for each in request.group.by)
    title = f"{measure} by {by}" if by else measure
    return title[:1].upper() + title[1:]


def _preset(service: Service, name: str, request: QueryRequest) -> Preset | None:
    """Draw whether the days move with today, where they are those of a preset; return it."""
    if request.days is None:
        return None
    today, first = service.today(name), service.model(name).calendar.first_weekday
    preset = matching_preset(request.days, today, tuple(PRESET_LABELS), first)
    if preset is None:
        return None
    moves = st.toggle(f"Days move with today: {PRESET_LABELS[preset]}", value=True, key="card_moves")
    return preset if moves else None


def _store(service: Service, card: BoardCard, board_id: str | None, name: str) -> None:
    try:
        stored = board_with_card(service, card, board_id, name)
    except DashboardError as error:
        st.error(literal(str(error)), icon=":material/group:")
        return
    st.success(f"Added to **{literal(stored.name)}**.", icon=":material/check:")
    st.link_button("Open the board", f"boards?board={stored.id}", icon=":material/open_in_new:")
