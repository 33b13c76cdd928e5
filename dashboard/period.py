"""The head of the Overview: what is looked at, how fresh it is, and the controls that change it."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from dashboard import charts, formats
from dashboard.assurance import Assurance, DayAssurance, assurance_of
from dashboard.filters import DIMENSIONS, PRESET_LABELS, Days, Dimension, Filters, Preset, days_of_preset
from dashboard.shape import Shape
from dashboard.visit import View, keep, matching_preset, without
from datasets import Dataset
from datasets.manifest import Manifest

_PRESETS: Final[tuple[Preset, ...]] = tuple(PRESET_LABELS)
_EVERYTHING: Final = "everything"


def title_block(title: str, text: str) -> None:
    """Draw a page's title with a line under it."""
    with st.container(key="page_title", gap="small"):
        st.title(title, anchor=False)
        st.caption(text)


def freshness(dataset: Dataset, manifest: Manifest, days: Mapping[dt.date, DayAssurance]) -> None:
    """Draw as of when the figures are, and how sure the days are that they come from."""
    now = dt.datetime.now(dt.UTC)
    moment = formats.instant(manifest.updated_at, dataset.zone, dataset.source.time_zone)
    with st.container(horizontal=True, key="freshness", gap="xsmall", vertical_alignment="center", width="content"):
        st.badge(
            f"As of {moment}",
            icon=":material/schedule:",
            color="gray",
            help=f"Published {formats.age(manifest.updated_at, now)}. Days are days in {dataset.source.time_zone}.",
        )
        if days:
            _sureness(assurance_of(days), dataset)


def period_controls(name: str, view: View, manifest: Manifest, today: dt.date) -> None:
    """Draw the presets and the dates; changing either keeps what is picked and forgets the brush."""
    chosen: str | None = matching_preset(view.window, today, _PRESETS)
    published = _published(manifest)
    if chosen is None and view.window == published:
        chosen = _EVERYTHING
    labels: dict[str, str] = {**{str(key): text for key, text in PRESET_LABELS.items()}, _EVERYTHING: "Everything"}

    def preset_changed() -> None:
        option = st.session_state[f"preset_{name}"]
        window = published if option == _EVERYTHING else days_of_preset(option, today)
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


def filter_chips(name: str, view: View, shape: Shape) -> None:
    """Draw what is picked, each with its way out, and one way out of all."""
    if not view.is_narrowed:
        return
    with st.container(horizontal=True, key="chips", gap="xsmall", vertical_alignment="center"):
        if brushed := view.picked.days:
            _chip("chip_days", formats.days(brushed), name, lambda filters: filters.with_days(None))
        for dimension in DIMENSIONS:
            for value in view.picked.values(dimension):
                _value_chip(name, shape, dimension, value)
        st.button(
            "Clear all",
            type="tertiary",
            icon=":material/filter_alt_off:",
            key="clear_filters",
            on_click=lambda: keep(name, lambda now: now.redrawn(Filters())),
        )


def show_window(name: str, window: Days) -> None:
    """Look at another period; picks stay, the brush goes."""
    keep(name, lambda view: replace(view, window=window).redrawn(view.picked.with_days(None)))


def _sureness(known: Assurance, dataset: Dataset) -> None:
    days = formats.listed(day.isoformat() for day in known.days)
    some = "" if len(known.days) == known.of else f"{formats.plural(len(known.days), 'day')} "
    if known.verified_at is not None:
        st.badge(
            f"Verified {formats.instant(known.verified_at, dataset.zone, dataset.source.time_zone)}",
            icon=":material/verified:",
            color="green",
            help="Every day shown agreed with DynamoDB and Athena then, and its objects are still the very same.",
        )
    elif known.state == "changed":
        st.badge(
            f"{some}{'c' if some else 'C'}hanged since {'its' if len(known.days) == 1 else 'their'} export",
            icon=":material/report:",
            color="orange",
            help=f"The objects on S3 are not the ones that were recorded: {days}. The next run settles it.",
        )
    else:
        st.badge(
            f"{some}{'n' if some else 'N'}ot verified",
            icon=":material/help:",
            color="gray",
            help=f"Nobody has compared with DynamoDB since the export of {days}. "
            f"`python -m exporter verify --dataset {dataset.name}` does.",
        )


def _value_chip(name: str, shape: Shape, dimension: Dimension, value: str | None) -> None:
    column = (shape.of(dimension) or dimension).replace("_", " ")
    _chip(
        f"chip_{dimension}_{charts.key_from_value(value)}",
        f"{column}: {charts.label(value)}",
        name,
        lambda filters: without(filters, dimension, value),
    )


def _chip(key: str, text: str, name: str, change: Callable[[Filters], Filters]) -> None:
    st.button(
        text,
        key=key,
        icon=":material/close:",
        icon_position="right",
        help="Remove this filter",
        on_click=lambda: keep(name, lambda view: view.redrawn(change(view.picked))),
    )


def _published(manifest: Manifest) -> Days | None:
    first, last = manifest.first_day, manifest.last_day
    return Days(first, last) if first and last else None
