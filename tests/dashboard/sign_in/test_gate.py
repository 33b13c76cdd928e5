"""The gate: what passes with a cookie, with a token, from this machine, and what does not."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oidc_provider import OidcProvider, environment_of, new_key, oidc_provider
from signed_cookies import ORIGIN, cookie
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard.sign_in.access import Access, sends_strangers_to_sign_in
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.hosts import Hosts
from dashboard.sign_in.oidc.provider import provider_from, values_from_environment
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.person import SESSION_SECONDS, person_from_claims
from dashboard.sign_in.session import person_from_cookies
from dataset_model.faults import DatasetError

GUARDED = (
    "/api/stats",
    "/api/openapi.json",
    "/media/a.csv",
    "/base/media/static/media/a.csv",
    "/_stcore/metrics",
    "/_stcore/upload_file/a/b",
    "/base/api/x",
    "/_stcore/stream",
    "/_stcore/host-config",
    "/_stcore/bidi-components/a/b.js",
    "/_http_stream/open",
    "/api/_stcore/health",
    "/media/x/_stcore/health",
    "/api/auth/login",
    "/mcp",
    "/base/mcp",
    "/mcp/",
)
OPEN = (
    "/healthz",
    "/",
    "/explore",
    "/static/js/a.js",
    "/static/media/icons.woff2",
    "/app/static/inter.woff2",
    "/_stcore/health",
    "/_http_stream/client.js",
    "/oauth2callback",
)


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything, with the headers that Streamlit's own sign-in sets."""
    headers = {"set-cookie": "_streamlit_user=x; HttpOnly"}
    if scope["path"] == "/auth/logout":
        headers["location"] = "https://a.auth.eu-west-1.amazoncognito.com/logout?post_logout_redirect_uri=x"
    await PlainTextResponse("figures", headers=headers)(scope, receive, send)


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    """A provider on this machine."""
    with oidc_provider() as provider:
        yield provider


@pytest.fixture
def gate(oidc: OidcProvider) -> Gate:
    """A gate that asks for sign-in."""
    source = ProviderSource(environment_of(oidc, ORIGIN), lambda _: None)
    return Gate(inner, Access.SIGN_IN, source)


def ask(gate: Gate, path: str, server: str = "10.0.0.4", method: str = "GET", **headers: str) -> httpx.Response:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(app=gate)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{server}") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asking())


@pytest.mark.parametrize("path", GUARDED)
def test_what_holds_figures_is_closed(gate: Gate, path: str):
    """Without a sign-in: 401, and how to do better."""
    answer = ask(gate, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Sign in" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 303) for path in GUARDED),
        *(("POST", path, 303) for path in ("/api/estimate", "/", "/explore", "/wp-login.php")),
        *(("GET", path, 200) for path in OPEN),
        ("HEAD", "/", 200),
        ("POST", "/oauth2callback", 200),
        # The readers of mails have no account, and their mail programs no cookie.
        ("GET", "/unsubscribe", 200),
        ("POST", "/unsubscribe", 200),
    ],
)
def test_a_stranger_is_sent_to_the_sign_in_page(oidc: OidcProvider, method: str, path: str, status: int):
    """Where STRANGERS is "redirect", no request without cookie and token counts as a failed one, or reads a figure."""
    source = ProviderSource(environment_of(oidc, ORIGIN), lambda _: None)
    answer = ask(Gate(inner, Access.SIGN_IN, source, redirects_strangers=True), path, method=method)
    assert answer.status_code == status
    if status == 303:
        assert (answer.headers["location"], answer.text) == ("/", "")


def test_a_refused_token_or_cookie_is_still_refused(oidc: OidcProvider):
    """Where strangers are redirected, whatever brings a token or a cookie is answered as everywhere."""
    gate = Gate(
        inner,
        Access.SIGN_IN,
        ProviderSource(environment_of(oidc, ORIGIN), lambda _: None),
        redirects_strangers=True,
    )
    assert ask(gate, "/api/stats", authorization="Bearer x").status_code == 401
    assert ask(gate, "/api/stats", cookie="a=b").status_code == 401
    assert ask(gate, "/api/stats", cookie=cookie()).text == "figures"


