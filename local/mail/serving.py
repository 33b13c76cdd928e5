"""A server of the mail flows in; it answers in a thread of its own until the context ends."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Final, TypeVar

POLL_SECONDS: Final = 0.05
"""From being asked to stop until a server does."""

_Server = TypeVar("_Server", bound=socketserver.BaseServer)


@contextlib.contextmanager
def served(server: _Server, name: str) -> Iterator[_Server]:
    """Serve in a thread of this name, and close the server at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name=name, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
