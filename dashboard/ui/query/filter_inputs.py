"""A model and first filters flow in, chosen filters flow out: one input per dimension or column, no query run."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dashboard.model.selection.filters import day_from_text, key_from_value, value_from_key
from dashboard.model.selection.ranges import TIMES
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.overview.document.chart import value_label
from dashboard.services.service import Service
from dataset_model.columns.types import ColumnType

ANY, FILLED, EMPTY = "Any", "Not empty", "Empty"
_MOST_KNOWN: Final = 2_000


def filter_inputs(
    service: Service, name: str, first: Mapping[str, object], slot: str, *, has_ranges: bool = True
) -> dict[str, object]:
    """Draw the choice of columns and an input for each; return the filters as JSON has them.

    Values are those of the manifest; others may be typed. `first` are the filters of a link. Without `has_ranges`
    there are values alone.
    """
    model = service.model(name)
    ranged = model.ranged if has_ranges else {}
    options = dict.fromkeys((*model.dimensions, *model.filters, *ranged))
    chosen = st.multiselect(
        "Filters",
        list(options),
        [column for column in first if column in options],
        format_func=lambda column: capitalised(model.words.label(column)),
        placeholder="All rows: choose columns to filter by",
        key=f"filters_{slot}",
    )
    if not chosen:
        return {}
    found: dict[str, object] = {}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"filter_inputs_{slot}"):
        for column in chosen:
            key, given = f"filter_{slot}_{column}", first.get(column)
            is_range = column in ranged and (isinstance(given, Mapping) or column not in model.filters)
            if not is_range:
                wanted: object = _values(service, name, column, given, key)
            else:
                wanted = range_input(model, column, given if isinstance(given, Mapping) else {}, key)
            if wanted:
                found[column] = wanted
    return found


def range_input(model: SemanticModel, column: str, given: Mapping[str, object], key: str) -> dict[str, object]:
    """Draw both bounds of a column, or whether it has a value; return the range as JSON has it."""
    type_, label = model.ranged[column], capitalised(model.words.label(column))
    known = model.column(column)
    unit = f" ({known.unit})" if known and known.unit else ""
    state = EMPTY if given.get("empty") is True else FILLED if given.get("empty") is False else ANY
    with st.container(width=420, gap=None):
        st.caption(f"{label}{unit}")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            which = st.selectbox(
                f"{label}: which rows",
                (ANY, FILLED, EMPTY),
                (ANY, FILLED, EMPTY).index(state),
                key=f"{key}_empty",
                label_visibility="collapsed",
                width=120,
            )
            if which != ANY:
                return {"empty": which == EMPTY}
            ends = {end: _bound(type_, f"{label} {end}", given.get(end), f"{key}_{end}", end) for end in ("from", "to")}
    return {end: value for end, value in ends.items() if value}


def _bound(type_: ColumnType, label: str, first: object, key: str, end: str) -> Any:
    if type_.name in TIMES:
        value = day_from_text(first) if isinstance(first, str) else None
        picked = st.date_input(label, value, key=key, format="YYYY-MM-DD", label_visibility="collapsed", width=140)
        return picked.isoformat() if picked else None
    # As text: a number input would round what a double cannot hold.
    text = st.text_input(label, str(first or ""), key=key, placeholder=end, label_visibility="collapsed", width=140)
    return text.strip()


def _values(service: Service, name: str, column: str, given: object, key: str) -> list[str | None]:
    model = service.model(name)
    first = [key_from_value(value) for value in given] if isinstance(given, list | tuple) else []
    known = [key_from_value(value) for value in known_values_of(service, name, column)]
    options = list(dict.fromkeys([*known[:_MOST_KNOWN], key_from_value(None), *first]))
    read: Callable[[str | None], str] = value_label(model, column)
    chosen = st.multiselect(
        capitalised(model.words.label(column)),
        options,
        first,
        format_func=lambda option: read(value_from_key(option)),
        accept_new_options=model.calendar_part(column) is None,
        placeholder="Type to search",
        key=key,
        width=300,
    )
    return [value_from_key(option) if option in options else option for option in chosen]


def known_values_of(service: Service, name: str, column: str) -> tuple[str, ...]:
    """Return the values of a dimension that are known without a query: those of the manifest and of the calendar."""
    model, manifest = service.model(name), service.manifest(name)
    part = model.calendar_part(column)
    if part is None:
        return service.choices(name, column) or ()
    return tuple(model.calendar.values(part, sorted(manifest.days) if manifest else ()))