def test_strangers_are_refused_or_redirected():
    """STRANGERS takes two words; another one ends the start with its name and what was expected."""
    assert not sends_strangers_to_sign_in({})
    assert not sends_strangers_to_sign_in({"STRANGERS": "refuse"})
    assert sends_strangers_to_sign_in({"STRANGERS": "redirect"})
    with pytest.raises(DatasetError, match="STRANGERS: expected refuse or redirect; found 'yes'"):
        sends_strangers_to_sign_in({"STRANGERS": "yes"})


@pytest.mark.parametrize("path", OPEN)
def test_what_signs_people_in_is_open(gate: Gate, path: str):
    """The health check, the front end's own files and the sign-in itself need none."""
    assert ask(gate, path).text == "figures"


@pytest.mark.parametrize("path", GUARDED)
def test_a_signed_in_browser_reads(gate: Gate, path: str):
    """With the cookie that Streamlit set."""
    assert ask(gate, path, cookie=cookie()).text == "figures"


@pytest.mark.parametrize(
    "wrong",
    [
        cookie(secret="another-secret-of-more-than-32-characters"),
        cookie(origin="https://evil.example.com"),
        cookie(is_logged_in=False),
        cookie(iat=int(time.time()) - SESSION_SECONDS - 1),
        cookie(iat=None),
        cookie(name="_streamlit_user_tokens"),
        "_streamlit_user=x",
        "_streamlit_user=",
    ],
)
def test_any_other_cookie_does_not(gate: Gate, wrong: str):
    """Signed with another key, for another address, too old, or made up."""
    assert ask(gate, "/api/stats", cookie=wrong).status_code == 401


NOBODYS = provider_from(values_from_environment(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN)))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_a_made_up_cookie_is_nobody(value: str):
    """Whatever it holds, no request fails and none passes."""
    assert person_from_cookies({"_streamlit_user": value}, NOBODYS) is None


def bearer(gate: Gate, token: str) -> tuple[int, str]:
    answer = ask(gate, "/api/stats", authorization=f"Bearer {token}")
    return answer.status_code, answer.text


def test_a_token_of_the_provider_reads(gate: Gate, oidc: OidcProvider):
    """An ID token for this client, one of several audiences, and Cognito's access token, which has none."""
    for token in (
        oidc.token(),
        oidc.token(aud=["other", "reporting"]),
        oidc.token(aud=None, client_id="reporting", token_use="access"),
    ):
        assert bearer(gate, token) == (200, "figures")


def test_a_wrong_token_does_not(gate: Gate, oidc: OidcProvider):
    """Each with its reason, and none of the token in it."""
    past = int(time.time()) - 3600
    refused = {
        oidc.token(exp=past): "it has expired",
        oidc.token(exp=None): "its signature or claims do not hold",
        oidc.token(aud="another"): "it was issued for another application",
        oidc.token(aud=None): "it was issued for another application",
        oidc.token(iss="https://evil.example.com"): "its signature or claims do not hold",
        oidc.token(nbf=int(time.time()) + 3600): "its signature or claims do not hold",
        oidc.token(key=new_key("second")): "it is signed with a key that the provider does not publish",
        oidc.token(key=new_key("first")): "its signature does not hold",
        "abc": "it is no JSON Web Token",
        "": "it is no JSON Web Token",
        "x" * 20_000: "it is too long",
    }
    for token, reason in refused.items():
        assert bearer(gate, token) == (
            401,
            json.dumps({"error": f"The token is refused: {reason}."}, separators=(",", ":")),
        )


