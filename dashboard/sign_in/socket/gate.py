"""Middleware next to Streamlit: a socket without a signed-in person, and routes that no page needs, are refused.

It stands inside the HTTP stream, so WebSockets and channels over plain HTTP pass it alike. A connection ends with the
session that opened it: at sign-out, after the idle time, or by an admin.
"""

import asyncio
import re
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.url_util import make_url_path

from dashboard.log import LogLines
from dashboard.sign_in.access import Access
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.session import person_from_cookies
from dashboard.sign_in.sessions import Session, Sessions
from dashboard.sign_in.socket.messages import filtered, is_activity

_POLICY_VIOLATION: Final = 1008
_TRY_LATER: Final = 1013
SESSION_ENDED: Final = 4401
"""WebSocket close code of a session that has ended."""
MOST_PAGES: Final = 100
"""Open pages of a person. Each holds memory, and a thread while it draws."""


_log = LogLines(__name__)

# What the pages need of Streamlit's own routes. Others run scripts for programs, take files or list metrics; they would
# pass this module's checks, and a later Streamlit adds more.
_OWN_ROUTE: Final = re.compile(r"(?:^|/)_stcore(?:/|$)")
_SERVED: Final = re.compile(r"_stcore/(?:health|host-config|stream|bidi-components/.+)")


def _is_served(path: str) -> bool:
    base = make_url_path(config.get_option("server.baseUrlPath"), "")
    return not _OWN_ROUTE.search(path) or bool(_SERVED.fullmatch(path.removeprefix(base).lstrip("/")))


class StreamGate:
    """Refuses sockets of callers who are not signed in, and filters the messages of all others."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        source: ProviderSource | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self._app = app
        self._access = access
        self._source = source
        self._sessions = sessions or Sessions(float("inf"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and not _is_served(scope["path"]):
            await Response(status_code=404)(scope, receive, send)
        elif scope["type"] != "websocket":
            await self._app(scope, receive, send)
        elif not self._is_own_page(scope):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif self._access is not Access.SIGN_IN:
            await self._app(scope, filtered(receive), send)
        elif (session := self._session(scope)) is None:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif self._sessions.open_pages(session.person.subject) >= MOST_PAGES:
            _log.warning("page refused: a person has too many open", person=session.person.subject, pages=MOST_PAGES)
            await send({"type": "websocket.close", "code": _TRY_LATER})
        else:
            await self._serve(session, scope, receive, send)

    def _is_own_page(self, scope: Scope) -> bool:
        """Return whether a browser connects from a page of this dashboard; programs send no Origin.

        Streamlit also takes pages of every port of this machine, and asks an outside service for this machine's address
        to compare with.
        """
        headers = Headers(scope=scope)
        origin, provider = headers.get("origin"), self._source.known if self._source is not None else None
        if origin is None or (provider is not None and origin == provider.origin):
            return True
        return origin.partition("://")[2] == headers.get("host", "")

    def _session(self, scope: Scope) -> Session | None:
        provider = self._source.known if self._source is not None else None
        if provider is None:
            return None
        person = person_from_cookies(HTTPConnection(scope).cookies, provider)
        return self._sessions.admit(person, active=False) if person is not None else None

    async def _serve(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        connection = _Connection(self._sessions, session, receive, send)
        session.enders.add(connection.end)
        try:
            await self._app(scope, filtered(connection.receive), connection.send)
        finally:
            session.enders.discard(connection.end)
            connection.close()


class _Connection:
    """A socket that ends with its session."""

    def __init__(self, sessions: Sessions, session: Session, receive: Receive, send: Send) -> None:
        self._sessions, self._session = sessions, session
        self._receive, self._send = receive, send
        self._ended = asyncio.Event()
        self._end_task = asyncio.create_task(self._ended.wait())
        self._next: asyncio.Future[Message] | None = None
        self._is_closed = False

    def end(self) -> None:
        """End the connection; called in the event loop."""
        self._ended.set()

    def close(self) -> None:
        """Drop what still waits."""
        for task in (self._end_task, self._next):
            if task is not None:
                task.cancel()

    async def send(self, message: Message) -> None:
        """Send while the session holds; drop the rest."""
        if not self._ended.is_set():
            await self._send(message)

    async def receive(self) -> Message:
        """Return the next message, or the disconnect of a session that has ended."""
        while not self._ended.is_set() and (left := self._sessions.seconds_left(self._session)) > 0:
            self._next = self._next or asyncio.ensure_future(self._receive())
            waited: set[asyncio.Future[Any]] = {self._next, self._end_task}
            # Activity of the person extends the session, so the remaining time is read again.
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if self._next.done() and not self._ended.is_set():
                message, self._next = self._next.result(), None
                if is_activity(message):
                    self._sessions.touch(self._session)
                return message
        self._ended.set()
        if not self._is_closed:
            self._is_closed = True
            await self._send({"type": "websocket.close", "code": SESSION_ENDED})
        return {"type": "websocket.disconnect", "code": SESSION_ENDED}
