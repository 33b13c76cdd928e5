"""Generated addresses, cookies and tokens at the gate: what passes is what a few words say, and nothing fails.

`GENERATED=20000` makes so many of each; `make soak` does.
"""

import asyncio
import json
import os
import time
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oidc_provider import COOKIE_SECRET, OidcProvider, environment_of
from serving import MemoryTokens
from signed_cookies import ORIGIN, cookie
from starlette.responses import PlainTextResponse
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.model.access.requester import Requester, current_requester
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.person import SESSION_SECONDS
from dashboard.sign_in.tokens import PREFIX, Tokens

SETTINGS = settings(
    max_examples=int(os.environ.get("GENERATED", "60")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
ODD = st.one_of(
    SCALARS,
    st.sampled_from([10**400, -(10**400), 1e300, "\x00", "\ud800", "x" * 5000, ORIGIN, time.time(), "true"]),
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";,"), max_size=60)
NAMES = [
    "api",
    "mcp",
    "_stcore",
    "_http_stream",
    "health",
    "client.js",
    "stream",
    "static",
    "stats",
    "Api",
    "api;",
    "..",
    "",
]


class Entrance:
    """The gate before an application that answers 200 with who asks."""

    def __init__(self) -> None:
        store = MemoryTokens()
        tokens = Tokens(lambda: store, lambda: {"groups"})
        claims = {"sub": "ann-1", "iat": time.time()}
        self.secret = tokens.make(Requester("ann-1", "Ann", claims=claims), "nightly", "sql", 30)[1]
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        self._gate = Gate(_figures, Access.SIGN_IN, source, tokens=tokens)
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def status(self, path: str = "/api/stats", **headers: str) -> int:
        """Return the status of a GET; the body never shows a traceback."""
        sent = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "https", "path": path, "root_path": "",
            "raw_path": quote(path, errors="replace").encode(), "query_string": b"", "headers": sent,
            "server": ("127.0.0.1", 443), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        messages: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            messages.append(message)

        self._loop.run_until_complete(self._gate(scope, receive, send))
        assert b"Traceback" not in b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0]["status"]


async def _figures(scope, receive, send):
    await PlainTextResponse(f"figures of {current_requester().person!r}")(scope, receive, send)


@pytest.fixture(scope="module")
def entrance():
    made = Entrance()
    yield made
    made.close()


@given(st.lists(st.sampled_from(NAMES) | st.text(max_size=6), max_size=5))
@SETTINGS
def test_no_address_leads_past_the_sign_in(entrance, parts):
    """Whatever stands around it, a part that names API or sockets is closed; two addresses, whole, are not."""
    path = "/" + "/".join(parts)
    named = {*path.split("/")} & {"api", "mcp", "_stcore", "_http_stream"}
    is_open = path in {"/_stcore/health", "/_http_stream/client.js"}
    if "media" not in path:
        assert entrance.status(path) == (401 if named and not is_open else 200)


@given(st.dictionaries(st.sampled_from(["sub", "name", "email", "iat", "origin", "is_logged_in", "groups"]), ODD))
@SETTINGS
def test_a_genuine_cookie_passes_by_its_claims_alone(entrance, changes):
    """Signed by the dashboard, with claims of any form: signed in, of this address and of the last twelve hours."""
    claims = {"sub": "ann-1", "iat": int(time.time()), "origin": ORIGIN, "is_logged_in": True, **changes}
    value = create_signed_value(COOKIE_SECRET, "_streamlit_user", json.dumps(claims)).decode()
    issued = claims["iat"]
    is_number = isinstance(issued, int | float) and not isinstance(issued, bool)
    is_good = (
        is_number
        and time.time() - SESSION_SECONDS < issued < 10**12
        and claims["is_logged_in"] is True
        and claims["origin"] == ORIGIN
    )
    assert entrance.status(cookie=f"_streamlit_user={value}") == (200 if is_good else 401)


@given(st.integers(0, 400), ASCII, st.integers(0, 5))
@SETTINGS
def test_a_cookie_that_was_changed_never_passes(entrance, place, text, cut):
    """Another text in any place, a part left out, or all of it made up.

    The signature may be written in another way, as base64 allows; what it signs, and the session, are the same.
    """
    genuine = cookie(sub="ann-1")
    changed = genuine[:place] + text + genuine[place + cut :]
    is_whole = changed.rpartition(".")[0] == genuine.rpartition(".")[0]
    assert entrance.status(cookie=changed) in ({200, 401} if is_whole else {401})
    assert entrance.status(cookie=f"_streamlit_user={text}") == 401


@given(st.integers(0, 60), ASCII, st.integers(0, 5), st.sampled_from(["Bearer ", "bearer  ", "BEARER\t", "Basic ", ""]))
@SETTINGS
def test_a_token_passes_whole_or_not_at_all(entrance, place, text, cut, scheme):
    """Personal ones that were changed, texts that look like one of the provider, and any other text."""
    changed = entrance.secret[:place] + text + entrance.secret[place + cut :]
    is_whole = changed == entrance.secret and scheme.strip().lower() == "bearer" and "\t" not in scheme
    assert entrance.status(authorization=f"{scheme}{changed}") == (200 if is_whole else 401)
    for made_up in (PREFIX + text, text, f"{text}.{text}.{text}"):
        assert entrance.status(authorization=f"{scheme}{made_up}") in {401, 503}