def test_a_token_that_nobody_signed_does_not(gate: Gate, oidc: OidcProvider):
    """Neither `none`, nor a shared-key signature made with the published key."""

    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    unsigned = f"{part({'alg': 'none', 'kid': 'first'})}.{part(oidc.claims())}."
    head = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(oidc.claims())}"
    mac = hmac.digest(oidc.key.as_pem(private=False), head.encode(), "sha256")
    shared = f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    for token in (unsigned, shared):
        status, text = bearer(gate, token)
        assert (status, "public-key algorithm" in text) == (401, True)


def test_a_new_key_of_the_provider_is_found_and_made_up_ones_are_not_asked_for(oidc: OidcProvider):
    """Keys change; but made-up key names do not cause a request to the provider each time."""

    async def promise() -> None:
        source = ProviderSource(environment_of(oidc, ORIGIN), lambda _: None)
        gate = Gate(inner, Access.SIGN_IN, source)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://a") as client:
            before = oidc.asked_for_keys
            for number in range(5):
                token = oidc.token(key=new_key(f"made-up-{number}"))
                answer = await client.get("/api/stats", headers={"authorization": f"Bearer {token}"})
                assert answer.status_code == 401
            assert oidc.asked_for_keys == before + 1
            issuer = gate._issuer[1]
            before, oidc.key = oidc.key, new_key("next")
            issuer._clock = lambda: time.monotonic() + 61
            try:
                answer = await client.get("/api/stats", headers={"authorization": f"Bearer {oidc.token()}"})
                assert answer.status_code == 200
            finally:
                oidc.key = before

    asyncio.run(promise())


def test_a_provider_out_of_reach_is_no_way_in(oidc: OidcProvider):
    """Where keys cannot be read, the answer is 503 and not the figures."""
    away = {**environment_of(oidc, ORIGIN), "OIDC_ISSUER": "http://127.0.0.1:9"}
    gate = Gate(inner, Access.SIGN_IN, ProviderSource(away, lambda _: None))
    assert bearer(gate, oidc.token())[0] == 503


def test_a_document_of_another_issuer_is_not_believed(oidc: OidcProvider):
    """The address that is configured and the name in the document have to agree."""
    other = {**environment_of(oidc, ORIGIN), "OIDC_ISSUER": "https://a.test"}
    other["OIDC_METADATA_URL"] = f"{oidc.url}/.well-known/openid-configuration"
    gate = Gate(inner, Access.SIGN_IN, ProviderSource(other, lambda _: None))
    assert bearer(gate, oidc.token())[0] == 503


def test_until_the_secret_is_filled_everything_is_closed_and_healthy():
    """The process runs so that a deployment succeeds, and shows nothing but that it waits."""
    gate = Gate(inner, Access.SIGN_IN, ProviderSource({}, lambda _: None, lambda: "{}"))
    assert ask(gate, "/healthz").text == "figures"
    for path in ("/", "/api/stats", "/_stcore/health"):
        answer = ask(gate, path, accept="text/html" if path == "/" else "*/*")
        assert (answer.status_code, "Sign-in is not set up yet" in answer.text) == (503, True)


def test_loopback_needs_no_sign_in_and_nothing_else_is_served():
    """The connection's own address decides, and a Host header that names this machine does not help."""
    gate = Gate(inner, Access.LOOPBACK)
    for server in ("127.0.0.1", "localhost", "[::1]"):
        assert ask(gate, "/api/stats", server=server).text == "figures"
    for server in ("10.0.0.4", "reports.example.com"):
        answer = ask(gate, "/", server=server, host="127.0.0.1", **{"x-forwarded-for": "127.0.0.1"})
        assert answer.status_code == 403
        assert "DASHBOARD_ALLOW_UNAUTHENTICATED" in answer.text
    assert ask(gate, "/healthz", server="10.0.0.4").text == "figures"
    assert ask(Gate(inner, Access.EVERYBODY), "/api/stats").text == "figures"


