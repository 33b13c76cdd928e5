"""The stream's operations, with an echo in Streamlit's place."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard.http_stream import HttpStream, Limits, script_tag
from dashboard.http_stream.frames import Frame, Kind, frames_from
from dashboard.http_stream.registry import Registry, TooMany
from dashboard.settings import settings_from_environment
from dataset_model.faults import DatasetError

ORIGIN = "http://dashboard.test"
LIMITS = Limits(poll_seconds=5, body_bytes=1000, channels=6, channels_per_browser=3, channels_per_address=5)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every message with itself; say what the handshake carried; refuse the subprotocol `no`."""
    if scope["type"] == "http":
        await PlainTextResponse("page")(scope, receive, send)
        return
    assert (await receive())["type"] == "websocket.connect"
    if scope["subprotocols"] == ["no"]:
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    await send({"type": "websocket.send", "text": json.dumps({"path": scope["path"], **headers})})
    while (message := await receive())["type"] == "websocket.receive":
        if message["bytes"] == b"bye":
            await send({"type": "websocket.close", "code": 4000})
            return
        await send({"type": "websocket.send", "bytes": message["bytes"]})


@contextlib.asynccontextmanager
async def browser(app: HttpStream, address: str = "10.0.0.1", cookie: str = "") -> AsyncIterator["Caller"]:
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    headers = {"origin": ORIGIN, "cookie": cookie, "x-channel": "new"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield Caller(client)


class Caller:
    """What the browser's script does, one call at a time."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def open(self, protocol: str = "streamlit") -> httpx.Response:
        answer = await self.client.post("/_http_stream/open", json={"protocols": [protocol, "token"]})
        if answer.status_code == 200:
            self.client.headers["x-channel"] = answer.json()["id"]
        return answer

    async def poll(self, ack: int = 0) -> list[Frame]:
        answer = await self.client.get("/_http_stream/recv", params={"ack": ack, "mode": "poll"})
        assert answer.status_code == 200, answer.status_code
        return frames_from(answer.content)

    async def collect(self, count: int, ack: int = 0) -> list[Frame]:
        """Poll until this many frames have come; how many come at once is not promised."""
        got: list[Frame] = []
        while len(got) < count:
            got += await self.poll(got[-1].number if got else ack)
        return got

    async def send(self, *frames: Frame) -> int:
        body = b"".join(frame.encoded() for frame in frames)
        return (await self.client.post("/_http_stream/send", content=body)).status_code


def run(promise: Callable[[HttpStream], Awaitable[None]], limits: Limits = LIMITS) -> None:
    asyncio.run(promise(HttpStream(echo, limits=limits)))  # type: ignore[arg-type]


def data(number: int, payload: bytes) -> Frame:
    return Frame(number, Kind.DATA, payload)


def test_messages_travel_both_ways():
    """The endpoint sees a WebSocket with the browser's own headers, and its messages come back numbered."""

    async def promise(app):
        async with browser(app, cookie="a=b") as caller:
            assert (await caller.open()).json()["protocol"] == "streamlit"
            [hello] = await caller.poll()
            seen = json.loads(hello.payload)
            assert (seen["path"], seen["cookie"], seen["origin"]) == ("/_stcore/stream", "a=b", ORIGIN)
            assert seen["sec-websocket-protocol"] == "streamlit, token"
            assert await caller.send(data(1, b"one"), data(2, b"")) == 204
            assert await caller.collect(2, ack=1) == [data(2, b"one"), data(3, b"")]

    run(promise)


def test_what_was_not_acknowledged_comes_again():
    """An answer that was cut on the way is answered again, until the browser says that it has it."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            first = await caller.poll()
            assert await caller.poll() == first
            await caller.send(data(1, b"one"))
            assert (await caller.poll())[0] == first[0]

    run(promise)


def test_a_repeated_post_counts_once_and_a_gap_is_reported():
    """A browser that never saw the answer sends again: the message is not doubled. A lost one is no silent loss."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            assert [await caller.send(data(1, b"one")) for _ in range(3)] == [204, 204, 204]
            assert await caller.send(data(3, b"three")) == 409
            assert await caller.send(data(1, b"one"), data(2, b"two")) == 204
            assert [frame.payload for frame in await caller.collect(3)][1:] == [b"one", b"two"]

    run(promise)


def test_the_end_is_reported_with_its_code():
    """The last frame carries the WebSocket close code; a later request is answered that the channel is gone."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            await caller.poll()
            await caller.send(data(1, b"bye"))
            assert await caller.poll(ack=1) == [Frame(2, Kind.CLOSE, (4000).to_bytes(2, "big"))]
            assert await caller.send(data(2, b"more")) == 410

    run(promise)


def test_a_channel_belongs_to_the_browser_that_opened_it():
    """Its name alone opens nothing: another browser, or the same one signed in as another person, gets 410."""

    async def promise(app):
        async with browser(app, cookie="_streamlit_user=ann") as ann, browser(app, cookie="_streamlit_user=bob") as bob:
            await ann.open()
            bob.client.headers["x-channel"] = ann.client.headers["x-channel"]
            answer = await bob.client.get("/_http_stream/recv", params={"ack": 0, "mode": "poll"})
            assert (answer.status_code, await bob.send(data(1, b"x"))) == (410, 410)
            await bob.client.post("/_http_stream/close")
            assert len(await ann.poll()) == 1

    run(promise)


def test_other_sites_are_refused():
    """A page elsewhere can use neither our cookies nor our channels."""

    async def promise(app):
        async with browser(app) as caller:
            for header, value in (("origin", "http://evil.test"), ("sec-fetch-site", "cross-site")):
                answer = await caller.client.post("/_http_stream/open", headers={header: value})
                assert answer.status_code == 403
            del caller.client.headers["x-channel"]
            assert (await caller.open()).status_code == 403
            assert (await caller.client.get("/explore")).text == "page"

    run(promise)


def test_what_streamlit_refuses_is_refused():
    """Streamlit's own check of the handshake decides."""

    async def promise(app):
        async with browser(app) as caller:
            answer = await caller.client.post("/_http_stream/open", json={"protocols": ["no"]})
            assert answer.status_code == 403

    run(promise)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"protocols": "a"}', b'{"protocols": ["a,b"]}', b'{"protocols": ["a\\r\\nb"]}', b"[" * 8000],
)
def test_an_opening_that_cannot_be_read_is_refused(body):
    """Nothing gets into the handshake's headers that is not one word."""

    async def promise(app):
        async with browser(app) as caller:
            assert (await caller.client.post("/_http_stream/open", content=body)).status_code == 400

    run(promise)


