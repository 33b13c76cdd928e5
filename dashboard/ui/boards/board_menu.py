"""A board flows in; its file, its copies, its name, its sharing, its versions or its end flow out."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from dashboard.errors import DashboardError, InvalidRequest
from dashboard.model.boards.board import Board, board_from
from dashboard.model.boards.yaml_form import FILE, yaml_of
from dashboard.services.service import Service
from dashboard.stores.boards.stored import StoredBoard
from dashboard.ui.boards.address import close_board, show_board
from dashboard.ui.page.states import literal

RENAME, SHARE, UNSHARE, DUPLICATE, VERSIONS, EXPORT, DELETE = (
    "Rename",
    "Share",
    "Make private",
    "Duplicate",
    "Versions",
    "Export board.yaml",
    "Delete",
)
_ICONS: Final = {
    RENAME: ":material/edit: Rename",
    SHARE: ":material/group_add: Share",
    UNSHARE: ":material/lock: Make private",
    DUPLICATE: ":material/content_copy: Duplicate",
    VERSIONS: ":material/history: Versions",
    EXPORT: ":material/download: Export board.yaml",
    DELETE: ":material/delete: Delete",
}


def board_menu(service: Service, stored: StoredBoard) -> None:
    """Draw the menu of a board, as far as the person may change it."""
    board, store = stored.board, service.boards
    may_change = store.may_change(board)
    sharing = () if not board.owner else (UNSHARE,) if board.shared else (SHARE,)
    options = (
        *((RENAME, *sharing) if may_change else ()),
        DUPLICATE,
        *((VERSIONS,) if may_change else ()),
        EXPORT,
        *((DELETE,) if may_change else ()),
    )
    asked = st.menu_button(
        "More", options, key="board_menu", icon=":material/more_horiz:", format_func=_ICONS.__getitem__
    )
    if asked == RENAME:
        _rename(service, stored)
    elif asked in {SHARE, UNSHARE}:
        _share(service, stored)
    elif asked == DUPLICATE:
        _duplicate(service, stored)
    elif asked == VERSIONS:
        _versions(service, stored)
    elif asked == EXPORT:
        _export(stored)
    elif asked == DELETE:
        _delete(service, stored)


def name_fault(name: str) -> str | None:
    """Return what is wrong with a board's name, None where nothing is."""
    try:
        board_from({"name": name})
    except InvalidRequest as error:
        return error.faults[0].message
    return None


@st.dialog("Rename the board", icon=":material/edit:")
def _rename(service: Service, stored: StoredBoard) -> None:
    name = st.text_input("Name", stored.board.name)
    if st.button("Rename", type="primary", key="rename_board_now"):
        if fault := name_fault(name):
            st.error(literal(f"Name: {fault}"), icon=":material/edit_note:")
        else:
            named = board_from({"name": name}).name
            apply(lambda: _changed(service, stored, stored.board.model_copy(update={"name": named})))


@st.dialog("Who sees this board", icon=":material/group:")
def _share(service: Service, stored: StoredBoard) -> None:
    board = stored.board
    if board.shared:
        st.write("From now on you alone see it. Its address answers others as one that does not exist.")
    else:
        names = ", ".join(literal(name) for name in board.datasets) or "any dataset"
        st.write(
            f"All who may see **{names}** see this board: its name, titles, filters and SQL. Each sees the figures of "
            "their own rights, never yours. You alone may change it; others may copy it."
        )
    label = UNSHARE if board.shared else SHARE
    if st.button(label, type="primary", key="share_board_now"):
        apply(lambda: _changed(service, stored, board.model_copy(update={"shared": not board.shared})))


@st.dialog("Duplicate the board", icon=":material/content_copy:")
def _duplicate(service: Service, stored: StoredBoard) -> None:
    name = st.text_input("Name of your copy", f"{stored.board.name[:70]} (copy)")
    if st.button("Duplicate", type="primary", key="duplicate_board_now"):
        if fault := name_fault(name):
            st.error(literal(f"Name: {fault}"), icon=":material/edit_note:")
        else:
            apply(lambda: make(service, stored.board.model_copy(update={"name": board_from({"name": name}).name})))


@st.dialog("Versions of the board", icon=":material/history:", width="large")
def _versions(service: Service, stored: StoredBoard) -> None:
    current = stored.current
    st.caption(
        f"Version {current.number} is shown, saved {current.saved_at:%Y-%m-%d %H:%M} UTC. Ten older ones are kept."
    )
    found = service.boards.versions(stored)
    if not found:
        st.caption("There is no older version yet.")
    for older in found:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            who = f" by {literal(older.by)}" if older.by else ""
            count = len(older.board.cards)
            st.markdown(
                f"**{older.number}** · {literal(older.board.name)} · {count} card{'' if count == 1 else 's'} · "
                f"{older.saved_at:%Y-%m-%d %H:%M} UTC{who}",
                width="content",
            )
            if st.button("Restore", key=f"restore_{older.number}"):
                number = older.number
                apply(lambda: service.boards.restored(stored.board.id, number, stored.version))  # noqa: B023 - used at once


@st.dialog("Export the board", icon=":material/download:", width="large")
def _export(stored: StoredBoard) -> None:
    text = yaml_of(stored.board)
    st.write("Name, days and cards, without any person. It can be imported here and elsewhere.")
    st.download_button(
        FILE, text, FILE, "application/yaml", icon=":material/download:", type="primary", on_click="ignore"
    )
    st.code(text, language="yaml", wrap_lines=True, height=320)


@st.dialog("Delete the board", icon=":material/delete:")
def _delete(service: Service, stored: StoredBoard) -> None:
    whom = "all who see it" if stored.board.shared else "you, who alone see it"
    st.write(f"This deletes **{literal(stored.board.name)}** with its versions for {whom}.")
    if st.button("Delete", type="primary", key="delete_board_now"):

        def delete() -> None:
            service.boards.deleted(stored.board.id, stored.version)
            close_board()

        apply(delete)


def make(service: Service, board: Board) -> None:
    """Store a board as the person's own, and open it."""
    made = service.boards.made(board.model_copy(update={"shared": False}))
    show_board(made.board.id)


def _changed(service: Service, stored: StoredBoard, board: Board) -> None:
    service.boards.saved(board, stored.board.id, stored.version)


def apply(change: Callable[[], object]) -> None:
    """Make a change and draw the page again, or say why it was not made."""
    try:
        change()
    except DashboardError as error:
        st.error(literal(str(error)), icon=":material/group:")
    else:
        st.rerun()
