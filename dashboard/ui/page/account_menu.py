"""The sign-in state flows in, the sign-in page or the account menu flows out."""

import os
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.sign_in.access import Access, access_from_environment
from dashboard.sign_in.person import Person, is_fresh, person_from_claims

_ICON: Final = str(Path(__file__).parents[2] / "static" / "icon.svg")


def may_read() -> bool:
    """Return whether the page may show data: a person is signed in, or no sign-in is configured."""
    return access_from_environment(os.environ) is not Access.SIGN_IN or person() is not None


def person() -> Person | None:
    """Return the signed-in person; None without one, or if the sign-in has expired."""
    claims = st.user.to_dict()
    if claims.get("is_logged_in") is not True or not is_fresh(claims):
        return None
    return person_from_claims(claims)


def sign_in_page() -> None:
    """Draw the sign-in page."""
    st.space("large")
    with (
        st.container(horizontal_alignment="center"),
        st.container(border=True, key="state_sign_in", width=440, horizontal_alignment="center"),
    ):
        st.image(_ICON, width=56)
        st.markdown(
            "### Sign in to Reporting\n\nThe figures are for people of your organisation. "
            "Its own sign-in opens next and returns here.",
            text_alignment="center",
        )
        st.button("Sign in", type="primary", key="sign_in", on_click=st.login, width="stretch")


def person_in_sidebar() -> None:
    """Draw the signed-in person and the sign-out button; nothing where no sign-in is configured."""
    who = person()
    if who is None:
        return
    with st.container(key="person", gap="xsmall"):
        st.caption("Signed in as")
        st.text(who.name, help=who.email if who.email != who.name else None)
        st.button("Sign out", icon=":material/logout:", key="sign_out", on_click=st.logout, width="stretch")
