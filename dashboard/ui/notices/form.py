"""A dataset and what is known of an alert or report flow in; what a person filled in flows out, as the API takes it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, get_args

import streamlit as st

from dashboard.model.query_link import Linked
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.services.service import Service
from dashboard.ui.page.states import literal
from dashboard.ui.query.filter_inputs import filter_inputs
from dashboard.ui.query.group_form import measure_inputs
from dataset_model.dashboard.notices import BOUNDS, Alert, Report, Weekday
from dataset_model.dashboard.periods import Preset

_BOUND_LABELS: Final[Mapping[str, str]] = {
    "above": "is above",
    "below": "is below",
    "rises": "rises by more than, %",
    "falls": "falls by more than, %",
    "no_rows": "No rows come",
}
_OFTEN: Final[Mapping[str, str]] = {"day": "Each day", "week": "Each week", "export": "After each export"}
_USUAL: Final = "usual"
_OVERVIEW: Final = ""


def alert_inputs(service: Service, dataset: str, known: Alert | None, own: str, slot: str) -> dict[str, Any]:
    """Draw the inputs of an alert; `slot` tells one form from another."""
    title = st.text_input("Title", known.title if known else "", placeholder="Long waits", key=f"notice_title_{slot}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = next((name for name in BOUNDS if known and getattr(known, name) is not None), "above")
        measured: dict[str, Any] = {}
        bound = st.selectbox(
            "Tell when the figure",
            BOUNDS,
            BOUNDS.index(given),
            format_func=_BOUND_LABELS.__getitem__,
            key=f"notice_bound_{slot}",
            width=200,
        )
        value: object = True
        if bound != "no_rows":
            before = getattr(known, bound) if known else None
            text = st.text_input(
                "Bound",
                "" if before is None else f"{before:f}",
                placeholder="20",
                key=f"notice_value_{slot}",
                width=110,
            )
            value = _number(text)
            link = Linked(measure=known.measure, column=known.column) if known else Linked()
            measured = measure_inputs(service.model(dataset), link, f"notice_{slot}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.number_input(
            "Over the last days", 1, 366, known.days if known else 1, key=f"notice_days_{slot}", width=150
        )
        quiet = st.number_input(
            "Then quiet for days", 1, 366, known.quiet_days if known else 1, key=f"notice_quiet_{slot}", width=150
        )
        at = _time(known, slot)
    st.caption("A share of 20% is 0.2. A change is against the same weekdays before. Days end yesterday.")
    return {
        **measured,
        "filters": _filters(service, dataset, known, slot),
        "title": title,
        bound: value,
        "days": days,
        "quiet_days": quiet,
        "at": at,
        "to": _readers(known, own, slot),
    }


def report_inputs(service: Service, dataset: str, known: Report | None, own: str, slot: str) -> dict[str, Any]:
    """Draw the inputs of a report; `slot` tells one form from another."""
    title = st.text_input("Title", known.title if known else "", placeholder="The week", key=f"notice_title_{slot}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        often = list(_OFTEN)
        every = st.selectbox(
            "How often",
            often,
            often.index(known.every) if known else 0,
            format_func=_OFTEN.__getitem__,
            key=f"notice_every_{slot}",
            width=180,
        )
        body: dict[str, Any] = {"every": every}
        if every == "week":
            days = get_args(Weekday)
            weekday = known.weekday if known and known.weekday else days[0]
            body["weekday"] = st.selectbox(
                "On", days, days.index(weekday), format_func=str.capitalize, key=f"notice_weekday_{slot}", width=150
            )
        if every != "export":
            body["at"] = _time(known, slot)
        periods = [_USUAL, *get_args(Preset)]
        period = st.selectbox(
            "Days",
            periods,
            periods.index(known.period) if known and known.period else 0,
            format_func=lambda each: "The usual" if each == _USUAL else PRESET_LABELS[each],
            key=f"notice_period_{slot}",
            width=210,
        )
    if period != _USUAL:
        body["period"] = period
    body |= _board(service, known, slot)
    if "board" not in body:
        # The cards of a board have their own.
        body["filters"] = _filters(service, dataset, known, slot)
    body["csv"] = st.toggle("Attach the figures as CSV", known.csv if known else False, key=f"notice_csv_{slot}")
    return {**body, "title": title, "to": _readers(known, own, slot)}


def _board(service: Service, known: Report | None, slot: str) -> dict[str, Any]:
    """Draw what the report shows: the Overview, or a board of those that the person may see."""
    names = {each.board.id: each.board.name for each in service.boards.listed()}
    if known and known.board:
        names.setdefault(known.board, "A board that is gone, or not shared with you")
    options = [_OVERVIEW, *names]
    chosen = st.selectbox(
        "Shows",
        options,
        options.index(known.board) if known and known.board else 0,
        format_func=lambda each: names.get(each, "The Overview"),
        key=f"notice_board_{slot}",
        width=320,
    )
    if chosen == _OVERVIEW:
        return {}
    pdf = st.toggle("Attach the board as PDF", known.pdf if known else False, key=f"notice_pdf_{slot}")
    return {"board": chosen, "pdf": pdf}


def _filters(service: Service, dataset: str, known: Alert | Report | None, slot: str) -> dict[str, object]:
    """Draw the filters, with the words of Explore, and return values by column."""
    first = {column: list(values) for column, values in known.filters.items()} if known else {}
    found = filter_inputs(service, dataset, first, f"notice_{slot}", has_ranges=False)
    if gone := [column for column in first if column not in service.model(dataset).filters]:
        st.warning(
            f"Saved without the filter by {literal(', '.join(gone))}, which the dataset does not give you any more."
        )
    return found


def _time(known: Alert | Report | None, slot: str) -> str:
    return st.text_input("From this time of day", known.at if known else "07:00", key=f"notice_at_{slot}", width=170)


def _readers(known: Alert | Report | None, own: str, slot: str) -> list[str]:
    text = st.text_input(
        "To",
        ", ".join(known.to) if known else own,
        placeholder="ana@example.com, bo@example.com",
        help="Your own address gets what you may see. Others get it without masked columns.",
        key=f"notice_to_{slot}",
    )
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def _number(text: str) -> Decimal | str | None:
    try:
        return Decimal(text.strip().replace(",", "")) if text.strip() else None
    except ArithmeticError:
        return text
