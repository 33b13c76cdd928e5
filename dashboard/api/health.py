"""`GET /healthz`, separate from the JSON API: a load balancer needs it before the rest is loaded."""

from collections.abc import Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.api.errors import answered, json_response
from dashboard.services.service import Service


def health_route(provider: Callable[[], Service]) -> Route:
    """Return the route that answers 200 when pages can be served: the settings are right. It asks no service."""

    async def health(_: Request) -> Response:
        await anyio.to_thread.run_sync(provider)
        return json_response({"status": "ok"})

    return Route("/healthz", answered(health), methods=["GET"])
