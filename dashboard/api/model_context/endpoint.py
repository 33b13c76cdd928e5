"""`/mcp`: one HTTP request flows in, one JSON answer flows out; no session is kept between them."""

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import orjson
from anyio.abc import TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.types import CallToolResult, TextContent, Tool
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from dashboard.api.errors import error_body, error_response
from dashboard.api.model_context.definitions import INSTRUCTIONS, TOOLS
from dashboard.api.model_context.tools import Tools
from dashboard.api.requests import json_object, refuse_other_sites
from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.services.service import Service
from dataset_model.faults import DatasetError

PATH = "/mcp"

_log = LogLines(__name__)


def model_context_routes(provider: Callable[[], Service]) -> list[BaseRoute]:
    """Return the route; `provider` gives the service when a call needs it."""
    return [Route(PATH, _Endpoint(_server(Tools(provider))), methods=["POST"])]


class _Endpoint:
    def __init__(self, server: Server[Any, Any]) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            refuse_other_sites(request)
            # Python's own parser, which the protocol's package uses, fails on what is nested deeply.
            body = orjson.dumps(await json_object(request))
        except DashboardError as error:
            await error_response(error)(scope, receive, send)
            return
        transport = StreamableHTTPServerTransport(None, is_json_response_enabled=True)
        async with anyio.create_task_group() as tasks:
            await tasks.start(self._serve, transport)
            tasks.start_soon(_ended_with_client, receive, tasks.cancel_scope)
            await transport.handle_request(scope, _replayed(body), send)
            await transport.terminate()
            tasks.cancel_scope.cancel()

    async def _serve(self, transport: StreamableHTTPServerTransport, *, task_status: TaskStatus[None]) -> None:
        async with transport.connect() as (read, write):
            task_status.started()
            await self._server.run(read, write, self._server.create_initialization_options(), stateless=True)


def _server(tools: Tools) -> Server[Any, Any]:
    server: Server[Any, Any] = Server("reports", instructions=INSTRUCTIONS)

    async def tools_listed() -> list[Tool]:
        return list(TOOLS)

    async def called(name: str, arguments: dict[str, Any]) -> CallToolResult:
        try:
            return _answer(await tools.answer(name, arguments))
        except DashboardError as error:
            return _answer(error_body(error), is_error=True)
        except DatasetError as error:
            return _answer({"error": f"The dashboard's settings are wrong. {error}"}, is_error=True)
        except Exception:  # noqa: BLE001 - no caller handles it; the log gets the traceback, the client a sentence
            _log.exception("a tool failed", tool=name[:60])
            return _answer({"error": "The dashboard failed; the cause is in its log."}, is_error=True)

    server.list_tools()(tools_listed)  # type: ignore[no-untyped-call]
    # Arguments are checked as those of the API, by the same code, which names each wrong field.
    server.call_tool(validate_input=False)(called)
    return server


def _answer(body: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=orjson.dumps(body).decode())], isError=is_error)


async def _ended_with_client(receive: Receive, scope: anyio.CancelScope) -> None:
    """Cancel what runs for a client that has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _replayed(body: bytes) -> Receive:
    messages: Sequence[Message] = ({"type": "http.request", "body": body, "more_body": False},)
    left = iter(messages)

    async def receive() -> Message:
        message = next(left, None)
        if message is None:
            await anyio.sleep_forever()
        return message or {"type": "http.disconnect"}

    return receive
