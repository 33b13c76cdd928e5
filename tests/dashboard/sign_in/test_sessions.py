"""Sessions of people who signed in: how they end, and that everything open ends with them."""

import asyncio
import time

import httpx
import pytest
from oidc_provider import OidcProvider, environment_of
from signed_cookies import ORIGIN, cookie
from starlette.responses import PlainTextResponse
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.aws.s3 import Objects
from dashboard.errors import AthenaUnreachable
from dashboard.sign_in.access import Access, idle_seconds_from_environment
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.person import person_from_claims
from dashboard.sign_in.sessions import REFRESH_SECONDS, Sessions
from dashboard.sign_in.socket.gate import SESSION_ENDED, StreamGate
from dashboard.stores.ended_sessions import EndedSessions
from dataset_model.faults import DatasetError, Fault

SOURCE = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
NOW = int(time.time())


class Clock:
    """Seconds that pass on request."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Memory:
    """A store that two processes share."""

    def __init__(self) -> None:
        self.ended: dict[str, float] = {}

    def load(self):
        return dict(self.ended)

    def add(self, person, until):
        self.ended[person] = until


def gate(sessions: Sessions) -> Gate:
    async def pages(scope, receive, send):
        await PlainTextResponse("figures")(scope, receive, send)

    return Gate(pages, Access.SIGN_IN, SOURCE, sessions=sessions)


async def status(app: Gate, path: str = "/api/stats", **headers: str) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as client:
        return (await client.get(path, headers=headers)).status_code


ANN, ANN_ELSEWHERE, BEN = (
    cookie(sub="ann", iat=NOW - 60),
    cookie(sub="ann", iat=NOW - 30, nonce="another browser"),
    cookie(sub="ben", iat=NOW - 60),
)


def test_signing_out_ends_every_session_of_the_person_at_once():
    """A copied cookie, other tabs and other browsers read nothing any more; another person's session goes on."""

    async def promise():
        app = gate(Sessions(3600))
        assert [await status(app, cookie=one) for one in (ANN, ANN_ELSEWHERE, BEN)] == [200, 200, 200]
        await status(app, "/auth/logout", cookie=ANN)
        assert [await status(app, cookie=one) for one in (ANN, ANN_ELSEWHERE, BEN)] == [401, 401, 200]
        assert await status(app, "/media/a.csv", cookie=ANN) == 401
        assert await status(app, cookie=cookie(sub="ann", iat=int(time.time()) + 1)) == 200

    asyncio.run(promise())


def test_a_link_on_another_site_signs_no_one_out():
    """The browser says where the request comes from."""

    async def promise():
        app = gate(Sessions(3600))
        await status(app, "/auth/logout", cookie=ANN, **{"sec-fetch-site": "cross-site"})
        assert await status(app, cookie=ANN) == 200

    asyncio.run(promise())


def test_a_session_without_activity_ends():
    """What an open page asks for by itself does not count; a request of the person does."""

    async def promise():
        clock = Clock()
        app = gate(Sessions(600, clock=clock))
        fresh = cookie(sub="ann", iat=NOW)
        assert await status(app, cookie=fresh) == 200
        clock.now += 500
        assert await status(app, "/api/stats", cookie=fresh) == 200
        clock.now += 500
        assert await status(app, "/_stcore/host-config", cookie=fresh) == 200
        clock.now += 101
        assert await status(app, cookie=fresh) == 401
        assert await status(app, cookie=fresh) == 401

    asyncio.run(promise())


def test_a_sign_out_holds_in_other_tasks_and_after_a_restart():
    """The store carries it: at once for a process that starts, within seconds for one that runs."""

    async def promise():
        store, clock = Memory(), Clock()
        first, second = (gate(Sessions(3600, lambda: store, clock)) for _ in range(2))
        assert [await status(app, cookie=ANN) for app in (first, second)] == [200, 200]
        await status(first, "/auth/logout", cookie=ANN)
        assert await status(gate(Sessions(3600, lambda: store, clock)), cookie=ANN) == 401
        clock.now += REFRESH_SECONDS
        assert await status(second, cookie=ANN) == 401

    asyncio.run(promise())


@pytest.mark.parametrize("issued", [10**400, -(10**400), float("inf"), float("nan"), 1e300])
def test_a_sign_in_of_no_moment_is_none_and_spoils_no_other(issued):
    """It would never end, and reckoning with it would fail for every person who comes after."""

    async def promise():
        app = gate(Sessions(3600))
        assert await status(app, cookie=cookie(sub="eve", iat=issued)) == 401
        assert await status(app, cookie=BEN) == 200

    asyncio.run(promise())


def test_a_person_of_half_a_character_is_admitted_and_ended():
    """JSON can hold one; digests, logs and files cannot."""

    async def promise():
        sessions = Sessions(3600)
        half = cookie(sub="\ud800", iat=NOW)
        assert await status(gate(sessions), cookie=half) == 200
        await sessions.end_person("\\ud800")
        assert await status(gate(sessions), cookie=half) == 401

    asyncio.run(promise())


def test_a_clock_that_is_set_back_lets_no_ended_session_in():
    """What another task ended is read again, not first when the clock is where it was."""

    async def promise():
        store, clock = Memory(), Clock()
        first, second = (gate(Sessions(3600, lambda: store, clock)) for _ in range(2))
        assert [await status(app, cookie=ANN) for app in (first, second)] == [200, 200]
        await status(first, "/auth/logout", cookie=ANN)
        clock.now -= 1800
        assert await status(second, cookie=ANN) == 401

    asyncio.run(promise())


