"""A board flows in, its PDF flows out: of the answers that the page has, as the person who looks may see them."""

import functools

import streamlit as st

from dashboard.boards.answered import answered
from dashboard.boards.pdf import pdf_of
from dashboard.boards.sheet import sheet_of
from dashboard.model.access.requester import acting_for
from dashboard.model.boards.board import Board
from dashboard.model.boards.layout import PAPERS, Paper
from dashboard.model.selection.filters import Preset
from dashboard.services.service import Service
from dashboard.ui.page import cached_service


def pdf_menu(service: Service, board: Board, preset: Preset | None) -> None:
    """Draw the downloads of a board; equal questions are answered from what the page has asked already."""
    asks, owner = cached_service.requester(), cached_service.session_id()

    def made(paper: Paper) -> bytes:
        # The file is made by a request of its own, in which no page session says who asks.
        with acting_for(asks):
            return pdf_of(service, sheet_of(service, board, preset, answered(service, board, preset, owner)), paper)

    with st.popover("PDF", icon=":material/picture_as_pdf:", key="board_pdf", disabled=not board.cards):
        st.caption("The figures of this page, on paper. To print, use the browser's own print.")
        for paper in PAPERS:
            st.download_button(
                f"Download PDF, {paper}",
                functools.partial(made, paper),
                f"{board.id or 'board'}.pdf",
                "application/pdf",
                key=f"pdf_{paper}",
                on_click="ignore",
                icon=":material/download:",
                width="stretch",
            )
