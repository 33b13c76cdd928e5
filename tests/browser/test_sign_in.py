"""Signing in and out in a browser, against a provider on this machine; with it, what programs may read."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx
import pytest
from oidc_provider import CLIENT_SECRET, COOKIE_SECRET, OidcProvider, environment_of, oidc_provider
from playwright.sync_api import Browser, BrowserContext, Page
from publishing import Published
from running_dashboard import serving_dashboard

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Closed:
    """A dashboard that asks people to sign in."""

    url: str
    provider: OidcProvider
    log: Path


@pytest.fixture(scope="module", params=["auto", "always"])
def closed(
    request: pytest.FixtureRequest, published: Published, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closed]:
    """The dashboard started by uvicorn, access log and all; once over a WebSocket, once over plain HTTP."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("closed") / "log"
    with oidc_provider() as provider, log.open("wb") as output:
        process = subprocess.Popen(
            [*(sys.executable, "-m", "uvicorn", "dashboard.app:app", "--port", str(port)), "--log-level", "debug"],
            env={
                **os.environ,
                **published.environment,
                **environment_of(provider, url),
                "HTTP_STREAM": request.param,
                "LOG_LEVEL": "DEBUG",
                "PYTHONPATH": str(repository),
            },
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(url, process, log)
            yield Closed(url, provider, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not get ready:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with cookies of its own."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def sign_in(context: BrowserContext, closed: Closed) -> Page:
    page = context.new_page()
    page.goto(closed.url)
    return through_the_provider(page)


def through_the_provider(page: Page) -> Page:
    page.get_by_role("button", name="Sign in").click(timeout=30_000)
    page.locator("#continue").click()
    page.wait_for_selector(".board .value", timeout=60_000)
    return page


def test_a_stranger_sees_only_the_sign_in_page(context: BrowserContext, closed: Closed):
    """On every address: no figure, no page to choose, no way to ask."""
    page = context.new_page()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    for path in ("/", "/explore", "/sql", "/exports"):
        page.goto(closed.url + path)
        page.get_by_role("heading", name="Sign in to Reporting").wait_for(timeout=30_000)
        assert page.locator("[data-testid=stSidebarNav], .board, [data-testid=stDataFrame]").count() == 0
        assert page.get_by_role("dialog").count() == 0
    assert failed == []


def test_a_stranger_has_no_socket_to_the_scripts(context: BrowserContext, closed: Closed):
    """A WebSocket without a sign-in never opens, and a channel over plain HTTP is refused."""
    page = context.new_page()
    page.goto(closed.url)
    opened = """() => new Promise(settle => {
        const socket = new WebSocket(location.origin.replace("http", "ws") + "/_stcore/stream", ["streamlit"]);
        socket.onopen = () => settle("open");
        socket.onclose = () => settle("refused");
    })"""
    assert page.evaluate(opened) == "refused"
    channel = """async () => (await fetch("/_http_stream/open", {
        method: "POST", headers: {"X-Channel": "new"}, body: JSON.stringify({protocols: ["streamlit"]})
    })).status"""
    assert page.evaluate(channel) == 401


def test_a_person_signs_in_reads_and_signs_out(context: BrowserContext, closed: Closed):
    """The provider's page, then the figures under one's own name; signing out ends both the pages and the API."""
    page = sign_in(context, closed)
    page.get_by_text("Ann Example", exact=True).wait_for()
    assert context.request.get(f"{closed.url}/api/stats").status == 200
    page.reload()
    page.wait_for_selector(".board .value", timeout=60_000)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to Reporting").wait_for(timeout=30_000)
    assert context.request.get(f"{closed.url}/api/stats").status == 401


def test_a_download_of_a_signed_in_person_is_theirs(context: BrowserContext, closed: Closed):
    """The address of a file opens nothing without the sign-in."""
    page = sign_in(context, closed)
    page.goto(f"{closed.url}/explore")
    page.locator(".st-key-run button").click(timeout=30_000)
    with page.expect_download(timeout=60_000) as started:
        page.locator("[class*=st-key-csv_] button").click(timeout=60_000)
    assert started.value.url.startswith(f"{closed.url}/media/")
    assert httpx.get(started.value.url, trust_env=False).status_code == 401


def test_a_program_reads_with_a_token(closed: Closed):
    """The API takes the provider's tokens; the health check is open."""
    with httpx.Client(base_url=closed.url, trust_env=False, timeout=60) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/api/stats").status_code == 401
        past = int(time.time()) - 60
        for token, status in (
            (closed.provider.token(), 200),
            (closed.provider.token(exp=past), 401),
            (closed.provider.token(aud="another"), 401),
        ):
            assert client.get("/api/stats", headers={"authorization": f"Bearer {token}"}).status_code == status


def test_nothing_secret_is_logged(context: BrowserContext, closed: Closed):
    """At the most talkative level: neither secrets nor codes nor tokens, of a sign-in or of a program."""
    sign_in(context, closed)
    token = closed.provider.token()
    httpx.get(f"{closed.url}/api/stats", headers={"authorization": f"Bearer {token}"}, trust_env=False)
    log = closed.log.read_text(errors="replace")
    assert re.search(r'"GET /oauth2callback HTTP/1.1" 302', log)
    cookie = next(one["value"] for one in context.cookies() if one["name"] == "_streamlit_user")
    secrets = [CLIENT_SECRET, COOKIE_SECRET, token, cookie, *closed.provider.issued]
    assert [secret[:12] for secret in secrets if secret in log] == []


def test_a_secret_filled_after_the_start_opens_the_dashboard(
    context: BrowserContext, published: Published, repository: Path, tmp_path: Path
):
    """The running process is healthy and closed; once its secret is filled, the open page offers to sign in."""
    name = "filled-later"
    secrets = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=published.url)
    secrets.create_secret(Name=name)
    environment = {**published.environment, "SIGN_IN_SECRET": name}
    with oidc_provider() as provider, serving_dashboard(environment, repository, tmp_path) as url:
        page = context.new_page()
        opened = page.goto(url)
        assert opened is not None
        assert (opened.status, context.request.get(f"{url}/healthz").status) == (503, 200)
        page.get_by_role("heading", name="Sign-in is not set up yet").wait_for()
        assert context.request.get(f"{url}/api/stats").status == 503

        content = environment_of(provider, url)
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(content))
        # The page asks again by itself, and the process looks into the secret no more often than it promises.
        page.get_by_role("heading", name="Sign in to Reporting").wait_for(timeout=60_000)
        assert context.request.get(f"{url}/api/stats").status == 401
        through_the_provider(page)
        page.get_by_text("Ann Example", exact=True).wait_for()
        assert context.request.get(f"{url}/api/stats").status == 200
