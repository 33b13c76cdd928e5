"""A request's path to whether it needs a sign-in."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope
from streamlit import config
from streamlit.url_util import make_url_path

# Below any base path. What is not here is the front end: the same files for everyone, and no figures.
_GUARDED: Final = re.compile(r"(?:^|/)(?:api|mcp|_stcore|_http_stream)(?:/|$)|(?:^|(?<!/static)/)media(?:/|$)")
_OPEN: Final = ("_stcore/health", "_http_stream/client.js")
PASSIVE: Final = re.compile(r"(?:^|/)(?:_stcore|_http_stream)/")
"""Requests that an open page sends by itself; they do not show that the person is there."""
MCP: Final = "mcp"
"""Programs ask there by the Model Context Protocol, with the API's sign-in."""
_UNSUBSCRIBE: Final = "unsubscribe"
"""The link in mails, also for readers without an account: it is signed, and shows no figure."""
SIGN_OUT: Final = "auth/logout"
_SIGN_IN: Final = ("auth/login", SIGN_OUT, "oauth2callback")
"""Streamlit's own routes of a sign-in."""


def is_guarded(path: str) -> bool:
    """Return whether a path leads to figures, files or a page's socket."""
    # The open ones are compared whole: a pattern that ends in them would also fit addresses below a guarded one.
    return bool(_GUARDED.search(path)) and not is_one_of(path, _OPEN)


def needs_sign_in(scope: Scope) -> bool:
    """Return whether a request is of no use to a person before signing in: figures, or anything sent to a page."""
    reads = scope["method"] in {"GET", "HEAD"}
    return is_guarded(scope["path"]) or not (reads or is_one_of(scope["path"], (*_SIGN_IN, _UNSUBSCRIBE)))


def is_api(path: str) -> bool:
    """Return whether programs ask there."""
    return path.startswith(make_url_path(config.get_option("server.baseUrlPath"), "api/")) or is_one_of(path, (MCP,))


def is_document(scope: Scope) -> bool:
    """Return whether a browser asks for a page, other than by the steps of a sign-in."""
    if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
        return False
    return not is_one_of(scope["path"], (*_SIGN_IN, _UNSUBSCRIBE))


def is_one_of(path: str, names: tuple[str, ...]) -> bool:
    """Return whether a path is one of these names, below the base path."""
    base = config.get_option("server.baseUrlPath")
    return path in {make_url_path(base, name) for name in names}
