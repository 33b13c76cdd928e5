"""The way down: frames of a channel as the body of one GET, streamed or as a long poll."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Send

from dashboard.http_stream.channel import Channel
from dashboard.http_stream.frames import Frame, Kind
from dashboard.http_stream.limits import Limits

_HEADERS: Final = (
    (b"content-type", b"application/octet-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"content-encoding", b"identity"),
    (b"x-accel-buffering", b"no"),
)


@dataclass(frozen=True)
class Wanted:
    """What a GET asks for: the frames after `acknowledged`."""

    acknowledged: int
    streaming: bool
    wait_seconds: float
    """How long it stays open."""


async def send_frames(channel: Channel, wanted: Wanted, limits: Limits, receive: Receive, send: Send) -> None:
    """Answer one GET until its time is over, a newer GET takes the channel, or the browser goes."""
    reader = channel.begin_reading()
    gone = asyncio.create_task(_disconnected(receive))
    body = _Body(send)
    try:
        await _send_while_reading(channel, reader, wanted, limits, body, gone)
        if not gone.done():
            await body.end()
    finally:
        gone.cancel()
        channel.end_reading(reader)


async def _send_while_reading(
    channel: Channel, reader: object, wanted: Wanted, limits: Limits, body: "_Body", gone: "asyncio.Task[None]"
) -> None:
    sent = wanted.acknowledged
    end = time.monotonic() + wanted.wait_seconds
    if wanted.streaming:
        await body.write(Frame(0, Kind.HELLO).encoded())
    while channel.reads(reader) and not gone.done():
        channel.news.clear()
        last, frames = channel.unread_after(sent)
        if frames:
            sent = last
            await body.write(b"".join(frames))
            # A full channel waits for an acknowledgement, and the next GET brings it.
            if not wanted.streaming or channel.is_full:
                return
            continue
        left = end - time.monotonic()
        if left <= 0 or channel.is_closed:
            return
        if not await _news(channel, gone, min(left, limits.ping_seconds)) and wanted.streaming and not gone.done():
            await body.write(Frame(0, Kind.PING).encoded())


async def _news(channel: Channel, gone: "asyncio.Task[None]", seconds: float) -> bool:
    waiting = asyncio.create_task(channel.news.wait())
    try:
        await asyncio.wait({waiting, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
    return channel.news.is_set()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Body:
    """A response that sends its head with its first bytes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False

    async def write(self, data: bytes) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
