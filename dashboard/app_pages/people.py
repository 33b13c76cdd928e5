"""Sessions, tokens and spending flow in, the admins' page People flows out."""

import datetime as dt

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.sign_in.sessions import Session, Sessions
from dashboard.ui.page import cached_service
from dashboard.ui.page.token_list import token_list

service = cached_service.service()
service.permissions.require_admin("reading what other people do")
st.header("People")
st.caption("The last seven days, in UTC; visitors without sign-in since the start of this process.")

people, own = cached_service.people, dict[str, list[Session]]()
for session in people.listed() if people is not None else ():
    own.setdefault(session.person.subject, []).append(session)


def named(subject: str) -> str:
    """Return a person as they are read: a provider's subject may be a number that says nothing."""
    return f"{own[subject][0].person.name} ({subject})" if subject in own else subject


st.subheader("Spending")
spending = service.audit.spending()
if not spending:
    st.caption("No queries yet.")
else:
    st.dataframe(
        [
            {
                "Person": named(one.person),
                "Cost": formats.dollars(one.dollars),
                "Day": one.day,
                "Dataset": one.dataset,
                "Queries": one.queries,
                "Scanned": formats.size(one.bytes),
            }
            for one in spending
        ],
        hide_index=True,
        column_config={
            "Person": st.column_config.TextColumn(width="medium"),
            "Cost": st.column_config.TextColumn(alignment="right"),
            "Scanned": st.column_config.TextColumn(alignment="right"),
        },
        key="spending",
    )


def end_all(sessions: Sessions, person: str) -> None:
    """End every session of a person and their tokens."""
    sessions.end_person_from_thread(person)
    try:
        if cached_service.tokens is not None:
            cached_service.tokens.revoke_person(person)
    except DashboardError as error:
        st.toast(f"The sessions have ended, and the tokens have not: {error}", icon=":material/error:")


if people is not None:
    st.subheader("Sessions")
    for subject, sessions in own.items():
        with st.container(horizontal=True, vertical_alignment="center", key=f"session_{sessions[0].key}"):
            active = dt.datetime.fromtimestamp(sessions[0].last_active, dt.UTC)
            facts = (
                formats.plural(len(sessions), "session"),
                f"active {formats.age(active, dt.datetime.now(dt.UTC))}",
            )
            st.text(" · ".join((named(subject), *facts)))
            st.button(
                "End all sessions and tokens",
                key=f"end_{sessions[0].key}",
                icon=":material/logout:",
                type="tertiary",
                on_click=end_all,
                args=(people, subject),
            )
if cached_service.tokens is not None:
    st.subheader("Tokens")
    token_list(cached_service.tokens, cached_service.requester(), None)
