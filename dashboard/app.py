"""The ASGI application: pages, JSON API and headers in one process.

Served by `streamlit run dashboard/app.py` and by `uvicorn dashboard.app:app`, from any working directory.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard import api, loaders
from dashboard.index_page import IndexPage
from dashboard.security_headers import SecurityHeaders
from dashboard.states import unexpected

app = st.App(
    Path(__file__).parent / "navigation.py",
    routes=api.routes(lambda: loaders.service()),  # noqa: PLW0108 - looked up when asked, so that tests can replace it
    middleware=[Middleware(SecurityHeaders), Middleware(IndexPage)],
    on_script_error=unexpected,
)