@given(st.binary(max_size=120))
def test_any_post_is_answered(body):
    """Whatever arrives is accepted or refused, and the channel lives on."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            answer = await caller.client.post("/_http_stream/send", content=body)
            assert answer.status_code in {204, 400, 409}
            assert len(await caller.poll()) >= 1

    run(promise)


def test_only_messages_travel_up():
    """A browser cannot send the frames that are the server's."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            assert [await caller.send(Frame(1, kind)) for kind in (Kind.HELLO, Kind.CLOSE, Kind.PING)] == [400] * 3

    run(promise)


def test_a_body_over_the_limit_is_refused_unread():
    """By its announced length, not a byte is read; without one, reading stops at the limit."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            headers = [(name.lower().encode(), value.encode()) for name, value in caller.client.headers.items()]
            for announced, readable in (([(b"content-length", b"1001")], 0), ([], 11)):
                read, statuses = [], []

                async def receive(read=read):
                    read.append(100)
                    return {"type": "http.request", "body": bytes(100), "more_body": True}

                async def send(message, statuses=statuses):
                    statuses.append(message.get("status"))

                scope = {"type": "http", "method": "POST", "path": "/_http_stream/send", "query_string": b""}
                await app({**scope, "headers": [*headers, (b"host", b"dashboard.test"), *announced]}, receive, send)
                assert (len(read), statuses[0]) == (readable, 413)

    run(promise)


def test_one_browser_has_a_quota_and_forsaken_tabs_give_way():
    """A tab that went away without a word makes room for a new one of the same browser."""

    async def promise(app):
        async with browser(app, cookie="_streamlit_user=a") as caller:
            names = [(await caller.open()).json()["id"] for _ in range(4)]
            assert len(set(names)) == 4
            caller.client.headers["x-channel"] = names[0]
            answer = await caller.client.get("/_http_stream/recv", params={"ack": 0, "mode": "poll"})
            assert answer.status_code == 410

    run(promise)


def test_one_address_and_everybody_together_have_quotas():
    """One caller cannot take all channels by changing cookies; who calls is what the edge says, not the caller."""

    async def promise(app):
        statuses = []
        for number in range(7):
            async with browser(app, cookie=f"_streamlit_user={number}") as caller:
                caller.client.headers["x-forwarded-for"] = f"1.2.3.{number}, 9.9.9.9"
                statuses.append((await caller.open()).status_code)
        async with browser(app, address="10.0.0.2") as caller:
            statuses.append((await caller.open()).status_code)
        async with browser(app, address="10.0.0.3") as caller:
            statuses.append((await caller.open()).status_code)
        assert statuses == [200, 200, 200, 200, 200, 429, 429, 200, 503]

    run(promise)


def test_a_stopping_server_ends_every_channel():
    """Readers get the last frame, `service restart`, and no further channel opens."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            await caller.poll()
            waiting = asyncio.create_task(caller.poll(ack=1))
            await asyncio.sleep(0)
            app._registry.end_all()
            assert [frame.payload for frame in await waiting] == [(1012).to_bytes(2, "big")]
            assert (await caller.open()).status_code == 503

    run(promise)


