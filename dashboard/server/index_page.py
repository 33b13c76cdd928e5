"""Streamlit's index page, answered with the visitor's theme already in it.

Streamlit reads `window.__streamlit` before its first paint, so a theme written there leaves no flash of another one.
The hook is semi-private (Streamlit is pinned for it); without it the page still works, in Streamlit's own colours.
The same pass fixes which scripts the page may run: its inline ones by their hash, and this server's own.
"""

import base64
import functools
import hashlib
import json
import re
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.themes import COOKIE, DARK, LIGHT, PARAMETER, THEMES, css_variables, streamlit_theme

_STATIC: Final = Path(__file__).parents[1] / "static"
_STYLE: Final = (_STATIC / "style.css").read_text(encoding="utf-8")
_ADDRESS: Final = (_STATIC / "theme_address.js").read_text(encoding="utf-8")
_NULL_MARK: Final = (_STATIC / "null_mark.js").read_text(encoding="utf-8")
_SESSION_END: Final = (_STATIC / "session_end.js").read_text(encoding="utf-8")
_DROPPED: Final = frozenset({b"if-none-match", b"if-modified-since", b"accept-encoding"})
"""Request headers withheld from Streamlit: a 304 would bring back another theme, and a packed body cannot be edited."""


class IndexPage:
    """Middleware that edits HTML documents on their way out; everything else passes untouched.

    `script` is the tag of a script of this server that has to run ahead of Streamlit's own.
    """

    def __init__(self, app: ASGIApp, script: str = "") -> None:
        self._app = app
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or b"text/html" not in headers.get(b"accept", b""):
            await self._app(scope, receive, send)
            return
        headers_in = [(name, value) for name, value in scope["headers"] if name not in _DROPPED]
        # The theme of a link holds for this page view; the cookie stays as it is and holds otherwise.
        linked = theme_from_query(scope.get("query_string", b"").decode("latin-1"))
        theme = linked or theme_from_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        editor = _Editor(send, theme, self._script)
        await self._app({**scope, "headers": headers_in}, receive, editor)


class _Editor:
    """Holds an HTML answer back until it is whole, and sends it edited."""

    def __init__(self, send: Send, theme: str | None, script: str) -> None:
        self._send = send
        self._theme = theme
        self._script = script
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_document(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        page, policy = themed_page(self._body, self._theme, self._script)
        replaced = {b"content-length", b"etag", b"last-modified", b"cache-control"}
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in replaced]
        headers += [
            (b"content-length", str(len(page)).encode()),
            (b"content-security-policy", policy.encode()),
            (b"cache-control", b"no-cache"),
            (b"vary", b"Cookie"),
        ]
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": page})


def theme_from_cookie(header: str) -> str | None:
    """Return the theme that a Cookie header names, or None: nothing chosen yet, or nothing that exists."""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None and morsel.value in THEMES else None


def theme_from_query(query: str) -> str | None:
    """Return the theme that an address names, in whatever case, or None: it names none, or none that exists."""
    named = parse_qs(query).get(PARAMETER, [""])[-1].title()
    return named if named in THEMES else None


@functools.lru_cache(maxsize=16)
def themed_page(body: bytes, theme: str | None, script: str = "") -> tuple[bytes, str]:
    """Return the document with the theme in its head, and the Content-Security-Policy that fits it.

    With None, light and dark are both there and the system's preference decides.
    """
    # The page asks early for a font that none of the themes uses.
    page = re.sub(rb"<link\s+rel=\"preload\"[^>]*as=\"font\"[^>]*>", b"", body)
    page = page.replace(b"<head>", b"<head>" + (_head(theme) + script).encode(), 1)
    return page, _policy(page)


def _head(theme: str | None) -> str:
    light, dark = (LIGHT, DARK) if theme is None else (THEMES[theme], THEMES[theme])
    boot = {"LIGHT_THEME": streamlit_theme(light), "DARK_THEME": streamlit_theme(dark)}
    style = f":root{{{_declarations(css_variables(light))}}}"
    if theme is None:
        style += f"@media (prefers-color-scheme:dark){{:root{{{_declarations(css_variables(dark))}}}}}"
    return (
        '<link rel="preload" href="/app/static/inter.woff2" as="font" type="font/woff2" crossorigin>'
        f"<style>{style}{_STYLE}</style>"
        # With the server's address given, the front end does not try every folder of the page's address.
        f"<script>window.__streamlit={{...{json.dumps(boot)},BACKEND_BASE_URL:location.origin}};"
        f"window.__dashboardTheme={json.dumps(theme)};{_ADDRESS}{_NULL_MARK}{_SESSION_END}</script>"
    )


def _declarations(variables: dict[str, str]) -> str:
    return "".join(f"{name}:{value};" for name, value in variables.items())


def _policy(page: bytes) -> str:
    inline = re.findall(rb"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in inline)
    return "; ".join(
        (
            "default-src 'self'",
            # Components arrive as blobs from Streamlit itself.
            f"script-src 'self' blob: {hashes}",
            # The front end writes its style rules as it goes.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            # Also what makes it safe to let the page talk to itself as its own host (see the theme picker).
            "frame-ancestors 'none'",
        )
    )


def _is_document(start: Message) -> bool:
    kind = next((value for name, value in start["headers"] if name.lower() == b"content-type"), b"")
    return bool(start["status"] == 200 and kind.startswith(b"text/html"))
