"""ASGI middleware: the four operations of the stream, everything else passes untouched."""

import html
import json
import math
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.http_stream.browser import address_from_scope, owner_from_headers
from dashboard.http_stream.channel import GOING_AWAY, Channel, Gap, Refused
from dashboard.http_stream.downstream import Wanted, send_frames
from dashboard.http_stream.frames import Frame, Kind, MalformedFrames, frames_from
from dashboard.http_stream.limits import Limits
from dashboard.http_stream.registry import Registry, TooMany
from dashboard.http_stream.termination import on_termination

Mode = Literal["auto", "always", "off"]

PREFIX: Final = "/_http_stream/"
_STREAM: Final = "/_stcore/stream"
_SCRIPT: Final = (Path(__file__).parent.parent / "static" / "http_stream.js").read_bytes()
_MOST_OPEN_BYTES: Final = 8192
_NOT_FOR_STREAMLIT: Final = frozenset(
    {b"connection", b"content-length", b"content-type", b"sec-websocket-protocol", b"transfer-encoding", b"x-channel"}
)

_Operation = Callable[[Scope, Receive, Send, str], Awaitable[None]]


def script_tag(mode: Mode) -> str:
    """Return what the page's head needs, ahead of Streamlit's own script; nothing where the stream is off.

    Deferred, so that the first paint does not wait; Streamlit's own module script still runs after it.
    """
    return "" if mode == "off" else f'<script defer src=".{PREFIX}client.js" data-mode="{html.escape(mode)}"></script>'


