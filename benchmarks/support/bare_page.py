"""A Streamlit page with nothing on it."""

import streamlit as st

st.title("Contacts")
