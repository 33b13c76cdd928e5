"""Overview: the figures of a period in cards and charts, each of which filters the others."""

import streamlit as st

from dashboard import formats, loaders
from dashboard.cards import ROWS, SQL, Scene, chart_cards, stat_cards
from dashboard.filters import Filters
from dashboard.overview import Overview
from dashboard.period import filter_chips, freshness, period_controls, show_window, title_block
from dashboard.service import Service
from dashboard.states import designed_states, nothing_exported, state
from dashboard.tables import rows_dialog, sql_dialog
from dashboard.visit import View, chosen_dataset, default_window, keep, share_in_link, view_of
from datasets.manifest import Manifest


@st.fragment
def body() -> None:
    """Draw everything below the navigation; a click on a chart runs this alone."""
    with designed_states():
        service = loaders.service()
        name = chosen_dataset(service)
        dataset, manifest = service.dataset(name), service.manifest(name)
        if manifest is None or not manifest.days:
            title_block(dataset.label, dataset.description)
            nothing_exported(dataset)
            return
        view = view_of(name, manifest, service.today(name))
        share_in_link(service, name, view)
        shown = f"{formats.days(view.window)} · days in {dataset.source.time_zone}"
        with st.container(horizontal=True, key="head", vertical_alignment="bottom", horizontal_alignment="distribute"):
            with st.container(width="content", gap="xsmall"):
                title_block(dataset.label, shown)
                badges = st.container(key="badges")
            period_controls(name, view, manifest, service.today(name))
        filter_chips(name, view, service.shape(name))
        figures(service, name, view, manifest, badges)


def figures(
    service: Service, name: str, view: View, manifest: Manifest, badges: "st.delta_generator.DeltaGenerator"
) -> None:
    """Draw cards and charts, or why there are none."""
    dataset = service.dataset(name)
    with st.skeleton(height=680):
        overview = service.overview(name, view.filters)
        days = service.overview(name, view.unbrushed) if view.picked.days else overview
    if overview is None or days is None:
        nothing_exported(dataset)
        return
    with badges:
        freshness(dataset, manifest, service.assurances(name, overview.days))
    if overview.total_rows == 0 and not view.picked.days:
        nothing_here(service, name, view, manifest)
        return
    stat_cards(overview)
    asked = chart_cards(Scene(service, name, view, overview, days))
    cost(overview)
    if asked == SQL:
        sql_dialog(overview.statements)
    elif asked == ROWS:
        rows_dialog(service, name, view.filters)


def nothing_here(service: Service, name: str, view: View, manifest: Manifest) -> None:
    """Say that the period holds nothing, what does, and how to get there."""
    first, last = manifest.first_day, manifest.last_day
    published = f" Published days run from {formats.day(first)} to {formats.day(last)}." if first and last else ""
    state(
        ":material/event_busy:",
        "No contacts in this selection",
        f"Nothing matches in {formats.days(view.filters.days or view.window)}.{published}",
        key="empty_window",
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        latest = default_window(manifest, service.today(name))
        st.button("Show the latest days", type="primary", on_click=lambda: show_window(name, latest))
        if view.is_narrowed:
            st.button("Clear filters", on_click=lambda: keep(name, lambda now: now.redrawn(Filters())))


def cost(overview: Overview) -> None:
    """Say what the figures took."""
    queries = formats.plural(len(overview.statements), "query", "queries")
    scanned = formats.size(overview.bytes_scanned)
    reused = " · answered from an earlier result" if overview.reused else ""
    compared = f" · changes are against {formats.days(overview.previous_days)}" if overview.previous_days else ""
    st.caption(f"{queries} · {scanned} scanned{reused}{compared}")


body()