def test_no_request_passes_before_the_first_reading():
    """Requests that come together at the start all wait for what ended before it."""

    class Slow(Memory):
        def load(self):
            time.sleep(0.2)
            return dict(self.ended)

    async def promise():
        store = Slow()
        await status(gate(Sessions(3600, lambda: store)), "/auth/logout", cookie=ANN)
        started = gate(Sessions(3600, lambda: store))
        assert await asyncio.gather(*(status(started, cookie=ANN) for _ in range(5))) == [401] * 5

    asyncio.run(promise())


def test_wrong_settings_of_the_service_do_not_stop_the_gate():
    """The pages say what is wrong with them; the gate has no store until they are right."""

    def broken():
        raise DatasetError([Fault("environment", "S3_BUCKET", "the name of an S3 bucket", None)])

    async def promise():
        app = gate(Sessions(3600, broken))
        assert await status(app, cookie=ANN) == 200
        await status(app, "/auth/logout", cookie=ANN)
        assert await status(app, cookie=ANN) == 401

    asyncio.run(promise())


def test_a_store_out_of_reach_ends_nothing_and_stops_nothing():
    """The sign-out holds in this process, and pages are served."""

    class Broken:
        def load(self, *_):
            raise AthenaUnreachable("S3 did not answer")

        add = load

    async def promise():
        app = gate(Sessions(3600, Broken))
        assert await status(app, cookie=ANN) == 200
        await status(app, "/auth/logout", cookie=ANN)
        assert await status(app, cookie=ANN) == 401

    asyncio.run(promise())


def test_a_clock_that_is_behind_the_providers_leaves_a_new_sign_in_alone():
    """Signing in again right after signing out works when either of the two clocks is ahead by seconds."""
    for skew in (-20, 0, 20):
        clock = Clock()
        sessions = Sessions(3600, clock=clock)
        before, after = (person_from_claims({"sub": "ann", "iat": NOW + skew + wait}) for wait in (-30, 1))
        assert sessions.admit(before, active=True)
        asyncio.run(sessions.end_person("ann"))
        assert not sessions.admit(before, active=True)
        assert sessions.admit(after, active=True)


def message(**fields) -> dict[str, object]:
    return {"type": "websocket.receive", "bytes": BackMsg(**fields).SerializeToString()}


class OpenPage:
    """A page's socket: what the server sends, and a way to send to it."""

    def __init__(self, sessions: Sessions, cookies: str) -> None:
        self.sent, self._incoming = [], asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.reached = []
        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"cookie", cookies.encode())]}
        app = StreamGate(self._streamlit, Access.SIGN_IN, SOURCE, sessions)
        self.task = asyncio.create_task(app(scope, self._incoming.get, self._send))

    def put(self, one):
        self._incoming.put_nowait(one)

    async def _send(self, one):
        self.sent.append(one)

    async def _streamlit(self, _scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (one := await receive())["type"] == "websocket.receive":
            self.reached.append(one)
        await send({"type": "websocket.send", "bytes": b"too late"})


def test_open_pages_end_with_the_session():
    """Their sockets close at the sign-out, what a page sends afterwards reaches no script, and nothing is sent."""

    async def promise():
        sessions = Sessions(3600)
        anns, bens = OpenPage(sessions, ANN), OpenPage(sessions, BEN)
        anns.put(message(rerun_script={}))
        await asyncio.sleep(0.05)
        assert len(anns.reached) == 1
        await sessions.end_person("ann")
        anns.put(message(rerun_script={}))
        await asyncio.wait_for(anns.task, 5)
        assert anns.sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": SESSION_ENDED}]
        assert len(anns.reached) == 1
        assert not bens.task.done()
        bens.task.cancel()

    asyncio.run(promise())


def test_an_idle_page_is_closed_and_a_busy_one_is_not():
    """Reruns that a page makes by itself do not keep a session open."""

    async def promise():
        sessions = Sessions(0.5)
        idle, busy = OpenPage(sessions, ANN), OpenPage(sessions, BEN)
        for _ in range(8):
            idle.put(message(rerun_script={"is_auto_rerun": True}))
            busy.put(message(rerun_script={}))
            await asyncio.sleep(0.1)
        assert idle.task.done()
        assert idle.sent[-1] == {"type": "websocket.close", "code": SESSION_ENDED}
        assert not busy.task.done()
        busy.task.cancel()

    asyncio.run(promise())


def test_the_store_keeps_the_latest_moment_per_person(published):
    """On S3, written over the version that was read; entries older than a day go."""
    store = EndedSessions(Objects("us-east-1"), published.bucket, "sessions-test")
    assert store.load() == {}
    now = time.time()
    store.add("old", now - 90_000)
    store.add("ann", now)
    store.add("ann", now - 5)
    assert store.load() == {"ann": now}


@pytest.mark.parametrize("text", ["0", "721", "-1", "1.5", "an hour", "٣"])
def test_an_idle_time_that_cannot_be_read_is_refused(text):
    """Whole minutes up to the length of a sign-in; two hours where nothing is set."""
    with pytest.raises(DatasetError, match="SIGN_IN_IDLE_MINUTES"):
        idle_seconds_from_environment({"SIGN_IN_IDLE_MINUTES": text})
    assert idle_seconds_from_environment({}) == 7200
