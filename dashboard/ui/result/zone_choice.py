"""The time zone of a dataset flows in, the zone in which its timestamps are shown flows out."""

from collections.abc import Sequence

import streamlit as st

from dashboard.model.result import QueryResult
from dashboard.results.time_zones import UTC, has_times


def chosen_zone(name: str) -> str:
    """Return the zone in which this visitor sees the timestamps of a dataset: UTC until another is chosen."""
    return str(st.session_state.get(_key(name)) or UTC)


def zone_choice(name: str, found: QueryResult, columns: Sequence[str], zone: str) -> None:
    """Draw the choice between UTC and the zone of the dataset, where one of the columns is a timestamp."""
    if zone == UTC or not has_times(found.table, columns):
        return
    st.segmented_control(
        "Times in",
        (UTC, zone),
        default=UTC if _key(name) not in st.session_state else None,
        required=True,
        key=_key(name),
        label_visibility="collapsed",
        help="The zone of timestamps in the table, the chart, CSV and Excel. SQL compares timestamps in UTC.",
    )


def _key(name: str) -> str:
    return f"zone_{name}"
