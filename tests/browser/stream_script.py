"""Widgets, an upload, a large table and what the session remembers."""

import hashlib
import time

import pandas as pd
import streamlit as st

st.title("Stream")
clicks = st.session_state.setdefault("clicks", 0)
st.session_state.setdefault("born", time.time_ns())
if st.button("Count"):
    st.session_state.clicks += 1
st.markdown(f"clicks: {st.session_state.clicks}")
st.markdown(f"born: {st.session_state.born}")
name = st.text_input("Name")
st.markdown(f"hello: {name}")
uploaded = st.file_uploader("File")
if uploaded is not None:
    data = uploaded.getvalue()
    st.markdown(f"uploaded: {len(data)} {hashlib.sha256(data).hexdigest()[:12]}")
if st.toggle("Table"):
    rows = 120_000
    table = pd.DataFrame({f"column_{place}": range(place, rows + place) for place in range(12)})
    st.dataframe(table, height=300)
    st.markdown(f"rows: {len(table)}")
