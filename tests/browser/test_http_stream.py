"""The pages in a browser, through a proxy that refuses WebSockets and cuts requests."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

sys.path.insert(0, str(Path(__file__).parent))

from edge import Edge, edge_before

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent
CUT_SECONDS = 3.0


class App:
    """The small app in a process of its own, which may be started again on the same port."""

    def __init__(self, folder: Path, mode: str = "auto") -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._folder = folder
        self._mode = mode
        self.start()

    def start(self) -> None:
        options = {"server.port": self.port, "server.address": "127.0.0.1", "server.headless": "true"}
        options |= {"server.fileWatcherType": "none", "browser.gatherUsageStats": "false", "server.maxUploadSize": 20}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "streamlit", "run", str(HERE / "stream_app.py")),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                env={**os.environ, "HTTP_STREAM": self._mode, "PYTHONPATH": str(HERE.parent.parent)},
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                return
            time.sleep(0.2)
        pytest.fail(f"the app did not get ready:\n{self.log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The small app, shared by the tests that leave it running."""
    started = App(tmp_path_factory.mktemp("stream"))
    yield started
    started.stop()


@pytest.fixture
def edge(app: App) -> Iterator[Edge]:
    """An edge that cuts after a few seconds."""
    with edge_before(app.url, CUT_SECONDS) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with cookies of its own."""
    made = browser.new_context()
    yield made
    made.close()


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.get_by_text("clicks: 0", exact=True).wait_for(timeout=30_000)
    return page


def stats(page: Page) -> dict[str, int | str]:
    return page.evaluate("window.__httpStream")


def born(page: Page) -> str:
    """Return what identifies a Streamlit session."""
    return page.get_by_text(re.compile(r"^born: \d+$")).inner_text()


def click(page: Page, expected: int) -> None:
    page.get_by_role("button", name="Count").click()
    page.get_by_text(f"clicks: {expected}", exact=True).wait_for(timeout=20_000)


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_page_renders_and_answers_though_upgrades_are_refused(context: BrowserContext, edge: Edge):
    """The WebSocket is refused, the page is there all the same, and widgets work."""
    page = opened(context, edge.url)
    assert edge.refused >= 1
    assert stats(page)["transport"] == "http"
    click(page, 1)
    page.get_by_label("Name").fill("Zoë")
    page.get_by_label("Name").press("Enter")
    page.get_by_text("hello: Zoë", exact=True).wait_for()


def test_a_second_load_does_not_ask_for_an_upgrade_again(context: BrowserContext, edge: Edge):
    """A tab remembers that its edge refuses WebSockets."""
    page = opened(context, edge.url)
    refused = edge.refused
    page.reload()
    page.get_by_text("clicks: 0", exact=True).wait_for()
    assert edge.refused == refused


def test_without_an_edge_the_native_websocket_is_used(context: BrowserContext, app: App):
    """Where upgrades work, nothing is carried over HTTP."""
    page = opened(context, app.url)
    click(page, 1)
    assert (stats(page)["transport"], stats(page)["gets"]) == ("websocket", 0)


def test_a_session_survives_cut_requests(context: BrowserContext, edge: Edge):
    """Requests are cut again and again; every click counts once, in one and the same session."""
    page = opened(context, edge.url)
    session = born(page)
    clicks = 0
    while edge.cut < 3:
        clicks += 1
        click(page, clicks)
    assert born(page) == session
    assert clicks > 3


def test_a_file_is_uploaded(context: BrowserContext, edge: Edge):
    """Three megabytes arrive byte for byte."""
    page = opened(context, edge.url)
    data = bytes(range(256)) * 12 * 1024
    page.locator("input[type=file]").set_input_files({"name": "a.bin", "mimeType": "text/plain", "buffer": data})
    page.get_by_text("uploaded: 3145728 ", exact=False).wait_for(timeout=30_000)


def test_a_large_table_arrives_whole(context: BrowserContext, edge: Edge):
    """A message of more than ten megabytes comes down in one piece, and the page goes on."""
    page = opened(context, edge.url)
    page.get_by_text("Table", exact=True).click()
    page.get_by_text("rows: 120000", exact=True).wait_for(timeout=60_000)
    page.wait_for_selector("[data-testid=stDataFrame] canvas", timeout=30_000)
    click(page, 1)


def test_ten_tabs_work_side_by_side(context: BrowserContext, edge: Edge):
    """Ten tabs of one browser are ten sessions, though HTTP/1.1 allows it six connections."""
    pages = []
    for _ in range(10):
        page = opened(context, edge.url)
        hide(page, hidden=True)
        pages.append(page)
    assert len({born(page) for page in pages}) == 10
    for page in (pages[0], pages[4], pages[9]):
        hide(page, hidden=False)
        click(page, 1)
        hide(page, hidden=True)


def hide(page: Page, *, hidden: bool) -> None:
    """Send a page to the background or back; a headless browser shows every tab at once."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden })
            const state = hidden ? "hidden" : "visible"
            Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state })
            document.dispatchEvent(new Event("visibilitychange"))
        }""",
        hidden,
    )


def test_a_hidden_tab_holds_no_connection(context: BrowserContext, app: App):
    """In the background a tab lets its request go, and back in front it is where it was."""
    with edge_before(app.url) as edge:
        page = opened(context, edge.url)
        session = born(page)
        until(lambda: edge.open_streams == 1)
        hide(page, hidden=True)
        until(lambda: edge.open_streams == 0)
        hide(page, hidden=False)
        click(page, 1)
        assert born(page) == session


def test_an_edge_that_buffers_is_polled(context: BrowserContext, app: App):
    """Where answers arrive only when complete, the page asks for short ones."""
    with edge_before(app.url, buffers=True) as edge:
        page = opened(context, edge.url)
        for count in range(1, 6):
            click(page, count)
        assert stats(page)["polls"] > 0


def test_a_stop_ends_streams_cleanly_and_pages_come_back(context: BrowserContext, tmp_path: Path):
    """At SIGTERM the server stops though streams are open; started again, the open page works on."""
    app = App(tmp_path)
    try:
        with edge_before(app.url) as edge:
            page = opened(context, edge.url)
            click(page, 1)
            click(page, 2)
            session = born(page)
            until(lambda: edge.open_streams == 1)
            app.stop()
            assert "Traceback" not in app.log.read_text(errors="replace")
            app.start()
            edge.paths.clear()
            until(lambda: "/_http_stream/recv" in edge.paths)
            click(page, 1)
            until(lambda: born(page) != session)  # the parts of a page arrive one by one
    finally:
        app.process.kill()
        app.process.wait()


def test_always_and_off_mean_what_they_say(context: BrowserContext, tmp_path: Path):
    """`always` never asks for an upgrade; `off` leaves the page as Streamlit made it."""
    for mode, transport in (("always", "http"), ("off", None)):
        app = App(tmp_path, mode)
        try:
            page = opened(context, app.url)
            click(page, 1)
            assert page.evaluate("window.__httpStream?.transport ?? null") == transport
        finally:
            app.process.kill()
            app.process.wait()
