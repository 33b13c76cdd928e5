"""The figures of a period flow in, cross-filtered cards and charts flow out."""

import streamlit as st

from dashboard.model import formats
from dashboard.ui.overview.board import board, filter_menu
from dashboard.ui.overview.range_filters import range_chips
from dashboard.ui.page import cached_service
from dashboard.ui.page.period_header import comparison_control, period_controls, title_block
from dashboard.ui.page.states import designed_states, nothing_exported
from dashboard.ui.page.view_state import chosen_dataset, view_of

_BOARD = 796
"""Height in pixels of badges, cards and two rows of charts, which the style cuts out of what waits for them."""


@st.fragment
def body() -> None:
    """Draw everything below the navigation; a new period reruns only this fragment."""
    with designed_states():
        service = cached_service.service()
        name = chosen_dataset(service)
        dataset, manifest = service.dataset(name), service.manifest(name)
        if manifest is None or not manifest.days:
            title_block(dataset.label, dataset.description)
            nothing_exported(dataset)
            return
        today = service.today(name)
        view = view_of(service, name, manifest)
        with st.container(horizontal=True, key="head", vertical_alignment="bottom", horizontal_alignment="distribute"):
            with st.container(width="content", gap="xsmall"):
                title_block(dataset.label, formats.days(view.window))
            with st.container(
                horizontal=True, key="controls", gap="small", width="content", vertical_alignment="center"
            ):
                filter_menu(service, name)
                comparison_control(name, view)
                period_controls(name, view, manifest, today, service.model(name).calendar.first_weekday)
        range_chips(name, view, service.model(name))
        with st.container(key="waiting"), st.skeleton(height=_BOARD):
            service.board(name, view.picked, view.window)
        board(name, view.window)


body()
