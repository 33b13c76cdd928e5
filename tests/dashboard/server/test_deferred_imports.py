"""What a new process loads before it is healthy, and what it leaves for later."""

import asyncio
import datetime as dt
import os
import subprocess
import sys

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.server.deferred_imports import LaterRoutes

SLOW = ("altair", "boto3", "numpy", "pandas", "PIL", "pyarrow", "pyathena", "sqlglot", "xlsxwriter")

FIRST_PAGE = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({page!r}, default_timeout=60).run()
assert not app.exception, app.exception
(drawn,) = (each.proto for each in app.get("bidi_component") if each.proto.component_name == "board")
print(drawn.bytes[:2].decode())
"""


def loaded_by(code: str, *names: str, environment: dict[str, str] | None = None) -> list[str]:
    """Run code in a Python of its own; return what it printed, then which of these packages it has loaded."""
    report = f"import sys; print(*sorted(set({names!r}) & set(sys.modules)))"
    command = [sys.executable, "-W", "ignore", "-c", f"{code}\n{report}"]
    variables = os.environ | (environment or {})
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    return done.stdout.split()


def test_a_process_is_healthy_before_it_has_loaded_what_pages_need():
    """The application is there without the clients, the parser and the tables that pages need, nor a log to write."""
    assert loaded_by("import dashboard.app", *SLOW, "botocore", "joserfc", "structlog", "rich", "mcp") == []


def test_a_load_balancer_that_asks_for_health_loads_no_more_than_the_first_page():
    """The rest of the API is loaded at its first use."""
    imports = "from dashboard.ui.page import cached_service; from dashboard.api.health import health_route"
    code = f"{imports}; health_route(cached_service.service)"
    assert loaded_by(code, *SLOW) == []


def test_the_first_page_is_drawn_without_what_only_others_need(publishing, repository):
    """Where the answers are stored, neither Athena's client nor Arrow, pandas or the parser is loaded for it."""
    published = publishing("quick", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3)
    code = FIRST_PAGE.format(page=str(repository / "dashboard" / "navigation.py"))
    close = "from dashboard.ui.page import cached_service; cached_service.service().close()"
    printed = [loaded_by(f"{code}\n{close}", *SLOW, environment=published.environment) for _ in range(2)]
    assert {"pyarrow", "pyathena"} < set(printed[0])
    assert printed[1] == ['{"']


def test_streamlit_is_told_that_it_serves():
    """The word for it is private; without it every process looks through all its modules before its first element."""
    from streamlit import delta_generator

    assert delta_generator._use_warning_has_been_displayed in {True, False}


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
