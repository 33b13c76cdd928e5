"""Personal tokens flow in, their list and the form that makes one flow out."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, get_args

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model.access.api_token import MOST_DAYS, ApiToken, Scope
from dashboard.model.access.requester import Requester
from dashboard.sign_in.tokens import MOST_NAME, Tokens

_SCOPES: Final[dict[Scope, str]] = {"read": "Figures and ready queries", "sql": "Also custom SQL and files"}
_USUAL_DAYS: Final = 90


def make_token(tokens: Tokens, asks: Requester, datasets: Sequence[str]) -> None:
    """Draw the form, and the secret of a token that it has just made."""
    with st.form("token", clear_on_submit=True):
        name = st.text_input("Name", max_chars=MOST_NAME, placeholder="Nightly report", key="token_name")
        scope: Scope = st.selectbox("May ask for", get_args(Scope), format_func=_SCOPES.__getitem__, key="token_scope")
        chosen = st.multiselect("Datasets", datasets, placeholder="All that you may see", key="token_datasets")
        days = st.number_input("Days until it expires", 1, MOST_DAYS, _USUAL_DAYS, key="token_days")
        wanted = st.form_submit_button("Make a token", icon=":material/add:", type="primary")
    if not wanted:
        return
    try:
        made, secret = tokens.make(asks, name, scope, days, chosen)
    except DashboardError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.success(f"{made.id} is made. Copy it now: it is shown this once, and kept nowhere.", icon=":material/key:")
    st.code(secret, language=None)


def token_list(tokens: Tokens, asks: Requester, person: str | None) -> None:
    """Draw the tokens of a person, or of all people (None), with a button that revokes each."""
    found = tokens.listed(person)
    if not found:
        st.caption("No tokens.")
    for token in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"token_{token.id}"):
            st.text(" · ".join((*([] if person else [token.person]), *_facts(token))))
            st.button(
                "Revoke",
                key=f"revoke_{token.id}",
                icon=":material/key_off:",
                type="tertiary",
                on_click=_revoke,
                args=(tokens, token.id, asks),
            )


def _revoke(tokens: Tokens, token: str, asks: Requester) -> None:
    try:
        tokens.revoke(token, asks)
    except DashboardError as error:
        st.toast(str(error), icon=":material/error:")


def _facts(token: ApiToken) -> tuple[str, ...]:
    ends = "expired" if token.expires_at <= dt.datetime.now(dt.UTC) else "good until"
    return (
        token.label,
        _SCOPES[token.scope],
        ", ".join(token.datasets) or "all datasets",
        f"{ends} {token.expires_at:%Y-%m-%d}",
    )
