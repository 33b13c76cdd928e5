"""The figures of a view flow in, the board component and the dialogs of its menus flow out."""

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import component
from dashboard.model.selection.filters import Days
from dashboard.model.vocabulary import capitalised
from dashboard.overview.document.board import Board
from dashboard.overview.document.chart import Scene, value_label
from dashboard.overview.events import BoardRequest, board_request_from
from dashboard.quality.freshness import freshness_badges
from dashboard.services.service import Service
from dashboard.ui.page import cached_service
from dashboard.ui.page.period_header import nothing_here
from dashboard.ui.page.states import designed_states
from dashboard.ui.page.view_state import View, share_in_link, update_view, view_of
from dataset_model.records.manifest import Manifest

if TYPE_CHECKING:
    # Imported with the first drill-down: it needs Arrow and the SQL parser, the board needs neither.
    from dashboard.overview.drill_down import DrillDown


@st.fragment
def board(name: str, window: Days) -> None:
    """Draw everything below the head; a click on a chart reruns only this and sends one document.

    `window` is the period shown in the head.
    """
    with designed_states():
        service = cached_service.service()
        manifest = service.manifest(name)
        if manifest is None:
            return
        view = view_of(service, name, manifest)
        if view.window != window:
            st.rerun()
        share_in_link(service, name, view)
        shown = service.board(name, view.picked, view.window)
        if shown is None:
            return
        scene = shown.scene
        asked: BoardRequest | None = st.session_state.pop(_asked(name), None)
        found = _drill_down(scene, view, asked)
        _mount(service, name, shown, manifest, asked, found)
        if scene.overview.total_rows == 0 and not view.picked.days:
            nothing_here(service, name, view, manifest)
        elif dimension := st.session_state.pop(_filtered(name), None):
            filter_by(service, name, view, dimension)
        elif asked and found:
            _open(service, name, view, scene, asked, found)


def filter_menu(service: Service, name: str) -> None:
    """Draw the menu of everything that the figures can be filtered by, whether a chart draws it or not."""
    model = service.model(name)
    options = dict.fromkeys((*model.dimensions, *model.ranged))
    if not options:
        return
    key = f"filter_menu_{name}"
    st.menu_button(
        "Filter",
        list(options),
        key=key,
        format_func=lambda dimension: capitalised(model.words.label(dimension)),
        icon=":material/filter_alt:",
        on_click=lambda: st.session_state.update({_filtered(name): st.session_state[key]}),
    )


def filter_by(service: Service, name: str, view: View, dimension: str) -> None:
    """Open the values of a dimension, or the bounds of a column; values that no chart draws are counted by a query."""
    from dashboard.ui.overview.filter_dialog import filter_dialog
    from dashboard.ui.overview.range_filters import range_dialog

    model = service.model(name)
    if dimension in model.ranged and dimension not in model.dimensions:
        range_dialog(name, view, model, dimension)
    if dimension not in model.dimensions:
        return
    with st.spinner("Counting the values"):
        counts = service.value_counts(name, view.filters, dimension)
    title = capitalised(model.words.label(dimension))
    filter_dialog(name, view, dimension, title, counts, value_label(model, dimension))


def _drill_down(scene: Scene, view: View, asked: BoardRequest | None) -> "DrillDown | None":
    if asked is None or asked.part is None:
        return None
    from dashboard.overview.drill_down import drill_down

    return drill_down(scene, view.window, asked.part)


def _mount(
    service: Service, name: str, shown: Board, manifest: Manifest, asked: BoardRequest | None, found: "DrillDown | None"
) -> None:
    now, file = dt.datetime.now(dt.UTC), None
    verified = service.day_statuses(name, shown.scene.overview.days)
    if asked and found and asked.wish == "csv":
        from dashboard.results import downloads

        text = downloads.csv_bytes(found.figures, byte_order_mark=True).decode("utf-8", "surrogatepass")
        file = {"name": downloads.file_name(name, found.title, now, "csv"), "text": text}
    message = shown.message(freshness_badges(service.dataset(name), manifest, verified, now), file)
    key = f"board_{name}"
    component("board", isolated=False)(data=message, key=key, on_act_change=lambda: _take(name, key))


def _take(name: str, key: str) -> None:
    """Read the browser's event before the board is drawn again."""
    asked = board_request_from(st.session_state[key].get("act"))
    if asked is None:
        return
    if asked.picked is not None:
        picked = asked.picked
        # The browser knows values and days; the rest is chosen in other controls.
        update_view(
            name,
            lambda view: view.picking(replace(picked, ranges=view.picked.ranges, comparison=view.picked.comparison)),
        )
    else:
        st.session_state[_asked(name)] = asked


def _open(service: Service, name: str, view: View, scene: Scene, asked: BoardRequest, found: "DrillDown") -> None:
    from dashboard.ui.overview.filter_dialog import filter_dialog
    from dashboard.ui.result.table import rows_dialog, sql_dialog

    if asked.wish == "sql":
        sql_dialog(found.statements)
    elif asked.wish == "rows":
        rows_dialog(service, name, found.filters, found.rows)
    elif asked.wish == "values" and found.dimension:
        counts, label = scene.overview.by(found.dimension), value_label(scene.model, found.dimension)
        filter_dialog(name, view, found.dimension, found.title, counts, label)


def _asked(name: str) -> str:
    return f"asked_{name}"


def _filtered(name: str) -> str:
    return f"filtered_{name}"
