"""SQL with parameters flows in, their values flow out: one input per name."""

import datetime as dt
from collections.abc import Mapping

import streamlit as st

from dashboard.sql.parameters import Parameter, parameters_of


def parameter_inputs(slot: str, sql: str, linked: Mapping[str, str]) -> dict[str, str]:
    """Draw an input per parameter and return the values by name, without empty ones."""
    parameters = parameters_of(sql)
    if not parameters:
        return {}
    first, revision = st.session_state.get(_key(slot), (linked, 0))
    with st.container(horizontal=True, key="parameters", vertical_alignment="bottom"):
        values = {
            each.name: _input(each, first.get(each.name, ""), f"parameter_{slot}_{revision}_{each.name}_{each.kind}")
            for each in parameters
        }
    return {name: value for name, value in values.items() if value}


def fill_inputs(slot: str, given: Mapping[str, str]) -> None:
    """Fill the inputs with the values of a saved or past query."""
    _, revision = st.session_state.get(_key(slot), ({}, 0))
    st.session_state[_key(slot)] = (dict(given), revision + 1)


def _input(parameter: Parameter, first: str, key: str) -> str:
    if parameter.kind != "date":
        return st.text_input(parameter.name, first, key=key, width=220)
    try:
        value: dt.date | None = dt.date.fromisoformat(first)
    except ValueError:
        value = None
    chosen = st.date_input(parameter.name, value, key=key, format="YYYY-MM-DD", width=160)
    return chosen.isoformat() if chosen else ""


def _key(slot: str) -> str:
    return f"{slot}_given"
