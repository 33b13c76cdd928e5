"""Who looks at a page: the person in front of it, the page on which they sign in, and the way out."""

import os
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.sign_in.access import Access, access_from_environment
from dashboard.sign_in.person import Person, is_fresh, person_from_claims

_ICON: Final = str(Path(__file__).parents[2] / "static" / "icon.svg")


def may_read() -> bool:
    """Return whether this page may show anything: somebody is signed in, or nobody has to be."""
    return access_from_environment(os.environ) is not Access.SIGN_IN or person() is not None


def person() -> Person | None:
    """Return who is signed in; None where nobody is, or where the sign-in is too old."""
    claims = st.user.to_dict()
    if claims.get("is_logged_in") is not True or not is_fresh(claims):
        return None
    return person_from_claims(claims)


def sign_in_page() -> None:
    """Draw the page of somebody who is not signed in."""
    st.space("large")
    with (
        st.container(horizontal_alignment="center"),
        st.container(border=True, key="state_sign_in", width=440, horizontal_alignment="center"),
    ):
        st.image(_ICON, width=56)
        st.markdown(
            "### Sign in to Reporting\n\nThe figures are for people of your organisation. "
            "Its own sign-in opens next, and brings you back.",
            text_alignment="center",
        )
        st.button("Sign in", type="primary", key="sign_in", on_click=st.login, width="stretch")


def person_in_sidebar() -> None:
    """Draw who is signed in, and the way out; nothing where nobody has to sign in."""
    who = person()
    if who is None:
        return
    with st.container(key="person", gap="xsmall"):
        st.caption("Signed in as")
        st.text(who.name, help=who.email if who.email != who.name else None)
        st.button("Sign out", icon=":material/logout:", key="sign_out", on_click=st.logout, width="stretch")
