"""Loads most modules after the first page is drawn, so that a new process answers sooner.

Neither the health routes nor the first page need Arrow, pandas, pyathena or the parser of SQL, where the Overview's
answers are stored already. A thread loads them once the first page is drawn, or after a while without a visitor. A
request that needs them earlier loads them itself.
"""

import importlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send
from streamlit import delta_generator

from dashboard.server import gc_policy

_PAGES_NEED: Final = (
    "dashboard.ui.overview.board",
    "dashboard.ui.page.account_menu",
    "dashboard.ui.page.theme_picker",
    "dashboard.aws.athena",
    "dashboard.ui.result.table",
    "dashboard.api.routes",
    "pandas",
)
_NOBODY_SECONDS: Final = 3.0
"""Without a visitor for so long, everything is loaded in advance."""
_SENDING_SECONDS: Final = 0.5
"""Between the drawing of the first page and the loading: the page is still on its way to the browser."""


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


_first_page_drawn = threading.Event()


def page_drawn() -> None:
    """Note that a page is drawn: the remaining modules may be loaded now."""
    _first_page_drawn.set()


@asynccontextmanager
async def warming(_app: object) -> AsyncIterator[None]:
    """Let the collector rest while modules load; load in a thread what the first page does not need."""
    gc_policy.rest()
    # Before the first element Streamlit looks through all loaded modules, which takes 0.03 s, to warn in an interactive
    # prompt. This is a server.
    delta_generator._use_warning_has_been_displayed = True  # noqa: SLF001 - Streamlit is pinned; without it all works
    threading.Thread(target=_load_and_tidy, name="warm-up", daemon=True).start()
    yield


def _load_and_tidy() -> None:
    if _first_page_drawn.wait(_NOBODY_SECONDS):
        time.sleep(_SENDING_SECONDS)
    for name in _PAGES_NEED:
        importlib.import_module(name)
    gc_policy.settle()
    gc_policy.tidy()
