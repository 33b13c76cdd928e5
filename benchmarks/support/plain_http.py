"""A page's WebSocket carried over plain HTTP, as the browser's script does: one GET that streams down, POSTs up."""

import asyncio
import contextlib
import secrets
import struct
from collections.abc import AsyncIterator

import httpx

_HEAD = struct.Struct(">IQB")
"""Of a frame: payload length, number, kind (docs/http-stream.md)."""
_DATA, _CLOSE = 1, 2
_SILENCE = 30.0
"""Seconds; the server breaks silence every 15."""


class PlainHttp:
    """One channel, with what a person uses of a WebSocket."""

    def __init__(self, port: int) -> None:
        """Each is a browser of its own: tabs of one browser are limited."""
        origin = f"http://127.0.0.1:{port}"
        headers = {"origin": origin, "cookie": f"_streamlit_xsrf={secrets.token_hex(8)}", "x-channel": "new"}
        self._client = httpx.AsyncClient(base_url=origin, headers=headers, timeout=httpx.Timeout(_SILENCE))
        self._received: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self._seen, self._sent = 0, 0

    async def open(self) -> "PlainHttp":
        """Open the channel and begin to read."""
        answer = await self._client.post("/_http_stream/open", json={"protocols": ["streamlit"]})
        answer.raise_for_status()
        self._client.headers["x-channel"] = answer.json()["id"]
        self._reading = asyncio.create_task(self._read())
        return self

    async def send(self, message: bytes) -> None:
        """Send one message; again if the server has closed an idle connection: the number says which it is."""
        self._sent += 1
        frame = _HEAD.pack(len(message), self._sent, _DATA) + message
        try:
            answer = await self._client.post("/_http_stream/send", content=frame)
        except httpx.TransportError:
            answer = await self._client.post("/_http_stream/send", content=frame)
        answer.raise_for_status()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield messages as they come; raise what has ended the reading."""
        while True:
            received = await self._received.get()
            if isinstance(received, Exception):
                raise received
            yield received

    async def close(self) -> None:
        """Leave."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        with contextlib.suppress(httpx.TransportError):  # a channel without a reader is closed by the server
            await self._client.post("/_http_stream/close")
        await self._client.aclose()

    async def _read(self) -> None:
        try:
            while True:  # a stream ends itself before an edge would cut it, and the next one goes on behind it
                async with self._client.stream("GET", "/_http_stream/recv", params={"ack": self._seen}) as answer:
                    answer.raise_for_status()
                    await self._take(answer)
        except (httpx.HTTPError, ConnectionError) as error:
            self._received.put_nowait(error)

    async def _take(self, answer: httpx.Response) -> None:
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            while len(body) >= _HEAD.size:
                size, number, kind = _HEAD.unpack_from(body)
                end = _HEAD.size + size
                if len(body) < end:
                    break
                if kind == _CLOSE:
                    raise ConnectionError("the server has closed the channel")
                if kind == _DATA and number > self._seen:
                    self._seen = number
                    self._received.put_nowait(bytes(body[_HEAD.size : end]))
                del body[:end]
