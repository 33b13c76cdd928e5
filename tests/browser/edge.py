"""An edge in front of a server, as some clouds put one there.

It refuses WebSocket upgrades with 403, ends every request of the page's stream after a time limit in any state, and
may hold an answer back until it is complete. Real limits are minutes, which no file of the page takes; tests have
seconds, which a file does take on a busy machine: a page without one of its scripts is a failure of no stream.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
from server_thread import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dashboard.http_stream.middleware import PREFIX

FILE_SECONDS = 120.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"}


@dataclass
class Edge:
    """What it does, and what it has seen."""

    port: int
    upstream: str
    limit_seconds: float = 120.0
    buffers: bool = False
    refused: int = 0
    cut: int = 0
    open_streams: int = 0
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: Request) -> Response:
        """Pass one request on."""
        if "upgrade" in request.headers:
            self.refused += 1
            return Response("no WebSockets here", 403)
        self.paths.append(request.url.path)
        client: httpx.AsyncClient = request.app.state.client
        is_stream = request.url.path.startswith(PREFIX)
        end = asyncio.get_running_loop().time() + (self.limit_seconds if is_stream else FILE_SECONDS)
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP]
        query = f"?{request.url.query}" if request.url.query else ""
        asked = client.build_request(
            request.method, f"{self.upstream}{request.url.path}{query}", headers=headers, content=await request.body()
        )
        try:
            async with asyncio.timeout_at(end):
                answer = await client.send(asked, stream=True)
                body = await answer.aread() if self.buffers else b""
        except TimeoutError:
            self.cut += 1
            return Response("too long", 504)
        except httpx.HTTPError:
            return Response("no server answered", 502)
        headers = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in HOP_BY_HOP]
        if self.buffers:
            passed: Response = Response(body, answer.status_code)
            headers = [(n, v) for n, v in headers if n.lower() not in {b"content-length", b"content-encoding"}]
        else:
            passed = StreamingResponse(self._body(answer, end), answer.status_code)
        passed.raw_headers = [(name.lower(), value) for name, value in headers]
        return passed

    async def _body(self, answer: httpx.Response, end: float) -> AsyncIterator[bytes]:
        self.open_streams += 1
        try:
            async with asyncio.timeout_at(end):
                async for chunk in answer.aiter_raw():
                    yield chunk
        except TimeoutError:
            self.cut += 1
            raise
        finally:
            self.open_streams -= 1
            await answer.aclose()


@contextlib.contextmanager
def edge_before(upstream: str, limit_seconds: float = 120.0, *, buffers: bool = False) -> Iterator[Edge]:
    """Run an edge before `upstream` on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    edge = Edge(listener.getsockname()[1], upstream, limit_seconds, buffers)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as app.state.client:  # noqa: S113
            yield

    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route("/{path:path}", edge.handle, methods=methods)], lifespan=lifespan)
    with served(app, listener, timeout_graceful_shutdown=1):
        yield edge
