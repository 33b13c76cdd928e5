"""A person's tokens for programs flow in, the page Account flows out."""

import streamlit as st

from dashboard.ui.page import cached_service
from dashboard.ui.page.token_list import make_token, token_list

st.header("Account")
asks, tokens = cached_service.requester(), cached_service.tokens
if tokens is None:
    st.info("There are no personal tokens: sign-in is off.", icon=":material/key_off:")
    st.stop()
st.caption(
    "A token lets a program of yours ask the API as you, with the roles that you have at that moment, and never as an "
    "admin. It stops when you have not signed in for a month, and when an admin ends your sessions."
)
make_token(tokens, asks, cached_service.service().names)
st.subheader("Your tokens")
token_list(tokens, asks, asks.person)
