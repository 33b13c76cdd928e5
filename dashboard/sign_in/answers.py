"""Requests that do not pass the gate to their answers; the headers of Streamlit's own sign-in to complete ones."""

import html
import time
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.url_util import make_url_path

from dashboard.sign_in.oidc.provider import Provider

LATE_SECONDS: Final = 1.0
"""A part of a body that comes later than this after its request is taken only if the request would still pass."""


async def serve_while_good(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, refusal: Callable[[], Awaitable[Response | None]]
) -> None:
    """Serve a request that has passed; `refusal` returns the answer to one that would not pass any more.

    A sign-in or a token may end while its client holds the body back: the rest then starts nothing.
    """
    began, answer, is_answered = time.monotonic(), None, False

    async def received() -> Message:
        nonlocal answer
        message = await receive()
        if message["type"] == "http.request" and time.monotonic() - began > LATE_SECONDS:
            answer = answer or await refusal()
        return message if answer is None else {"type": "http.disconnect"}

    async def sent(message: Message) -> None:
        nonlocal is_answered
        if answer is None or is_answered:
            is_answered = True
            await send(message)

    try:
        await app(scope, received, sent)
    except ClientDisconnect:
        if answer is None:
            raise
    if answer is not None and not is_answered:
        await refuse(answer, scope, receive, send)


async def refuse(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that does not pass; a socket is closed."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        answer.headers["Cache-Control"] = "no-store"
        await answer(scope, receive, send)


def unauthorized(message: str, challenge: str) -> Response:
    """Return 401 with what to send."""
    return JSONResponse({"error": message}, 401, {"WWW-Authenticate": challenge})


def two_lengths() -> Response:
    """Return 400 for a request that says its length in two ways, and end the connection."""
    return JSONResponse(
        {"error": "Send Content-Length or Transfer-Encoding, and not both."}, 400, {"Connection": "close"}
    )


def is_stranger(scope: Scope) -> bool:
    """Return whether a request brings nothing that could sign it in: no cookie and no token."""
    headers = Headers(scope=scope)
    return scope["type"] == "http" and "authorization" not in headers and "cookie" not in headers


def to_sign_in() -> Response:
    """Return a redirect to the first page, which asks a person to sign in."""
    return RedirectResponse(make_url_path(config.get_option("server.baseUrlPath"), ""), 303)


def not_set_up(headers: Headers) -> Response:
    """Return 503, as a page for a browser, until the provider is known."""
    title, text = (
        "Sign-in is not set up yet",
        "The dashboard is running and closed. Its sign-in secret is not complete.",
    )
    if "text/html" not in headers.get("accept", ""):
        return JSONResponse({"error": f"{title}. {text}"}, 503, {"Retry-After": "15"})
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="15">'
        f"<title>{html.escape(title)}</title></head>"
        '<body style="font-family:system-ui;display:grid;place-items:center;min-height:90vh;color:#334">'
        f"<main><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></main></body></html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(page, 503, {"Retry-After": "15", "Content-Security-Policy": policy})


def completing(send: Send, provider: Provider) -> Callable[[Message], Awaitable[None]]:
    """Return a `send` that completes the cookies and redirects of Streamlit's sign-in."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            message = {**message, "headers": [_completed_header(*header, provider) for header in headers.raw]}
        await send(message)

    return complete


def _completed_header(name: bytes, value: bytes, provider: Provider) -> tuple[bytes, bytes]:
    low = name.lower()
    if low == b"set-cookie" and value.startswith(b"_streamlit") and provider.origin.startswith("https://"):
        # The server speaks plain HTTP to its proxy and does not know that the browser uses HTTPS.
        return name, value if b"; secure" in value.lower() else value + b"; Secure"
    if low == b"location" and b"post_logout_redirect_uri=" in value and b".amazoncognito.com/logout?" in value:
        # Amazon Cognito's own name for where to go after signing out; without it people end on an error.
        return name, value + b"&" + urlencode({"logout_uri": provider.origin}).encode()
    return name, value
