"""An application behind a real HTTP server on a listening socket, in a thread."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open after the graceful time: a loop that ends leaves its connections to the collector."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


@contextlib.contextmanager
def served(app: ASGIApp, listener: socket.socket, **settings: Any) -> Iterator[None]:
    """Serve until the end of the block; `settings` are uvicorn's."""
    server = _Server(uvicorn.Config(app, log_level="critical", ws="none", **settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
