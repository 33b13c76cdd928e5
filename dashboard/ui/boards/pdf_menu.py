"""A board flows in, its PDF flows out: of the answers that the page has, as the person who looks may see them."""

import functools
import re
from collections.abc import Sequence

import streamlit as st

from dashboard.boards.pdf import pdf_of
from dashboard.boards.sheet import sheet_of
from dashboard.model.access.requester import acting_for
from dashboard.model.boards.board import Board
from dashboard.model.boards.layout import PAPERS, Paper
from dashboard.services.service import Service
from dashboard.ui.boards.card_queries import Slot, finished_slot
from dashboard.ui.page import cached_service
from dataset_model.dashboard.periods import Preset


def pdf_menu(service: Service, board: Board, preset: Preset | None, slots: Sequence[Slot]) -> None:
    """Draw the downloads of a board: the answers that the page shows, once all of them are there."""
    asks = cached_service.requester()

    def made(paper: Paper) -> bytes:
        # The file is made by a request of its own, in which no page session says who asks.
        with acting_for(asks):
            cards = [finished_slot(service, slot) for slot in slots]
            return pdf_of(service, sheet_of(service, board, preset, cards), paper)

    with st.popover("PDF", icon=":material/picture_as_pdf:", key="board_pdf", disabled=not board.cards):
        st.caption("The figures of this page, on paper. To print, use the browser's own print.")
        for paper in PAPERS:
            st.download_button(
                f"Download PDF, {paper}",
                functools.partial(made, paper),
                _file(board),
                "application/pdf",
                key=f"pdf_{paper}",
                on_click="ignore",
                icon=":material/download:",
                width="stretch",
            )


def _file(board: Board) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", board.name.lower()).strip("-")[:60]
    return f"{slug or 'board'}.pdf"
