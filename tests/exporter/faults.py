"""A server between the exporter and the stand-in that sees every request and can spoil any of them.

    with Faults(server.url) as faults:
        faults.rule = lambda request, forward: throttled(request) if request.number < 3 else forward()

A rule gets the request and a function that sends it on. It returns what the client is answered, or None to close the
connection without an answer.
"""

import http.client
import re
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "proxy-connection"}


@dataclass(frozen=True)
class Request:
    """One request, numbered from 1 in the order of arrival."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """`Query`, `GetTable` ...; for S3 `PutObject`, `UploadPart` and so on."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        query = urlsplit(self.path).query
        if self.method == "POST":
            return "CompleteMultipartUpload" if "uploadId=" in query else "CreateMultipartUpload"
        if self.method == "DELETE":
            return "AbortMultipartUpload" if "uploadId=" in query else "DeleteObject"
        if self.method == "PUT":
            return "UploadPart" if "uploadId=" in query else "PutObject"
        return "ListObjects" if "list-type" in query else {"GET": "GetObject", "HEAD": "Head"}[self.method]

    @property
    def part(self) -> int | None:
        """Number of an uploaded part."""
        found = re.search(r"partNumber=(\d+)", self.path)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Response:
    """An answer; `sent` is how many bytes of the body leave before the connection breaks (None: all)."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: int | None = None


Forward = Callable[[], Response]
Rule = Callable[[Request, Forward], Response | None]


class _Server(ThreadingHTTPServer):
    """Knows which connections are open, so that one can wait for their end."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.open: set[Any] = set()
        self.changed = threading.Condition()
        super().__init__(("127.0.0.1", 0), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection, before its thread begins."""
        with self.changed:
            self.open.add(client_address)
            self.changed.notify_all()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Forget it, after its last answer."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.changed:
                self.open.discard(client_address)
                self.changed.notify_all()


@dataclass
class Faults:
    """The server; `url` is what AWS_ENDPOINT_URL is set to."""

    upstream: str
    rule: Rule = lambda _, forward: forward()
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        faults, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with lock:
                    request = Request(len(faults.requests) + 1, self.command, self.path, headers, body)
                    faults.requests.append(request)
                self._say(faults.rule(request, lambda: faults.forward(request)))

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815 - the base class looks for these

            def _say(self, response: Response | None) -> None:
                self.close_connection = response is None or response.sent is not None
                if response is None:
                    return
                try:
                    self.send_response(response.status)
                    for name, value in response.headers.items():
                        self.send_header(name, value)
                    if "content-length" not in response.headers:
                        self.send_header("Content-Length", str(len(response.body)))
                    self.end_headers()
                    self.wfile.write(response.body[: response.sent] if self.command != "HEAD" else b"")
                except OSError:  # the client is gone, as it may be
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
                pass

        self._http = _Server(Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def wait_for_the_last(self, seconds: float = 60) -> None:
        """Wait until nothing is on its way for clients that have ended: a killed one's request may not even be read."""
        server = self._http
        with socket.create_connection(server.server_address[:2]) as ours, server.changed:
            name = ours.getsockname()
            # Connections are accepted in order: every one that was made before ours is known by then.
            assert server.changed.wait_for(lambda: name in server.open, seconds), "no connection is accepted"
        with server.changed:
            assert server.changed.wait_for(lambda: not server.open, seconds), f"still open: {server.open}"

    def count(self, operation: str) -> int:
        """Return how many requests of an operation have come."""
        return sum(request.operation == operation for request in self.requests)

    def forward(self, request: Request) -> Response:
        """Send a request on to the stand-in and return its answer."""
        target = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        try:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            body = answer.read()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            length = {"content-length": headers["content-length"]} if request.method == "HEAD" else {}
            headers = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP} | length
            return Response(answer.status, headers, body)
        finally:
            connection.close()


def refused(code: str, status: int = 400, message: str = "as the test wants it") -> Response:
    """Return DynamoDB's way to refuse."""
    body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'.encode()
    crc = str(zlib.crc32(body))
    return Response(status, {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": crc}, body)


def s3_refused(code: str, status: int) -> Response:
    """Return S3's way to refuse."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()
    return Response(status, {"content-type": "application/xml"}, body)


def torn(response: Response) -> Response:
    """Return an answer that breaks off in the middle of its body."""
    return replace(response, sent=len(response.body) // 2)


def with_wrong_crc(response: Response) -> Response:
    """Return an answer in which one byte was changed on the way; it is JSON still."""
    body = response.body.replace(b'"Count": ', b'"Bount": ', 1)
    assert body != response.body
    return replace(response, body=body)


def first(count, operation, answer):
    """Return a rule that spoils the first requests of an operation and lets the others pass."""
    lock, seen = threading.Lock(), []

    def rule(request, forward):
        if request.operation != operation:
            return forward()
        with lock:
            seen.append(request)
            spoiled = len(seen) <= count
        return answer(forward) if spoiled else forward()

    return rule


def every(operation, answer):
    """Return a rule that spoils every request of an operation."""
    return first(10**9, operation, answer)


def without_checksum(answer):
    """Return an answer as something between here and DynamoDB may leave it."""
    return replace(answer, headers={name: value for name, value in answer.headers.items() if name != "x-amz-crc32"})
