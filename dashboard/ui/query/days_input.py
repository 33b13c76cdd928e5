"""A preset or picked dates flow in, the days of a query flow out."""

import datetime as dt
from typing import Final

import streamlit as st

from dashboard.model.selection.filters import PRESET_LABELS, Days, days_of_preset
from dashboard.ui.page.view_state import matching_preset
from dataset_model.dashboard.periods import Preset

_PRESETS: Final[tuple[Preset, ...]] = tuple(PRESET_LABELS)
_ALL: Final = "all"

Dates = tuple[dt.date, ...]
"""Both ends, one of them while the other is being picked, or none."""


def days_input(key: str, first: Dates, today: dt.date, zone: str, *, needed: bool, first_weekday: int = 1) -> Dates:
    """Draw presets and dates, and return the days chosen; `first` are those shown at the beginning.

    `today` is the day that it is in the dataset's time zone. Where the days are not needed, none means all of them.
    """
    dates, revision = st.session_state.get(key, (first, 0))
    options = _PRESETS if needed else (*_PRESETS, _ALL)
    labels = {**{str(preset): text for preset, text in PRESET_LABELS.items()}, _ALL: "All days"}

    def preset_chosen() -> None:
        option = st.session_state[f"{key}_preset"]
        days = None if option == _ALL else days_of_preset(option, today, first_weekday)
        # A new key shows the dates of the preset without overwriting a control that is being edited.
        st.session_state[key] = ((days.first, days.last) if days else (), revision + 1)

    dates_key = f"{key}_{revision}"
    now: Dates = st.session_state.get(dates_key, dates)
    st.menu_button(
        _preset_label(now, today, labels, first_weekday),
        list(options),
        key=f"{key}_preset",
        format_func=lambda option: labels[option],
        icon=":material/calendar_month:",
        on_click=preset_chosen,
    )
    picked = st.date_input(
        "Days" if needed else "Days (empty: all)",
        list(dates),
        key=dates_key,
        format="YYYY-MM-DD",
        width=248,
        help=f"Days in {zone}, where it is {today} now.",
    )
    return picked if isinstance(picked, tuple) else (picked,)


def _preset_label(dates: Dates, today: dt.date, labels: dict[str, str], first_weekday: int) -> str:
    if not dates:
        return labels[_ALL]
    preset = matching_preset(Days(*dates), today, _PRESETS, first_weekday) if len(dates) == 2 else None
    return labels[preset] if preset else "Presets"
