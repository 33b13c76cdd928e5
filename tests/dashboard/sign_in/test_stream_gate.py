"""The gate of a page's socket: who connects, and which messages reach Streamlit."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from oidc_provider import environment_of, oidc_provider
from signed_cookies import ORIGIN, cookie
from starlette.responses import PlainTextResponse
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.http_stream import HttpStream
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.person import SESSION_SECONDS
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.socket.gate import StreamGate
from dashboard.sign_in.socket.messages import MOST_BYTES, is_allowed, kind_of


@pytest.fixture(scope="module")
def source() -> Iterator[ProviderSource]:
    """A provider on this machine."""
    with oidc_provider() as provider:
        yield ProviderSource(environment_of(provider, ORIGIN), lambda _: None)


class Socket:
    """Stands where Streamlit's endpoint is, and records what reaches it."""

    def __init__(self):
        self.received = []

    async def __call__(self, _scope, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            self.received.append(kind_of(message["bytes"]))


def connect(app, messages=(), cookies="", **more: str):
    """Return what the server sends to a WebSocket that sends these messages and goes."""
    sent = []
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "bytes": data} for data in messages]
    incoming += [{"type": "websocket.disconnect", "code": 1001}]

    async def receive():
        return incoming.pop(0)

    async def send(message):
        sent.append(message)

    headers = [(b"cookie", cookies.encode()), (b"host", b"localhost:8501")]
    headers += [(name.encode(), value.encode()) for name, value in more.items()]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers, "subprotocols": ["streamlit"]}
    asyncio.run(app({**scope, "server": ("127.0.0.1", 80)}, receive, send))
    return sent


def message(**fields) -> bytes:
    return BackMsg(**fields).SerializeToString()


CLEAR = message(clear_cache=True)
RERUN = message(rerun_script={"query_string": "a=b"})


@pytest.mark.parametrize(
    "cookies",
    ["", "_streamlit_user=x", cookie(is_logged_in=False), cookie(iat=int(time.time()) - SESSION_SECONDS - 1)],
)
def test_a_socket_without_a_sign_in_reaches_no_script(source, cookies):
    """Neither a script run nor a message gets past the gate: the handshake itself is refused."""
    streamlit = Socket()
    app = Gate(StreamGate(streamlit, Access.SIGN_IN, source), Access.SIGN_IN, source)
    assert connect(app, [RERUN, CLEAR], cookies) == [{"type": "websocket.close", "code": 1008}]
    assert streamlit.received == []


def test_the_stream_gate_alone_refuses_what_comes_over_plain_http(source):
    """The HTTP stream hands its channels to the same check."""
    streamlit = Socket()
    assert connect(StreamGate(streamlit, Access.SIGN_IN, source), [RERUN])[0]["type"] == "websocket.close"
    assert streamlit.received == []


def test_a_person_has_a_bounded_number_of_pages_open(source, monkeypatch):
    """With two allowed, a person's third page is refused in any browser, until one closes; another person's opens."""
    monkeypatch.setattr("dashboard.sign_in.socket.gate.MOST_PAGES", 2)

    async def everything():
        gate, leave = StreamGate(Socket(), Access.SIGN_IN, source, Sessions(3600)), asyncio.Event()
        own, same_in_another_browser, other = (cookie(sub=sub, iat=int(time.time()) - age) for sub, age in
                                               (("ann", 9), ("ann", 8), ("ben", 9)))  # fmt: skip

        async def opened(cookies):
            sent, incoming = asyncio.Queue(), [{"type": "websocket.connect"}]

            async def receive():
                return incoming.pop() if incoming else await leave.wait() and {"type": "websocket.disconnect"}

            headers = [(b"cookie", cookies.encode()), (b"host", b"localhost:8501")]
            scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
            task = asyncio.create_task(gate(scope, receive, sent.put))
            return task, await sent.get()

        pages = [await opened(each) for each in (own, same_in_another_browser, own, other)]
        accepted, refused = {"type": "websocket.accept"}, {"type": "websocket.close", "code": 1013}
        assert [answer for _, answer in pages] == [accepted, accepted, refused, accepted]
        leave.set()
        await asyncio.gather(*(task for task, _ in pages))
        leave.clear()
        task, answer = await opened(own)
        assert answer == accepted
        leave.set()
        await task

    asyncio.run(asyncio.wait_for(everything(), 20))


@pytest.mark.parametrize("access", [Access.SIGN_IN, Access.LOOPBACK, Access.EVERYBODY])
def test_no_browser_clears_the_caches_of_all(source, access):
    """Signed in or where sign-in is off: a message that acts on the whole process is dropped, the others arrive."""
    streamlit = Socket()
    sent = connect(StreamGate(streamlit, access, source), [RERUN, CLEAR, RERUN], cookie())
    assert sent == [{"type": "websocket.accept"}]
    assert streamlit.received == ["rerun_script", "rerun_script"]


