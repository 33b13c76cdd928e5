"""The ASGI application: pages, JSON API and headers in one process.

Served by `streamlit run dashboard/app.py` and by `uvicorn dashboard.app:app`, from any working directory.
"""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from dashboard.http_stream import HttpStream, script_tag
from dashboard.server.board_assets import BoardFiles
from dashboard.server.deferred_imports import LaterRoutes, warming
from dashboard.server.index_page import IndexPage
from dashboard.server.security_headers import SecurityHeaders
from dashboard.server.tcp_nodelay import NoDelay
from dashboard.settings import http_stream_mode
from dashboard.sign_in.sessions import Ended
from dashboard.sign_in.setting_up import sign_in_or_exit
from dashboard.sign_in.tokens import Store, Tokens

# A wrong value is reported with the other settings, on the pages and by /healthz.
_stream = http_stream_mode(os.environ) or "auto"


def _health() -> Sequence[BaseRoute]:
    from dashboard.api.health import health_route
    from dashboard.ui.page import cached_service

    return [health_route(lambda: cached_service.service())]  # noqa: PLW0108 - looked up when asked, so that tests can replace it


def _api() -> Sequence[BaseRoute]:
    from dashboard.api import routes
    from dashboard.ui.page import cached_service

    return routes.routes(lambda: cached_service.service(), _sign_in.sessions, _sign_in.tokens)  # noqa: PLW0108 - the same


def _model_context() -> Sequence[BaseRoute]:
    from dashboard.api.model_context.endpoint import model_context_routes
    from dashboard.ui.page import cached_service

    return model_context_routes(lambda: cached_service.service())  # noqa: PLW0108 - the same


def _unsubscribe() -> Sequence[BaseRoute]:
    from dashboard.api.personal.unsubscribe import unsubscribe_routes
    from dashboard.ui.page import cached_service

    return unsubscribe_routes(lambda: cached_service.service())  # noqa: PLW0108 - the same


def _unexpected(error: Exception) -> bool:
    from dashboard.ui.page.states import unexpected

    return unexpected(error)


def _ended_sessions() -> Ended:
    from dashboard.stores.ended_sessions import EndedSessions
    from dashboard.ui.page import cached_service

    service = cached_service.service()
    target = service.settings.datasets[0].target
    # Known by now, and loaded: the pages of an admin list them.
    cached_service.people, cached_service.tokens = _sign_in.sessions, _sign_in.tokens
    return EndedSessions(service.objects, service.settings.bucket, target.prefix)


def _stop_queries(person: str) -> None:
    from dashboard.ui.page import cached_service

    cached_service.service().jobs.cancel_person(person)


def _tokens(role_claim: str) -> Tokens:
    def store() -> Store:
        from dashboard.stores.api_tokens import TokenStore
        from dashboard.ui.page import cached_service

        service = cached_service.service()
        return TokenStore(service.objects, service.settings.bucket, service.settings.datasets[0].target.prefix)

    def kept_claims() -> Collection[str]:
        from dashboard.ui.page import cached_service

        return {role_claim, "email", "email_verified", *cached_service.service().masking.claims}

    return Tokens(store, kept_claims)


_sign_in = sign_in_or_exit(ended=_ended_sessions, tokens=_tokens)
if _sign_in.sessions is not None:
    _sign_in.sessions.on_person_end = _stop_queries

app = st.App(
    Path(__file__).parent / "navigation.py",
    lifespan=warming,
    routes=[
        *LaterRoutes(_health).at("/healthz"),
        *LaterRoutes(_api).at("/api/{path:path}"),
        *LaterRoutes(_model_context).at("/mcp"),
        *LaterRoutes(_unsubscribe).at("/unsubscribe"),
        Mount("/board", BoardFiles()),
    ],
    middleware=[
        Middleware(NoDelay),
        Middleware(SecurityHeaders),
        _sign_in.middleware,
        Middleware(IndexPage, script=script_tag(_stream)),
        Middleware(HttpStream, mode=_stream),
        *_sign_in.inner_middleware,
    ],
    on_script_error=_unexpected,
)
