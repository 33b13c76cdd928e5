"""One virtual WebSocket: Streamlit's own endpoint, run against two queues instead of a connection."""

import asyncio
import collections
import secrets
import time
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Scope

from dashboard.http_stream.frames import Frame, Kind, close_frame
from dashboard.http_stream.limits import Limits
from dashboard.log import LogLines

ABNORMAL: Final = 1006
GOING_AWAY: Final = 1001
SERVICE_RESTART: Final = 1012

_log = LogLines(__name__)


class Refused(Exception):
    """Streamlit did not accept the connection: a foreign origin, for example."""


class Gap(Exception):
    """A frame that follows one that never arrived."""


class Channel:
    """Outlives any single request, so a request that is cut loses nothing."""

    def __init__(self, app: ASGIApp, scope: Scope, owner: bytes, address: str, limits: Limits) -> None:
        self.id = secrets.token_urlsafe(32)
        self.owner = owner
        self.address = address
        self.is_closed = False
        self.last_read = time.monotonic()
        self.news = asyncio.Event()
        """Set when there is something for the reader to look at."""
        self._limits = limits
        self._reader: object | None = None
        self._inbox: collections.deque[Message] = collections.deque([{"type": "websocket.connect"}])
        self._inbox_bytes = 0
        self._accepted_number = 0
        self._unread: collections.deque[tuple[int, bytes]] = collections.deque()
        self._unread_bytes = 0
        self._number = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._opened: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(app, scope))

    async def opened(self) -> str | None:
        """Return the subprotocol that Streamlit chose; raise Refused where it did not accept."""
        return await asyncio.shield(self._opened)

    # Towards the browser

    @property
    def is_read(self) -> bool:
        """Whether a request is waiting for frames now."""
        return self._reader is not None

    @property
    def is_full(self) -> bool:
        """Whether Streamlit has to wait until the browser acknowledges."""
        return self._unread_bytes > self._limits.unread_bytes

    def begin_reading(self) -> object:
        """Return a token for a new reader; the one before loses its turn."""
        self._reader = object()
        self.news.set()
        return self._reader

    def reads(self, reader: object) -> bool:
        """Return whether it is still this reader's turn."""
        return self._reader is reader

    def end_reading(self, reader: object) -> None:
        """Note that a reader has gone."""
        if self._reader is reader:
            self._reader = None
            self.last_read = time.monotonic()

    def acknowledge(self, number: int) -> None:
        """Forget the frames up to a number: the browser has them."""
        while self._unread and self._unread[0][0] <= number:
            self._unread_bytes -= len(self._unread.popleft()[1])
        self._room.set()

    def unread_after(self, number: int) -> tuple[int, Sequence[bytes]]:
        """Return the last number given out, and the encoded frames after `number` in order."""
        return self._number, [data for at, data in self._unread if at > number]

    # From the browser

    async def accept(self, frame: Frame) -> None:
        """Hand a message to Streamlit once; a repeat is dropped, a missing predecessor raises Gap."""
        while self._inbox_bytes > self._limits.inbox_bytes and not self.is_closed:
            self._room.clear()
            await self._room.wait()
        # From here on nothing waits: a request that is cut either handed its message over or did not.
        if frame.number > self._accepted_number + 1:
            raise Gap
        if frame.number == self._accepted_number + 1:
            self._accepted_number = frame.number
            self._inbox_bytes += len(frame.payload)
            self._put({"type": "websocket.receive", "bytes": frame.payload})

    def drop(self, code: int) -> None:
        """End the channel from this side; Streamlit keeps its session for a while, as after any lost connection."""
        self._put({"type": "websocket.disconnect", "code": code})
        self._close(code)

    # Towards Streamlit

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        except Exception:  # noqa: BLE001 - no caller handles it; the browser sees a lost connection and reconnects
            _log.exception("stream failed")
        finally:
            self._close(ABNORMAL)

    async def _receive(self) -> Message:
        while not self._inbox:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._inbox.popleft()
        self._inbox_bytes -= len(message.get("bytes", b""))
        self._room.set()
        return message

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._opened.set_result(message.get("subprotocol"))
            case "websocket.send":
                while self.is_full and not self.is_closed:
                    self._room.clear()
                    await self._room.wait()
                if self.is_closed:
                    raise OSError("the channel is closed")  # what a server raises for a lost connection
                self._number += 1
                data = message.get("bytes")
                self._push(Frame(self._number, Kind.DATA, message["text"].encode() if data is None else data))
            case "websocket.close":
                self._close(message.get("code", 1000))

    def _put(self, message: Message) -> None:
        self._inbox.append(message)
        self._arrived.set()

    def _push(self, frame: Frame) -> None:
        data = frame.encoded()
        self._unread.append((frame.number, data))
        self._unread_bytes += len(data)
        self.news.set()

    def _close(self, code: int) -> None:
        if not self._opened.done():
            self._opened.set_exception(Refused())
            self._opened.exception()  # read, so that asyncio does not warn when the browser has left
        if not self.is_closed:
            self.is_closed = True
            self.last_read = time.monotonic()
            self._number += 1
            self._push(close_frame(self._number, code))
            self._room.set()
