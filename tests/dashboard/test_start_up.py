"""What a new process loads before it is healthy, and what it leaves for later."""

import asyncio
import subprocess
import sys

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.start_up import LaterRoutes

SLOW = ("boto3", "joserfc", "pandas", "pyarrow", "pyathena", "sqlglot", "altair")


def test_a_process_is_healthy_before_it_has_loaded_what_pages_need():
    """The application is there without the clients, the parser and the tables that the first page needs."""
    code = f"import dashboard.app, sys; print(*sorted(set({SLOW!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def asked(routes: LaterRoutes, path: str) -> list[dict]:
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request"}

    async def send(message: dict) -> None:
        sent.append(message)

    (route,) = routes.at("/api/{path:path}")
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}

    async def serve() -> None:
        _, child = route.matches(scope)
        await route.handle({**scope, **child}, receive, send)

    asyncio.run(serve())
    return sent


def test_routes_are_made_once_and_when_asked_for():
    """The first request makes them, every further one finds them."""
    made = []

    def make() -> list[Route]:
        async def answer(_: Request) -> Response:
            return PlainTextResponse("here")

        made.append(1)
        return [Route("/api/where", answer)]

    routes = LaterRoutes(make)
    assert made == []
    for _ in range(2):
        assert asked(routes, "/api/where")[1]["body"] == b"here"
    assert asked(routes, "/api/elsewhere")[0]["status"] == 404
    assert made == [1]