class HttpStream:
    """Carries `/_stcore/stream` over `/_http_stream/{open,recv,send,close}`.

    Streamlit's endpoint sees an ordinary WebSocket with the headers of the opening request, so its checks of origin,
    XSRF token and login are its own.
    """

    def __init__(self, app: ASGIApp, mode: Mode = "auto", limits: Limits | None = None) -> None:
        self._app = app
        self._is_on = mode != "off"
        self._limits = limits or Limits()
        self._registry = Registry(self._limits)
        self._operations: dict[tuple[str, str], _Operation] = {
            ("POST", "open"): self._open,
            ("GET", "recv"): self._receive,
            ("POST", "send"): self._take,
            ("POST", "close"): self._close,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, self._observing(receive), send)
            return
        base, found, operation = scope["path"].partition(PREFIX) if scope["type"] == "http" else ("", "", "")
        if not found or not self._is_on:
            await self._app(scope, receive, send)
        elif operation == "client.js":
            script = Response(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
            await script(scope, receive, send)
        elif (act := self._operations.get((scope["method"], operation))) is None:
            await Response(status_code=404)(scope, receive, send)
        elif not _is_same_site(Headers(scope=scope)):
            await _answer(403, scope, receive, send)
        else:
            await act(scope, receive, send, base)

    def _observing(self, receive: Receive) -> Receive:
        async def observed() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup" and self._is_on:
                on_termination(self._registry.end_all)
            elif message["type"] == "lifespan.shutdown":
                self._registry.end_all()
            return message

        return observed

    async def _open(self, scope: Scope, receive: Receive, send: Send, base: str) -> None:
        owner, address = owner_from_headers(scope["headers"]), address_from_scope(scope)
        body = await _body(scope, receive, _MOST_OPEN_BYTES)
        try:
            self._registry.make_room(owner, address)
            protocols = _protocols(body)
            channel = Channel(self._app, _websocket_scope(scope, base, protocols), owner, address, self._limits)
            # Added before it is accepted, so that connections that wait for acceptance count as well.
            self._registry.add(channel)
            try:
                chosen = await channel.opened()
            except Refused:
                self._registry.remove(channel)
                raise
        except TooMany as full:
            await _answer(full.status, scope, receive, send)
        except Refused:
            await _answer(403, scope, receive, send)
        except (ValueError, RecursionError):
            await _answer(400 if body is not None else 413, scope, receive, send)
        else:
            answer = JSONResponse({"id": channel.id, "protocol": chosen}, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send)

    async def _receive(self, scope: Scope, receive: Receive, send: Send, _: str) -> None:
        channel = self._channel(scope)
        if channel is None:
            await _answer(410, scope, receive, send)
            return
        try:
            wanted = _wanted(scope, self._limits)
        except ValueError:
            await _answer(400, scope, receive, send)
            return
        channel.acknowledge(wanted.acknowledged)
        await send_frames(channel, wanted, self._limits, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send, _: str) -> None:
        channel = self._channel(scope)
        if channel is None or channel.is_closed:
            await _answer(410, scope, receive, send)
            return
        body = await _body(scope, receive, self._limits.body_bytes)
        if body is None:
            await _answer(413, scope, receive, send)
            return
        try:
            for frame in _messages(body):
                await channel.accept(frame)
        except MalformedFrames:
            await _answer(400, scope, receive, send)
        except Gap:
            await _answer(409, scope, receive, send)
        else:
            await _answer(204, scope, receive, send)

    async def _close(self, scope: Scope, receive: Receive, send: Send, _: str) -> None:
        channel = self._channel(scope)
        if channel is not None:
            self._registry.remove(channel, GOING_AWAY)
        await _answer(204, scope, receive, send)

    def _channel(self, scope: Scope) -> Channel | None:
        name = Headers(scope=scope).get("x-channel", "")
        return self._registry.find(name, owner_from_headers(scope["headers"]))


def _is_same_site(headers: Headers) -> bool:
    # A page of another site needs a CORS preflight for this header, and this server answers none.
    if "x-channel" not in headers or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or secrets.compare_digest(
        urlsplit(origin).netloc.encode("latin-1"), headers.get("host", "").encode("latin-1")
    )


def _websocket_scope(scope: Scope, base: str, protocols: list[str]) -> Scope:
    path = base + _STREAM
    headers = [(name, value) for name, value in scope["headers"] if name not in _NOT_FOR_STREAMLIT]
    inherited = ("asgi", "http_version", "client", "server", "root_path", "app", "state")
    return {
        **{name: scope[name] for name in inherited if name in scope},
        "type": "websocket",
        "scheme": "wss" if scope.get("scheme") == "https" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*headers, (b"sec-websocket-protocol", ", ".join(protocols).encode("latin-1"))],
        "subprotocols": protocols,
        "extensions": {},
    }


def _protocols(body: bytes | None) -> list[str]:
    """Return the subprotocols of an opening request; raise ValueError for anything that fits no header."""
    asked = json.loads(body or b"")
    named = asked.get("protocols") if isinstance(asked, dict) else None
    if not isinstance(named, list) or not all(isinstance(one, str) and one.isascii() for one in named):
        raise ValueError("expected a list of texts")
    if any("," in one or not one.isprintable() for one in named):
        raise ValueError("a subprotocol is one word")
    return named


def _messages(body: bytes) -> list[Frame]:
    frames = frames_from(body)
    if any(frame.kind is not Kind.DATA for frame in frames):
        raise MalformedFrames("only data travels up")
    return frames


def _wanted(scope: Scope, limits: Limits) -> Wanted:
    """Return what the query string asks for; raise ValueError where it cannot be read."""
    query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    acknowledged, wait = int(query.get("ack", "")), float(query.get("wait", "inf"))
    if acknowledged < 0 or math.isnan(wait):
        raise ValueError("out of range")
    streaming = query.get("mode") != "poll"
    longest = limits.stream_seconds if streaming else limits.poll_seconds
    return Wanted(acknowledged, streaming, min(longest, wait))


async def _body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """Return a request's body, or None where it is too long: by its own account unread, otherwise read no further."""
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    await Response(status_code=status, headers={"Cache-Control": "no-store"})(scope, receive, send)
