"""The stored boards flow in, their list and the ways to a further one flow out."""

from typing import Final

import streamlit as st

from dashboard.boards.questions import check
from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.boards.board import MOST_CHARACTERS, board_from
from dashboard.model.boards.declared import declared_board
from dashboard.model.boards.yaml_form import FILE, board_from_yaml
from dashboard.services.service import Service
from dashboard.stores.boards.stored import StoredBoard
from dashboard.ui.boards.address import show_board
from dashboard.ui.boards.board_menu import apply, make, name_fault
from dashboard.ui.page.period_header import title_block
from dashboard.ui.page.states import literal, state
from dashboard.ui.page.view_state import chosen_dataset

_IN_A_ROW: Final = 3


def board_list(service: Service) -> None:
    """Draw the boards that the person may see, and what makes another one."""
    title_block("Boards", "cards of your own and of others, each with the figures that you may see")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="make_boards"):
        if st.button("New board", icon=":material/add:", type="primary", key="new_board"):
            _new(service)
        label = service.dataset(chosen_dataset(service)).label
        if st.button(f"Copy the Overview of {literal(label)}", icon=":material/content_copy:", key="copy_overview"):
            _copy_overview(service)
        if st.button(f"Import {FILE}", icon=":material/upload_file:", key="import_board"):
            _import(service)
    found = service.boards.listed()
    if not found:
        state(
            ":material/dashboard:",
            "No board yet",
            "Make one, copy the Overview, or run a query on Explore and choose **Add to board**.",
            key="no_boards",
        )
    for first in range(0, len(found), _IN_A_ROW):
        columns = st.columns(_IN_A_ROW, gap="small")
        for stored, column in zip(found[first : first + _IN_A_ROW], columns, strict=False):
            with column, st.container(border=True, key=f"listed_{stored.board.id}", height="stretch", gap="xsmall"):
                _listed(service, stored)


def _listed(service: Service, stored: StoredBoard) -> None:
    board = stored.board
    st.button(
        literal(board.name),
        key=f"open_board_{board.id}",
        type="tertiary",
        icon=":material/dashboard:" if board.shared else ":material/lock:",
        on_click=lambda: show_board(board.id),
    )
    labels = [service.dataset(name).label if name in service.names else name for name in board.datasets]
    asked = formats.listed(labels) or "no dataset yet"
    seen = f"shared by {board.by}" if board.shared and board.by else "shared" if board.shared else "yours alone"
    cards = formats.plural(len(board.cards), "card")
    st.caption(literal(f"{cards} · {asked}"))
    st.caption(literal(f"{seen} · saved {stored.current.saved_at:%Y-%m-%d %H:%M} UTC"))


@st.dialog("New board", icon=":material/add:")
def _new(service: Service) -> None:
    name = st.text_input("Name", placeholder="Weekly look")
    if st.button("Make", type="primary", key="make_board_now"):
        if fault := name_fault(name):
            st.error(literal(f"Name: {fault}"), icon=":material/edit_note:")
        else:
            apply(lambda: make(service, board_from({"name": name})))


def _copy_overview(service: Service) -> None:
    apply(lambda: make(service, declared_board(service.model(chosen_dataset(service)))))


@st.dialog(f"Import a {FILE}", icon=":material/upload_file:")
def _import(service: Service) -> None:
    given = st.file_uploader(FILE, ["yaml", "yml"], key="board_file")
    if given is None:
        return
    content = given.getvalue()
    if len(content) > 4 * MOST_CHARACTERS:
        st.error(f"{FILE}: expected at most {MOST_CHARACTERS:,} characters; found {len(content):,} bytes.")
        return
    try:
        board = board_from_yaml(content.decode("utf-8-sig"))
        check(service, board)
    except UnicodeDecodeError:
        st.error(f"{FILE}: expected text in UTF-8. Save the file in this encoding.", icon=":material/edit_note:")
        return
    except DashboardError as error:
        st.error("\n".join(f"- {literal(part)}" for part in str(error).split("; ")), icon=":material/edit_note:")
        return
    st.write(f"**{literal(board.name)}** with {formats.plural(len(board.cards), 'card')}.")
    if st.button("Import", type="primary", key="import_board_now"):
        apply(lambda: make(service, board))
