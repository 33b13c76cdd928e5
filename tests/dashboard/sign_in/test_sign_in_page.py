"""The page of a signed-out browser: plain HTML with one link, and no Streamlit script."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from oidc_provider import environment_of, oidc_provider
from signed_cookies import ORIGIN, cookie
from starlette.responses import PlainTextResponse

from dashboard.server.index_page import IndexPage
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.setting_up import _give_to_streamlit
from dashboard.sign_in.sign_in_page import SignInPage


@pytest.fixture(scope="module")
def app() -> Iterator[Gate]:
    """The middleware in the order of the app, with a word in place of Streamlit's pages."""

    async def streamlit(scope, receive, send):
        await PlainTextResponse("streamlit")(scope, receive, send)

    with oidc_provider() as provider:
        source = ProviderSource(environment_of(provider, ORIGIN), _give_to_streamlit)
        yield Gate(IndexPage(SignInPage(streamlit)), Access.SIGN_IN, source)


def ask(app: Gate, path: str, **headers: str) -> httpx.Response:
    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as client:
            return await client.get(path, headers={"accept": "text/html", **headers})

    return asyncio.run(asking())


@pytest.mark.parametrize("path", ["/", "/explore", "/sql?sql=SELECT+1", "/a/b/c", "/auth/login/x"])
def test_a_signed_out_browser_gets_the_sign_in_page_on_every_address(app: Gate, path: str):
    """One heading, one link, and no script but the theme's own."""
    answer = ask(app, path)
    assert answer.status_code == 200
    assert "Sign in to Reporting" in answer.text
    assert '<a role="button" href="/_sign_in/start">Sign in</a>' in answer.text
    assert "/static/js/" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/explore", "/_sign_in/start"])
def test_a_signed_in_browser_gets_the_pages(app: Gate, path: str):
    """The cookie of a sign-in leads on to Streamlit."""
    assert ask(app, path, cookie=cookie()).text == "streamlit"


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/oauth2callback", "/unsubscribe"])
def test_the_steps_of_a_sign_in_stay_open(app: Gate, path: str):
    """A browser that has no cookie yet takes them, and the link of a mail."""
    assert ask(app, path).text == "streamlit"


def test_the_link_starts_the_sign_in_with_a_fresh_token(app: Gate):
    """Streamlit's token lasts minutes, so it is made at the click and not with the page."""
    answer = ask(app, "/_sign_in/start")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/auth/login?provider=ey")
    assert answer.headers["cache-control"] == "no-store"
