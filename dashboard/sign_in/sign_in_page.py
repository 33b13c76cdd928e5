"""Requests of signed-out browsers in, the sign-in page out: no Streamlit script runs for them.

The page is plain HTML; the middleware for HTML documents adds theme and content policy. Its link leads to `START`,
which makes Streamlit's short-lived sign-in token when it is needed and not when the page is drawn.
"""

import html
from typing import Final
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import encode_provider_token
from streamlit.url_util import make_url_path

SIGNED_OUT: Final = "dashboard.signed_out"
"""Key in a request's scope, set by the gate: the caller is not signed in and asks for a document."""
START: Final = "_sign_in/start"
_STREAMLIT_LOGIN: Final = "auth/login"
_PROVIDER: Final = "default"

_STYLE: Final = """
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 Inter, system-ui, sans-serif;
  background: var(--dash-page); color: var(--dash-text); }
main { box-sizing: border-box; width: min(440px, calc(100vw - 2rem)); padding: 2rem; text-align: center;
  border: 1px solid var(--dash-border); border-radius: 10px; background: var(--dash-card);
  box-shadow: var(--dash-shadow); }
h1 { margin: 1rem 0 0.5rem; font-size: 1.5rem; letter-spacing: -0.02em; }
p { margin: 0 0 1.5rem; color: var(--dash-muted); }
a { display: block; padding: 0.6rem 1rem; border-radius: 8px; border: 1px solid var(--dash-link);
  color: var(--dash-link); font-weight: 600; text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
"""


class SignInPage:
    """Middleware that answers signed-out browsers with the sign-in page and starts the sign-in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not scope.get(SIGNED_OUT):
            await self._app(scope, receive, send)
            return
        starts = scope["path"] == _address(START)
        await (_start() if starts else _page())(scope, receive, send)


def _address(path: str) -> str:
    return make_url_path(config.get_option("server.baseUrlPath"), path)


def _start() -> Response:
    query = urlencode({"provider": encode_provider_token(_PROVIDER)})
    return RedirectResponse(f"{_address(_STREAMLIT_LOGIN)}?{query}", 302, {"Cache-Control": "no-store"})


def _page() -> Response:
    icon, start = html.escape(_address("app/static/icon.svg")), html.escape(_address(START))
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · Reporting</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body><main><img src="{icon}" width="56" height="56" alt=""><h1>Sign in to Reporting</h1>'
        "<p>The figures are for people of your organisation. Sign in with your organisation's account.</p>"
        f'<a role="button" href="{start}">Sign in</a></main></body></html>',
        headers={"Cache-Control": "no-store"},
    )
