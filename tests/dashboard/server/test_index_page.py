"""The index page: the visitor's theme from the first paint, and no script but the known ones."""

import asyncio
import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dashboard.server.index_page import IndexPage, theme_from_cookie, theme_from_query, themed_page
from dashboard.server.security_headers import SecurityHeaders
from dashboard.themes import THEMES

DOCUMENT = """<!DOCTYPE html><html><head><meta charset="UTF-8" />
<link rel="preload" href="./static/media/Some.woff2" as="font" type="font/woff2" crossorigin />
<script>window.prerenderReady = false</script>
<script type="module" src="./static/js/index.js"></script></head><body></body></html>"""


async def document(request: Request) -> Response:
    """Answer like Streamlit: a document, or 304 to a browser that has it."""
    if request.headers.get("if-none-match"):
        return Response(status_code=304)
    return HTMLResponse(DOCUMENT, headers={"etag": '"1"'})


async def numbers(request: Request) -> Response:
    """Answer like an API."""
    return JSONResponse({"accepted": request.headers.get("accept-encoding")})


APP = Starlette(
    routes=[Route("/api/numbers", numbers), Route("/{page:path}", document)],
    middleware=[Middleware(SecurityHeaders), Middleware(IndexPage)],
)


async def fetch(path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://dashboard.test") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def get(path: str, **headers: str) -> httpx.Response:
    # In a thread of its own: a browser test before this one leaves an event loop in the main one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(fetch(path, **headers))).result()


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("path", ["/", "/explore"])
def test_the_chosen_theme_is_in_the_document(name: str, path: str):
    """Whatever page is opened first, it is painted in the chosen theme, by day and by night."""
    page = get(path, accept="text/html", cookie=f"other=1; dashboard_theme={name}").text
    theme = THEMES[name]
    assert f"--dash-page:{theme.page}" in page
    assert page.count(f'"backgroundColor": "{theme.card}"') >= 2
    assert "prefers-color-scheme" not in page
    assert page.index("window.__streamlit") < page.index('src="./static/js/index.js"')


def test_a_first_visit_follows_the_system():
    """Without a choice, light and dark are both there, and the system's preference decides."""
    page = get("/", accept="text/html").text
    assert f"--dash-page:{THEMES['Light'].page}" in page
    assert f"prefers-color-scheme:dark){{:root{{--dash-page:{THEMES['Dark'].page}" in page


@pytest.mark.parametrize("cookie", ["", "dashboard_theme=Neon", "dashboard_theme=</script>", "=;;=", "x"])
def test_a_cookie_that_names_no_theme_is_no_choice(cookie: str):
    """What a browser sends cannot put anything into the page."""
    assert theme_from_cookie(cookie) is None


def test_a_link_wins_over_the_choice_and_leaves_it_alone():
    """A link's theme shows from the first paint; the theme chosen before is not written over."""
    answer = get("/sql?limit=5&theme=ocean", accept="text/html", cookie="dashboard_theme=Dark")
    assert f"--dash-page:{THEMES['Ocean'].page}" in answer.text
    assert "set-cookie" not in answer.headers
    later = get("/sql", accept="text/html", cookie="dashboard_theme=Dark").text
    assert f"--dash-page:{THEMES['Dark'].page}" in later


@pytest.mark.parametrize(
    "query", ["", "theme=", "theme=Neon", "theme=Dark&theme=%3C/script%3E", "theme[]=Dark", "%ff&="]
)
def test_an_address_that_names_no_theme_asks_for_none(query: str):
    """An old or a forged link opens the page as if it had not spoken of a theme."""
    assert theme_from_query(query) is None


def test_an_old_copy_is_never_confirmed():
    """A browser that has the page in another theme gets the page again."""
    response = get("/", accept="text/html", if_none_match='"1"')
    assert response.status_code == 200
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-cache"


def test_only_known_scripts_run():
    """The policy allows this server's scripts and the inline ones by hash, and no other host for anything."""
    page, policy = themed_page(DOCUMENT.encode(), "Ocean")
    for text in re.findall(rb"<script>(.*?)</script>", page, flags=re.DOTALL):
        assert base64.b64encode(hashlib.sha256(text).digest()).decode() in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_an_unused_font_is_not_asked_for():
    """The page preloads the theme's font instead of Streamlit's."""
    page, _ = themed_page(DOCUMENT.encode(), None)
    assert b"Some.woff2" not in page
    assert b'href="/app/static/inter.woff2"' in page


def test_everything_else_passes_untouched():
    """An API answer keeps its body and its compression, and carries the headers of the house."""
    response = get("/api/numbers", accept="application/json", accept_encoding="gzip")
    assert response.json() == {"accepted": "gzip"}
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in response.headers
