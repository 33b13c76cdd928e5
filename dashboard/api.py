"""The JSON API: same process, same queries, same guard and same limits as the pages."""

from collections.abc import Callable

from starlette.routing import BaseRoute

from dashboard.service import Service


def routes(provider: Callable[[], Service]) -> list[BaseRoute]:
    """Return the routes for `st.App(routes=...)`; `provider` gives the service when a request needs it."""
    raise NotImplementedError