ALLOWED = {
    "rerun_script": RERUN,
    "rerun_script.auto": message(rerun_script={"is_auto_rerun": True}),
    "stop_script": message(stop_script=True),
    "app_heartbeat": message(app_heartbeat=True),
    "file_urls_request": message(file_urls_request={"request_id": "1"}),
    "backend_operation_request.deferred_file": message(backend_operation_request={"deferred_file": {"file_id": "1"}}),
    "backend_operation_request.dataframe_chunk": message(backend_operation_request={"dataframe_chunk": {"limit": 1}}),
    "": b"\xff\xff",
}
DROPPED = {
    "clear_cache": CLEAR,
    "set_run_on_save": message(set_run_on_save=True),
    "load_git_info": message(load_git_info=True),
    "debug_shutdown_runtime": message(debug_shutdown_runtime=True),
    "debug_disconnect_websocket": message(debug_disconnect_websocket=True),
    "backend_operation_request.install_skills": message(backend_operation_request={"install_skills": {}}),
    "backend_operation_request.dismiss_skills_nudge": message(backend_operation_request={"dismiss_skills_nudge": {}}),
    "backend_operation_request.nothing": message(backend_operation_request={}),
    "nothing": b"",
}


def test_every_kind_of_message_is_sorted():
    """What pages need passes; what acts on the process, writes files or is unknown does not."""
    assert {kind: kind_of(data) for kind, data in {**ALLOWED, **DROPPED}.items()} == {
        kind: kind for kind in {**ALLOWED, **DROPPED}
    }
    assert [kind for kind in ALLOWED if not is_allowed(kind)] == []
    assert [kind for kind in DROPPED if is_allowed(kind)] == []
    assert not is_allowed("a_message_of_a_later_streamlit")


def test_a_message_of_megabytes_is_dropped_unread(source):
    """Streamlit would read up to 200 MB in the one loop that serves everybody."""
    streamlit, large = Socket(), message(rerun_script={"query_string": "x" * MOST_BYTES})
    connect(StreamGate(streamlit, Access.SIGN_IN, source), [large, RERUN], cookie())
    assert streamlit.received == ["rerun_script"]


def test_two_kinds_in_one_message_count_as_the_one_that_streamlit_reads():
    """A forbidden kind cannot hide in front of or after an allowed one: the last one holds, for both readers."""
    assert kind_of(RERUN + CLEAR) == "clear_cache"
    assert kind_of(CLEAR + RERUN) == "rerun_script"


def test_channels_pass_the_same_gate(source):
    """`/_http_stream/open` without a sign-in: 401 at the outer gate, and no channel."""
    app = Gate(HttpStream(StreamGate(Socket(), Access.SIGN_IN, source)), Access.SIGN_IN, source)
    answers = []

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.request", "body": b'{"protocols": ["streamlit"]}'}

    for operation in ("open", "recv", "send", "close"):
        scope = {"type": "http", "method": "POST", "path": f"/_http_stream/{operation}", "query_string": b""}
        asyncio.run(app({**scope, "headers": [(b"x-channel", b"new"), (b"host", b"x")]}, receive, send))
    assert [one["status"] for one in answers if one["type"] == "http.response.start"] == [401] * 4


@pytest.mark.parametrize(
    ("origin", "reaches"),
    [
        ("http://localhost:8501", True),
        (ORIGIN, True),
        ("http://localhost:3000", False),
        ("http://127.0.0.1:8501", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_only_pages_of_this_dashboard_connect(source, origin, reaches):
    """Another program's page on this machine is another site, though Streamlit would take it."""
    for access in (Access.SIGN_IN, Access.LOOPBACK):
        streamlit = Socket()
        gate = StreamGate(streamlit, access, source if access is Access.SIGN_IN else None)
        connect(gate, [RERUN], cookie(), origin=origin)
        expected = reaches and not (access is Access.LOOPBACK and origin == ORIGIN)
        assert bool(streamlit.received) == expected


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_stcore/health", 200),
        ("/_stcore/host-config", 200),
        ("/_stcore/bidi-components/a/b.js", 200),
        ("/", 200),
        ("/app/static/inter.woff2", 200),
        ("/_stcore/agent/interact", 404),
        ("/_stcore/agent/mcp", 404),
        ("/_stcore/upload_file/session/file", 404),
        ("/_stcore/metrics", 404),
        ("/_stcore/script-health-check", 404),
        ("/_stcore/health/more", 404),
        ("/_stcore", 404),
        ("//_stcore/metrics", 404),
        ("/base/_stcore/agent/interact", 404),
    ],
)
def test_routes_of_streamlit_that_no_page_needs_are_not_there(path, status):
    """They would run scripts for programs, take files or list metrics, with or without sign-in."""
    answers = []

    async def streamlit(scope, receive, send):
        await PlainTextResponse("streamlit")(scope, receive, send)

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    asyncio.run(StreamGate(streamlit, Access.LOOPBACK)(scope, receive, send))
    assert answers[0]["status"] == status
