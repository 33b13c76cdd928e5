"""How the board reaches the browser: its scripts from our own origin, its messages without delay."""

import asyncio
import re
import socket
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import dashboard
from dashboard.charts import build
from dashboard.server.board_assets import BoardFiles
from dashboard.server.tcp_nodelay import NoDelay

FOLDER = Path(dashboard.__file__).parent / "static" / "board"


def asked(name: str, headers: dict[str, str] | None = None) -> httpx.Response:
    async def answer() -> httpx.Response:
        app = Starlette(routes=[Mount("/board", BoardFiles())])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(f"/board/{name}", headers=headers)

    return asyncio.run(answer())


OWN = sorted(path.name for path in FOLDER.iterdir() if path.is_file())


@pytest.mark.parametrize("name", [*OWN, "made/vega.js"])
def test_the_browser_runs_what_it_is_given_and_asks_again(name: str):
    """Each file comes with its own type, and a browser that has it gets 304."""
    answer = asked(name)
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "no-cache"
    assert asked(name, {"if-none-match": answer.headers["etag"]}).status_code == 304


def test_the_board_needs_nobody_else():
    """No script and no style of it names another host; what a browser imports is in the same folder."""
    for path in (FOLDER / name for name in OWN):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"^\s*//.*$|url\(data:", "", text, flags=re.MULTILINE), path.name
        for imported in re.findall(r'from "(\./[^"]+)"', text):
            assert (FOLDER / imported).exists()


def test_large_scripts_come_packed_to_a_browser_that_takes_them():
    """The same script in a third of the bytes; a browser that has either form gets 304."""
    packed, plain = (asked("made/vega.js", {"accept-encoding": kind}) for kind in ("gzip", "identity"))
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) * 2 < int(plain.headers["content-length"])
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    again = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
    assert asked("made/vega.js", again).status_code == 304


def test_drawings_that_cannot_be_made_are_tried_for_once(monkeypatch: pytest.MonkeyPatch):
    """Each visitor reads why, and the server is not busy with it again."""
    tried = []

    def fails() -> None:
        tried.append(1)
        raise build.NotMade("no compiler here")

    monkeypatch.setattr(build, "make_if_needed", fails)
    app = Starlette(routes=[Mount("/board", BoardFiles())])

    async def twice() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return [await client.get(f"/board/made/{name}") for name in ("vega.js", "drawings.json")]

    assert [(answer.status_code, answer.text) for answer in asyncio.run(twice())] == [(503, "no compiler here")] * 2
    assert tried == [1]


def test_no_code_is_made_from_text():
    """The drawings are there, and Vega is asked to interpret their expressions."""
    drawings = asked("made/drawings.json").json()["drawings"]
    assert sorted(drawings) == ["bars", "columns", "doughnut", "heat", "line", "lines", "pie", "sparkline", "stack"]
    assert "ast: true" in (FOLDER / "drawing.js").read_text(encoding="utf-8")


class _Connection:
    """What uvicorn's protocol is to the application: a bound `receive`, and its connection."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def receive(self) -> dict[str, str]:
        return {}


@pytest.mark.parametrize(("kind", "is_prompt"), [("websocket", True), ("http", False)])
def test_a_pages_messages_do_not_wait_for_each_other(kind: str, is_prompt: bool):
    """Nagle's algorithm is off for WebSockets, also where the server left it on."""

    async def served(scope, receive, send) -> None:
        pass

    async def nodelay() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            _, writer = await asyncio.open_connection(*listener.getsockname())
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
            await NoDelay(served)({"type": kind}, _Connection(writer.transport).receive, None)
            found = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()
            await writer.wait_closed()
            return found

    assert bool(asyncio.run(nodelay())) is is_prompt


def test_a_server_without_such_a_connection_serves_all_the_same():
    """Under another server nothing happens."""
    served = []

    async def app(scope, receive, send) -> None:
        served.append(scope["type"])

    asyncio.run(NoDelay(app)({"type": "websocket"}, lambda: None, None))
    assert served == ["websocket"]
