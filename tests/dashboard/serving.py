"""The API's routes behind a real HTTP server on a free port."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence

import httpx
from server_thread import served
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from dashboard.api import routes
from dashboard.model.access.api_token import TokenBook
from dashboard.services.service import Service
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import Tokens

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Addresses here are plain HTTP. httpx would read the certificates of all authorities for each client."""


class MemoryTokens:
    """A store of personal tokens, for a test."""

    def __init__(self) -> None:
        self.book = TokenBook()

    def load(self) -> TokenBook:
        return self.book

    def change(self, changed: Callable[[TokenBook], TokenBook]) -> TokenBook:
        self.book = changed(self.book)
        return self.book


@contextlib.contextmanager
def serving(
    provider: Callable[[], Service],
    gate: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    sessions: Sessions | None = None,
    tokens: Tokens | None = None,
    more: Sequence[BaseRoute] = (),
) -> Iterator[httpx.Client]:
    """Serve the routes, within a gate, and yield a client that asks them."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = gate(Starlette(routes=[*routes.routes(provider, sessions, tokens), *more]))
    with served(app, listener, lifespan="off"), httpx.Client(base_url=address, timeout=60, verify=PLAIN) as client:
        yield client
