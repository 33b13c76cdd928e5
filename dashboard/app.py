"""The ASGI application: pages, JSON API and headers in one process.

Served by `streamlit run dashboard/app.py` and by `uvicorn dashboard.app:app`, from any working directory.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

import dashboard.garbage  # noqa: F401 - ahead of what it keeps the collector from
from dashboard.board_files import BoardFiles
from dashboard.http_stream import HttpStream, script_tag
from dashboard.index_page import IndexPage
from dashboard.no_delay import NoDelay
from dashboard.security_headers import SecurityHeaders
from dashboard.settings import http_stream_mode
from dashboard.sign_in.setting_up import sign_in_or_exit
from dashboard.start_up import LaterRoutes, warming

# A wrong value is told with the other settings, on the pages and by /healthz.
_stream = http_stream_mode(os.environ) or "auto"


def _health() -> Sequence[BaseRoute]:
    from dashboard import loaders
    from dashboard.health import health_route

    return [health_route(lambda: loaders.service())]  # noqa: PLW0108 - looked up when asked, so that tests can replace it


def _api() -> Sequence[BaseRoute]:
    from dashboard import api, loaders

    return api.routes(lambda: loaders.service())  # noqa: PLW0108 - the same


def _unexpected(error: Exception) -> bool:
    from dashboard.states import unexpected

    return unexpected(error)


app = st.App(
    Path(__file__).parent / "navigation.py",
    lifespan=warming,
    routes=[
        *LaterRoutes(_health).at("/healthz"),
        *LaterRoutes(_api).at("/api/{path:path}"),
        Mount("/board", BoardFiles()),
    ],
    middleware=[
        Middleware(NoDelay),
        Middleware(SecurityHeaders),
        sign_in_or_exit().middleware,
        Middleware(IndexPage, script=script_tag(_stream)),
        Middleware(HttpStream, mode=_stream),
    ],
    on_script_error=_unexpected,
)
