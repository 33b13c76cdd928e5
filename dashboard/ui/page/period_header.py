"""A view and its manifest flow in, the title, freshness badges and period controls flow out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import streamlit as st

from dashboard.model import formats
from dashboard.model.selection.filters import PRESET_LABELS, Comparison, Days, days_of_preset, default_window
from dashboard.quality.freshness import Badge, Tone, freshness_badges, part_badges
from dashboard.quality.verification_status import DayStatus
from dashboard.services.service import Service
from dashboard.ui.page.states import literal, state
from dashboard.ui.page.view_state import View, matching_preset, update_view
from dataset_model import Dataset
from dataset_model.dashboard.periods import Preset
from dataset_model.records.manifest import Manifest

_PRESETS: Final[tuple[Preset, ...]] = tuple(PRESET_LABELS)
_EVERYTHING: Final = "everything"
_COMPARISONS: Final[Mapping[Comparison, str]] = {"before": "Against the days before", "last_year": "Against last year"}
_COLOURS: Final[Mapping[Tone, Literal["gray", "green", "orange"]]] = {
    "plain": "gray",
    "good": "green",
    "warn": "orange",
}


def title_block(title: str, text: str) -> None:
    """Draw a page's title with a line under it."""
    with st.container(key="page_title", gap="small"):
        st.title(title, anchor=False)
        st.caption(text)


def freshness(dataset: Dataset, manifest: Manifest, days: Mapping[dt.date, DayStatus], remark: str) -> None:
    """Draw the age of the figures, the verification status of their days, and `remark`: which rows a person sees."""
    badges = (*freshness_badges(dataset, manifest, days, dt.datetime.now(dt.UTC)), *part_badges(remark))
    badge_line(badges, key="freshness")


def badge_line(badges: Sequence[Badge], label: str = "", *, key: str) -> None:
    """Draw badges in a line, after what they are about."""
    with st.container(horizontal=True, key=key, gap="xsmall", vertical_alignment="center", width="content"):
        if label:
            st.caption(literal(label), width="content")
        for badge in badges:
            st.badge(badge.text, icon=f":material/{badge.icon}:", color=_COLOURS[badge.tone], help=badge.help)


def period_controls(name: str, view: View, manifest: Manifest, today: dt.date, first_weekday: int) -> None:
    """Draw the presets and the dates; a change keeps the filters and clears the brushed days."""
    chosen: str | None = matching_preset(view.window, today, _PRESETS, first_weekday)
    published = _published(manifest)
    if chosen is None and view.window == published:
        chosen = _EVERYTHING
    labels: dict[str, str] = {**{str(key): text for key, text in PRESET_LABELS.items()}, _EVERYTHING: "Everything"}

    def preset_changed() -> None:
        option = st.session_state[f"preset_{name}"]
        window = published if option == _EVERYTHING else days_of_preset(option, today, first_weekday)
        if window:
            show_window(name, window)

    def dates_changed() -> None:
        dates = st.session_state[dates_key]
        if len(dates) == 2:
            show_window(name, Days(*dates))

    # A new key per period: the control follows a preset without being written to.
    dates_key = f"dates_{name}_{view.window.first}_{view.window.last}"
    with st.container(horizontal=True, key="period", vertical_alignment="center", gap="small", width="content"):
        st.menu_button(
            labels.get(chosen or "", "Custom"),
            [*_PRESETS, _EVERYTHING],
            key=f"preset_{name}",
            format_func=lambda option: labels[option],
            icon=":material/calendar_month:",
            on_click=preset_changed,
        )
        st.date_input(
            "Dates",
            (view.window.first, view.window.last),
            key=dates_key,
            format="YYYY-MM-DD",
            label_visibility="collapsed",
            on_change=dates_changed,
            width=248,
        )


def comparison_control(name: str, view: View) -> None:
    """Draw the choice of the days with which the changes on cards compare; the filters stay."""

    def changed() -> None:
        chosen = st.session_state[f"compare_{name}"]
        update_view(name, lambda now: now.picking(replace(now.picked, comparison=chosen)))

    st.menu_button(
        _COMPARISONS[view.picked.comparison],
        list(_COMPARISONS),
        key=f"compare_{name}",
        format_func=_COMPARISONS.__getitem__,
        icon=":material/compare_arrows:",
        on_click=changed,
        help="The days with which the changes on cards compare: whole days on both sides.",
    )


def nothing_here(service: Service, name: str, view: View, manifest: Manifest) -> None:
    """Draw the empty state of a period, with the published days and a button to them."""
    first, last = manifest.first_day, manifest.last_day
    published = f" Published days run from {formats.day(first)} to {formats.day(last)}." if first and last else ""
    state(
        ":material/event_busy:",
        f"No {service.model(name).words.rows.many} in this selection",
        f"Nothing matches in {formats.days(view.filters.days or view.window)}.{published}",
        key="empty_window",
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        latest = default_window(last, service.today(name))
        st.button("Show the latest days", type="primary", on_click=lambda: show_window(name, latest))
        if view.is_narrowed:
            st.button(
                "Clear filters", on_click=lambda: update_view(name, lambda now: now.picking(now.picked.unfiltered))
            )


def show_window(name: str, window: Days) -> None:
    """Show another period; filters stay, the brushed days are cleared."""
    update_view(name, lambda view: View(window, view.picked.with_days(None)))


def _published(manifest: Manifest) -> Days | None:
    first, last = manifest.first_day, manifest.last_day
    return Days(first, last) if first and last else None
