"""A small Streamlit app behind the dashboard's own middleware, with what the dashboard has no use for: an upload."""

import os

import streamlit as st
from starlette.middleware import Middleware

from dashboard.http_stream import HttpStream, script_tag
from dashboard.server.index_page import IndexPage
from dashboard.server.security_headers import SecurityHeaders

MODE = os.environ.get("HTTP_STREAM", "auto")

app = st.App(
    "stream_script.py",
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(IndexPage, script=script_tag(MODE)),
        Middleware(HttpStream, mode=MODE),
    ],
)