def test_a_newer_reader_takes_over():
    """Of two requests for one channel, the newer is served and the older ends."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            await caller.poll()
            older = asyncio.create_task(caller.poll(ack=1))
            for _ in range(5):
                await asyncio.sleep(0)
            newer = asyncio.create_task(caller.poll(ack=1))
            assert await older == []
            await caller.send(data(1, b"x"))
            assert await newer == [data(2, b"x")]

    run(promise)


def test_streamlit_waits_for_a_browser_that_does_not_read():
    """What is not acknowledged stays within the limit, and all of it arrives in the end."""

    async def promise(app):
        async with browser(app) as caller:
            await caller.open()
            await caller.poll()
            await caller.send(*(data(number, bytes(100)) for number in range(1, 8)))
            got, ack = [], 1
            while len(got) < 7:
                frames = await caller.poll(ack=ack)
                assert sum(len(frame.payload) for frame in frames) <= 400
                got += frames
                ack = frames[-1].number
            assert [frame.number for frame in got] == list(range(2, 9))

    run(promise, Limits(poll_seconds=5, unread_bytes=250))


def test_a_full_house_says_so():
    """A registry that has ended takes no further channel."""
    registry = Registry(LIMITS)
    registry.end_all()
    with pytest.raises(TooMany) as refused:
        registry.make_room(b"", "")
    assert refused.value.status == 503


def test_the_script_is_served_and_its_tag_carries_the_mode():
    """`off` leaves the page alone; the script is this server's own file."""
    assert script_tag("off") == ""
    assert script_tag("always") == '<script defer src="./_http_stream/client.js" data-mode="always"></script>'

    async def promise(app):
        async with browser(app) as caller:
            answer = await caller.client.get("/_http_stream/client.js")
            assert answer.headers["content-type"].startswith("text/javascript")
            assert "class FrameReader" in answer.text

    run(promise)
    asyncio.run(_untouched())


async def _untouched() -> None:
    async with browser(HttpStream(echo, mode="off")) as caller:
        assert (await caller.client.get("/_http_stream/client.js")).text == "page"


def test_a_mode_that_does_not_exist_is_reported():
    """HTTP_STREAM is a setting like the others."""
    good = {"DATASET": "contacts", "S3_BUCKET": "reports"}
    assert settings_from_environment({**good, "HTTP_STREAM": "Always"}).http_stream == "always"
    with pytest.raises(DatasetError, match=r"HTTP_STREAM: expected auto, always or off; found 'sometimes'"):
        settings_from_environment({**good, "HTTP_STREAM": "sometimes"})
