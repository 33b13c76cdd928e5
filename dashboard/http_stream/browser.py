"""Request headers to the owner of a channel: the browser that opened it, and its network address."""

import hashlib
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

_XSRF: Final = b"_streamlit_xsrf"
_LOGIN: Final = b"_streamlit_user"
"""Also the beginning of the cookies that a long login is split into."""


def owner_from_headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a digest of the XSRF token and the login; the same for every tab of a browser, until it signs in or out.

    Streamlit masks the token differently in every answer of its health check, so the cookie changes from request to
    request. Only the unmasked token identifies the browser.
    """
    parts = []
    for name, value in sorted(_cookies(headers)):
        if name == _XSRF:
            token, _ = decode_xsrf_token_string(value.decode("latin-1"))
            parts.append(name + b"=" + (token.hex().encode() if token else value))
        elif name.startswith(_LOGIN):
            parts.append(name + b"=" + value)
    return hashlib.sha256(b"; ".join(parts)).digest()


def address_from_scope(scope: Scope) -> str:
    """Return the caller's address; with a proxy, the one that the proxy appended to `X-Forwarded-For`."""
    peer = scope.get("client")
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    # Entries further left come from the caller, who may write anything.
    nearest = forwarded[-1].decode("latin-1").rpartition(",")[2].strip() if forwarded else ""
    return f"{peer[0] if peer else ''} {nearest}"


def _cookies(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for header, line in headers:
        if header == b"cookie":
            for item in line.split(b";"):
                name, _, value = item.strip().partition(b"=")
                yield name, value
