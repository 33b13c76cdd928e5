"""The dashboard as people meet it: served by its own command, opened in a headless Chromium."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# The published contacts are the same as those of the dashboard's other tests.
sys.path.insert(0, str(Path(__file__).parent.parent / "dashboard"))
sys.path.insert(0, str(Path(__file__).parent))

from publishing import Published, publish
from running_dashboard import serving_dashboard

from local.server import serve

CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def published() -> Iterator[Published]:
    """Contacts from 2025-12-20 to 2026-02-02 on a stand-in of their own."""
    with serve(port=0) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        yield publish(server.url, f"browser_{os.getpid()}")


@pytest.fixture(scope="session")
def dashboard(published: Published, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the dashboard, started by `streamlit run` from a folder that is not the repository's."""
    with serving_dashboard(published.environment, repository, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium.

    For a module and no longer: as long as it lives, an event loop counts as running in this thread, and tests of other
    folders that start one of their own would fail.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        yield running
        running.close()


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """Open a page of the dashboard and wait for its title."""
        self.page.goto(self.url + path)
        self.page.wait_for_selector("[data-testid=stMainBlockContainer] h1", timeout=30_000)
        return self.page


@pytest.fixture(scope="module")
def profiles(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Profiles of people who have left: the next person finds the page's files in the cache, and nothing else."""
    free: list[BrowserContext] = []
    yield free
    for context in free:
        context.close()


@pytest.fixture
def visitor(browser: Browser, profiles: list[BrowserContext], dashboard: str) -> Iterator[Callable[..., Watched]]:
    """Make visitors: `visitor(width=390, theme="Dark")`. At the end, no page may have erred or called another host."""
    seen: list[Watched] = []

    def make(width: int = 1440, height: int = 1000, theme: str | None = None, *, system: str = "light") -> Watched:
        context = profiles.pop() if profiles else browser.new_context(accept_downloads=True)
        if theme:
            context.add_cookies([{"name": "dashboard_theme", "value": theme, "url": dashboard}])
        watched = Watched(context.new_page(), dashboard)
        own = (dashboard, dashboard.replace("http", "ws", 1), "data:", "blob:")
        page = watched.page
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if system == "dark" else "light")
        page.on("pageerror", lambda error: watched.faults.append(f"error: {error}"))
        page.on("console", lambda line: watched.faults.append(line.text) if line.type == "error" else None)
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else watched.faults.append(f"called {request.url}"),
        )
        seen.append(watched)
        return watched

    yield make
    for watched in seen:
        forget(watched.page, dashboard)
        profiles.append(watched.page.context)
    assert [fault for watched in seen for fault in watched.faults] == []


def forget(page: Page, url: str) -> None:
    """Close a person's pages, and remove what they left in the profile but for cached files."""
    context = page.context
    session = context.new_cdp_session(page)
    kinds = "cookies,local_storage,indexeddb,service_workers,cache_storage,file_systems,websql"
    session.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": kinds})
    context.clear_cookies()
    context.clear_permissions()
    context.unroute_all()
    for opened in context.pages:
        opened.close()