@pytest.mark.parametrize("host", ["localhost:8501", "LOCALHOST", "localhost.", "127.0.0.1:8501", "[::1]:8501", "[::1]"])
@pytest.mark.parametrize("access", [Access.LOOPBACK, Access.EVERYBODY])
def test_this_machine_answers_under_its_own_names(access: Access, host: str):
    """In every spelling that a browser sends."""
    assert ask(Gate(inner, access), "/api/stats", server="127.0.0.1", host=host).text == "figures"


FOREIGN = (
    "evil.test",
    "evil.test:8501",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "evil.localhost",
    "[::1].evil.test",
    "[evil.test]",
    "127.0.0.1@evil.test",
    "127.0.0.1:80:80",
    "evil.test#.localhost",
    "",
    ":8501",
)


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("access", [Access.LOOPBACK, Access.EVERYBODY])
def test_a_page_that_leads_its_own_name_here_reads_nothing(access: Access, host: str):
    """An unknown host name gets neither figures nor pages (DNS rebinding); the answer says what to do."""
    gate = Gate(inner, access, names=frozenset({"reports.internal"}))
    for path in ("/", "/api/stats", "/_stcore/health", "/static/js/a.js"):
        answer = ask(gate, path, server="127.0.0.1", host=host)
        assert (answer.status_code, "DASHBOARD_HOSTS" in answer.text) == (403, True)
    assert ask(gate, "/healthz", server="127.0.0.1", host=host).text == "figures"
    for name in ("reports.internal", "Reports.Internal:8501"):
        assert ask(gate, "/api/stats", server="127.0.0.1", host=name).text == "figures"


def test_an_address_is_nobodys_name():
    """A dashboard open to everyone answers under any address; on loopback a foreign address is refused."""
    for host in ("10.0.0.4:8501", "[fd00::4]:8501"):
        assert ask(Gate(inner, Access.EVERYBODY), "/api/stats", host=host).text == "figures"
        assert ask(Gate(inner, Access.LOOPBACK), "/api/stats", server="127.0.0.1", host=host).status_code == 403


def test_a_signed_in_dashboard_answers_under_any_name(gate: Gate):
    """There the cookie decides, which no other name has."""
    assert ask(gate, "/api/stats", host="evil.test").status_code == 401
    assert ask(gate, "/api/stats", host="elsewhere.test", cookie=cookie()).text == "figures"


@given(st.text(max_size=60))
def test_no_header_is_too_odd(host: str):
    """Whatever a caller writes there, it is judged and nothing fails."""
    assert Hosts().admit(host) in {True, False}


def test_a_websocket_under_another_name_is_refused():
    """The pages' own connection is no way round."""
    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_stcore/stream", "server": ("127.0.0.1", 80)}
    scope["headers"] = [(b"host", b"evil.test")]
    asyncio.run(Gate(inner, Access.LOOPBACK)(scope, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_websocket_from_elsewhere_is_refused():
    """The pages' own connection is no way round."""
    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_stcore/stream", "server": ("10.0.0.4", 80), "headers": []}
    asyncio.run(Gate(inner, Access.LOOPBACK)(scope, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_what_streamlit_leaves_out_is_put_right(gate: Gate):
    """With a proxy that speaks HTTPS the cookie is for HTTPS only, and signing out of Cognito leads back here."""
    assert ask(gate, "/").headers["set-cookie"].endswith("; Secure")
    location = ask(gate, "/auth/logout").headers["location"]
    assert location.endswith("&logout_uri=https%3A%2F%2Freports.example.com")


def test_a_person_always_has_a_name():
    """Providers differ in the claims they send."""
    assert person_from_claims({"sub": "1", "name": "Ann", "email": "a@b.c"}).name == "Ann"
    assert person_from_claims({"sub": "1", "name": " ", "email": "a@b.c"}).name == "a@b.c"
    assert person_from_claims({"cognito:username": "ann"}).name == "ann"
    assert person_from_claims({}).name == "Signed in"
