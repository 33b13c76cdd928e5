"""A model and a link flow in; the measure, the groupings, the filters and the order that a person chose flow out."""

from typing import Any, Final

import streamlit as st

from dashboard.model.grouping.question import MOST_GROUPINGS, SORTS, Sort, default_sort
from dashboard.model.query_link import Linked
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.services.service import Service
from dashboard.ui.query.filter_inputs import filter_inputs

_AGGREGATES: Final = {
    "distinct": "Different values of",
    "sum": "Sum of",
    "mean": "Mean of",
    "median": "Median of",
    "min": "Smallest",
    "max": "Largest",
}
_SORTS: Final[dict[Sort, str]] = {"largest": "Largest first", "smallest": "Smallest first", "groups": "By group"}


def group_inputs(service: Service, name: str, link: Linked, slot: str) -> dict[str, Any]:
    """Draw the inputs of a question by groupings and return their values, named as in the JSON API."""
    model = service.model(name)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"measured_{slot}"):
        values = measure_inputs(model, link, slot)
        by = st.multiselect(
            "By",
            model.groupings,
            [each for each in link.by if each in model.groupings],
            max_selections=MOST_GROUPINGS,
            format_func=lambda each: capitalised(model.words.label(each)),
            placeholder="One total: choose up to two groupings",
            key=f"by_{slot}",
            width=340,
        )
        sort = _sort(model, by, link, slot)
        totals = st.toggle("Totals", link.totals, key=f"totals_{slot}", help=_TOTALS)
    filters = filter_inputs(service, name, link.filters, slot)
    return {**values, "by": by, "sort": sort, "totals": totals, "filters": filters}


_TOTALS: Final = "Totals of rows, columns and all, each computed over its own rows by the same query."


def columns_for(aggregate: str, model: SemanticModel) -> list[str]:
    """Return the columns that an aggregate can be of, as the requester may see them."""
    found = []
    for column in model.columns:
        try:
            model.measure_named(aggregate, column.name)
        except ValueError:
            continue
        found.append(column.name)
    return found


def measure_inputs(model: SemanticModel, link: Linked, slot: str) -> dict[str, Any]:
    """Draw the choice of a measure, and of the column of an aggregate; return both, named as in the JSON API."""
    labels = {"rows": f"Number of {model.words.rows.many}"}
    labels |= {each.name: model.measure_named(each.name).label for each in model.declared}
    labels |= {each: text for each, text in _AGGREGATES.items() if columns_for(each, model)}
    options = list(labels)
    measure = st.selectbox(
        "Measure",
        options,
        options.index(link.measure) if link.measure in options else 0,
        format_func=labels.__getitem__,
        key=f"measure_{slot}",
        width=210,
    )
    if measure not in _AGGREGATES or measure in {each.name for each in model.declared}:
        return {"measure": measure}
    columns = columns_for(measure, model)
    column = st.selectbox(
        labels[measure],
        columns,
        columns.index(link.column) if link.column in columns else 0,
        format_func=lambda each: capitalised(model.words.label(each)),
        key=f"column_{slot}_{measure}",
        width=210,
    )
    return {"measure": measure, "column": column}


def _sort(model: SemanticModel, by: list[str], link: Linked, slot: str) -> str:
    usual = next((each for each in SORTS if each == link.sort), default_sort(model, by))
    return st.selectbox(
        "Order",
        SORTS,
        SORTS.index(usual),
        format_func=_SORTS.__getitem__,
        # Another kind of grouping has another usual order.
        key=f"sort_{slot}_{usual}",
        width=150,
    )
