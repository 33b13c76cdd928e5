"""Middleware between a page's socket and Streamlit: a connection without a signed-in person is refused.

It stands inside the HTTP stream, so WebSockets and channels over plain HTTP pass it alike.
"""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.sign_in.access import Access
from dashboard.sign_in.back_messages import filtered
from dashboard.sign_in.session import person_from_cookies
from dashboard.sign_in.source import ProviderSource

_POLICY_VIOLATION = 1008


class StreamGate:
    """Refuses sockets of callers who are not signed in, and filters the messages of all others."""

    def __init__(self, app: ASGIApp, access: Access, source: ProviderSource | None = None) -> None:
        self._app = app
        self._access = access
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
        elif self._access is Access.SIGN_IN and not self._is_signed_in(scope):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await self._app(scope, filtered(receive), send)

    def _is_signed_in(self, scope: Scope) -> bool:
        provider = self._source.known if self._source is not None else None
        return provider is not None and person_from_cookies(HTTPConnection(scope).cookies, provider) is not None
