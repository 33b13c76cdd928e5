"""AWS on one loopback port: DynamoDB, S3 and Glue by moto, in process, and Athena by `local.athena`.

    with serve() as server:
        boto3.client("athena", endpoint_url=server.url)

moto keeps its data per process, not per server: a second server in the same process sees the first one's tables and
buckets until `reset` is called.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from local.athena.protocol.endpoint import TARGET_PREFIX, Protocol
from local.athena.protocol.service import Endpoints
from local.dynamodb.fast_items import quicken
from local.dynamodb.read_units import charge_by_bytes
from local.dynamodb.table_exports import write_whole_exports
from local.dynamodb.table_streams import Streams, record_as_streams_do
from local.dynamodb.time_to_live import Expiry, expire_as_tables_do
from local.glue.table_versions import check_versions
from local.s3.conditional_writes import ConditionalWrites
from local.state import State

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

DEFAULT_PORT = 4566
SAVE_SECONDS = 30.0
"""Between two looks at whether there is something to save."""
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")


class ServeError(Exception):
    """The server cannot start; the message is for the person who started it."""


class _Handler(WSGIRequestHandler):
    """Keeps connections open between requests, and keeps quiet."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; without this each answer would wait for the other side's delayed ACK.
    disable_nagle_algorithm = True
    timeout = 120

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's own signature
        """Log nothing."""


class _ThreadedServer(ThreadedWSGIServer):
    """Keeps its open connections, so that stopping does not wait for idle clients."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, app: Application) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(host, port, app, handler=_Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a new connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a closed one."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Server:
    """A running stand-in; leaving its `with` block stops it."""

    def __init__(self, http: _ThreadedServer, application: _Front) -> None:
        self._http = http
        self._application = application
        self._closed = False
        self._expiry = Expiry(application.apply)
        self._thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._http.server_port)

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL is set to."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of the S3 requests so far, oldest first; the last 10,000 of them."""
        return list(self._application.requests)

    def reset(self) -> None:
        """Empty everything: tables, buckets, catalogue, workgroups, queries."""
        from moto.moto_api._internal.models import moto_api_backend

        self._application.athena.close()
        moto_api_backend.reset()
        self._application.requests.clear()

    def wait(self) -> None:
        """Block until the server is closed."""
        while self._thread.is_alive():
            self._thread.join(timeout=1)

    def close(self) -> None:
        """Stop answering, end running queries and free the port."""
        if self._closed:
            return
        self._closed = True
        self._expiry.close()
        self._application.athena.close()
        self._http.shutdown()
        self._http.drop_connections()
        self._http.server_close()
        self._thread.join(timeout=10)
        if self._application.state:
            self._application.state.save()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Front:
    """Sends Athena's requests to Athena and all others to moto."""

    def __init__(self, region: str, data_dir: Path | None) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._region = region
        dispatcher = DomainDispatcherApplication(create_backend_app)
        # moto lists the folders of its services for every request, under a lock. They do not change.
        setattr(dispatcher, "get_backend_for_host", functools.cache(dispatcher.get_backend_for_host))  # noqa: B010  (a type checker objects)
        self._others: Application = Streams(ConditionalWrites(dispatcher))
        self.state: State | None = None
        if data_dir:
            self._others = self.state = State(data_dir, self._others)
            self.state.load()
            self.state.save_every(SAVE_SECONDS)
        self.athena: Protocol
        self.requests: list[tuple[str, str]] = []

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(TARGET_PREFIX):
            if not target:
                self._note(environ)
            return self._others(environ, start_response)
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.athena.answer(target, scope[1] if scope else self._region, body)
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    def apply(self, change: Callable[[], int]) -> None:
        """Run what changes tables without a request."""
        if self.state:
            self.state.apply(change)
        else:
            change()

    def _note(self, environ: Environ) -> None:
        query = environ.get("QUERY_STRING", "")
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"] + (f"?{query}" if query else "")))
        if len(self.requests) > 20_000:
            del self.requests[:10_000]


def serve(
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    s3_endpoint: str | None = None,
    glue_endpoint: str | None = None,
    region: str = "us-east-1",
    allow_remote: bool = False,
    data_dir: Path | None = None,
) -> Server:
    """Start a server in the background and return it.

    Port 0 picks a free one. `s3_endpoint` and `glue_endpoint` give Athena another place for objects and catalogue
    (LocalStack, say); None is this server itself. `region` is for requests that are not signed. A host beyond loopback
    is refused unless `allow_remote` is given. `data_dir` keeps tables, objects and catalogue from one process to the
    next; None keeps them in memory alone. Raises ServeError.
    """
    if not allow_remote and not _is_loopback(host):
        raise ServeError(
            f"cannot listen on {host}: it is not a loopback address and this server checks no credentials. "
            "Use --host 127.0.0.1, or add --allow-remote if the network is yours (inside a container, say)."
        )
    quicken()
    charge_by_bytes()
    record_as_streams_do()
    expire_as_tables_do()
    write_whole_exports()
    check_versions()
    try:
        application = _Front(region, data_dir)
    except OSError as error:
        raise ServeError(
            f"cannot keep data in {data_dir}: {error.strerror or error}. Give another --data-dir."
        ) from error
    http = _bound(host, port, application)
    own = f"http://127.0.0.1:{http.server_port}"
    application.athena = Protocol(Endpoints(s3=s3_endpoint or own, glue=glue_endpoint or own))
    return Server(http, application)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bound(host: str, port: int, application: Application) -> _ThreadedServer:
    # werkzeug answers a used port with its own text and sys.exit; asking first keeps the words ours.
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServeError(
                f"cannot listen on {host}:{port}: {reason}. Stop what uses the port, or choose another with --port."
            ) from error
    return _ThreadedServer(host, port, application)
