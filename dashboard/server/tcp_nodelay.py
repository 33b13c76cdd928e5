"""Sends each small message of a page at once.

Asyncio does not recognise uvicorn's listening socket as TCP and leaves Nagle's algorithm on: the last messages of a
click then wait for the browser's delayed acknowledgement, some 40 ms. ASGI has no option for this, so the connection is
found through uvicorn's protocol object; under another server nothing happens.
"""

import asyncio
import socket

from starlette.types import ASGIApp, Receive, Scope, Send


class NoDelay:
    """Middleware that turns Nagle's algorithm off for WebSockets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if isinstance(transport, asyncio.BaseTransport):
                _send_at_once(transport.get_extra_info("socket"))
        await self._app(scope, receive, send)


def _send_at_once(connection: socket.socket | None) -> None:
    if connection is not None and connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
