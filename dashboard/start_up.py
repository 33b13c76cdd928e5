"""What waits until the server answers: most of what is imported, so that a new process is healthy sooner.

The health route of Streamlit answers first; then a thread loads what the first page and the API need. Whoever asks
before it is done waits for it, and for no more than would have been loaded anyway.
"""

import asyncio
import gc
import importlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

_PAGES_NEED: Final = (
    "dashboard.board_view",
    "dashboard.signed_in",
    "dashboard.theme_picker",
    "dashboard.api",
    "pandas",
)
_HEALTHY_SECONDS: Final = 0.3
"""By then a server that has started has told so."""
_TIDY_SECONDS: Final = 60.0


class LaterRoutes:
    """Routes that are made when the first of them is asked for."""

    def __init__(self, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._router: Router | None = None

    def at(self, *paths: str) -> list[BaseRoute]:
        """Return what takes the requests to these paths."""
        return [Route(path, self) for path in paths]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        router = self._router
        if router is None:
            router = await anyio.to_thread.run_sync(self._made)
        await router(scope, receive, send)

    def _made(self) -> Router:
        with self._lock:
            if self._router is None:
                self._router = Router(routes=list(self._make()))
            return self._router


@asynccontextmanager
async def warming(_app: object) -> AsyncIterator[None]:
    """Load what the first page needs, in a thread, once the server is there."""
    warm_up = threading.Thread(target=_load_and_tidy, name="warm-up", daemon=True)
    timer = asyncio.get_running_loop().call_later(_HEALTHY_SECONDS, warm_up.start)
    yield
    timer.cancel()


def _load_and_tidy() -> None:
    for name in _PAGES_NEED:
        importlib.import_module(name)
    # What is loaded stays for good: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    # The rest is little; once a minute in place of Streamlit's after every run keeps closed pages from piling up.
    while True:
        time.sleep(_TIDY_SECONDS)
        gc.collect()
