"""S3's conditional writes, made safe for concurrent clients.

moto compares If-Match and If-None-Match and writes in two steps, between which another thread may write, and it does
not compare If-Match when a multipart upload is completed. Here conditional writes run one at a time, and the missing
comparison is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_REFUSED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>PreconditionFailed</Code><Message>At least one of the '
    b"pre-conditions you specified did not hold</Message><Condition>If-Match</Condition></Error>"
)


class ConditionalWrites:
    """Wraps an S3 application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        is_conditional = "HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ
        if environ["REQUEST_METHOD"] not in ("PUT", "POST", "DELETE") or not is_conditional:
            return self._application(environ, start_response)
        with self._lock:
            wanted = environ.get("HTTP_IF_MATCH")
            is_completion = environ["REQUEST_METHOD"] == "POST" and "uploadId=" in environ.get("QUERY_STRING", "")
            if wanted and is_completion and wanted.strip('"') != self._etag(environ):
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(_REFUSED)))]
                start_response("412 Precondition Failed", headers)
                return [_REFUSED]
            return self._application(environ, start_response)

    def _etag(self, environ: Environ) -> str | None:
        """Ask for the object's present ETag; None where there is no object."""
        kept = {name: value for name, value in environ.items() if not name.startswith(("HTTP_IF_", "wsgi.input"))}
        found: dict[str, Any] = {}

        def remember(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            found.update(status=status, **{name.lower(): value for name, value in headers})

        question = kept | {"REQUEST_METHOD": "HEAD", "QUERY_STRING": "", "CONTENT_LENGTH": "0"}
        question["wsgi.input"] = _Nothing()
        list(self._application(question, remember))
        return str(found["etag"]).strip('"') if str(found.get("status", "")).startswith("200") else None


class _Nothing:
    """An empty request body."""

    def read(self, _: int = -1) -> bytes:
        """Return nothing."""
        return b""
