"""Personal tokens in the API: what they open, and what ends them."""

import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from oidc_provider import OidcProvider, environment_of
from serving import serving
from signed_cookies import ORIGIN, cookie
from structlog.testing import capture_logs

from dashboard.errors import StorageFailed
from dashboard.model.access.api_token import MOST_TOKENS
from dashboard.sign_in import answers
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import PREFIX

from .token_parts import MAP


@pytest.fixture
def client(service, tokens, clock):
    clock.now = time.time()
    sessions = Sessions(3600)

    def gate(app):
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        return Gate(app, Access.SIGN_IN, source, role_map=MAP, sessions=sessions, tokens=tokens)

    with serving(lambda: service, gate, sessions, tokens) as made:
        yield made


def as_(person, group="analysts"):
    return {"cookie": cookie(sub=person, groups=[group])}


def with_(secret):
    return {"authorization": f"Bearer {secret}"}


def test_a_program_asks_with_a_token_and_the_audit_line_names_it(client):
    """Made in a browser, shown once, used as a bearer; a `read` token takes no SQL and no files."""
    made = client.post("/api/tokens", json={"name": "nightly", "days": 5}, headers=as_("ann"))
    assert made.status_code == 201
    body = made.json()
    listed = client.get("/api/tokens", headers=as_("ann")).json()["tokens"]
    assert [(one["name"], one["scope"]) for one in listed] == [("nightly", "read")]
    assert body["token"] not in str(listed)
    program = with_(body["token"])
    with capture_logs() as lines:
        found = client.post("/api/query", json={"query": "all_records", "limit": 1}, headers=program)
    assert found.status_code == 200
    [line] = [one for one in lines if one["event"] == "query"]
    assert (line["person"], line["token"]) == ("ann", f"{body['id']} nightly")
    assert body["token"] not in str(lines)
    sql = {"query": "custom_sql", "sql": "SELECT 1", "limit": 1}
    assert client.post("/api/query", json=sql, headers=program).status_code == 403
    execution = {"queryExecutionId": found.json()["queryExecutionId"]}
    assert client.get("/api/results", params=execution, headers=program).status_code == 200
    assert client.get("/api/download", params=execution, headers=program).status_code == 403
    assert client.get("/api/results", params=execution, headers=as_("ben")).status_code == 404
    for method, path in (("GET", "/api/tokens"), ("POST", "/api/tokens"), ("GET", "/api/spending")):
        assert client.request(method, path, headers=program, json={"name": "x"}).status_code == 403
    assert client.delete("/api/tokens", params={"id": body["id"]}, headers=as_("ann")).status_code == 200
    refused = client.get("/api/stats", headers=program)
    assert refused.status_code == 401
    assert refused.json()["error"] == "The token is refused: it is unknown, or was revoked."


def test_a_token_opens_no_result_that_its_person_asked_for_without_it(client):
    """A `read` token would otherwise read the rows of SQL."""
    asked = {"query": "custom_sql", "sql": "SELECT channel FROM contacts", "limit": 1}
    execution = client.post("/api/query", json=asked, headers=as_("cleo")).json()["queryExecutionId"]
    secret = client.post("/api/tokens", json={"name": "r"}, headers=as_("cleo")).json()["token"]
    answer = client.get("/api/results", params={"queryExecutionId": execution}, headers=with_(secret))
    assert answer.status_code == 404


def test_an_admin_who_ends_the_sessions_of_a_person_ends_their_tokens(client):
    """A person's own sign-out does not: programs go on at night."""
    secret = client.post("/api/tokens", json={"name": "r"}, headers=as_("dora")).json()["token"]
    assert client.delete("/api/sessions", headers=as_("dora")).status_code == 200
    assert client.get("/api/tables", headers=with_(secret)).status_code == 200
    assert client.delete("/api/sessions", params={"person": "dora"}, headers=as_("root", "admins")).status_code == 200
    assert client.get("/api/tables", headers=with_(secret)).status_code == 401


def test_sessions_end_although_tokens_cannot_be_written(client, store, monkeypatch):
    """The admin gets 503 and tries again; the person's browsers are out at once."""
    assert client.post("/api/tokens", json={"name": "r"}, headers=as_("gina")).status_code == 201

    def fails(_):
        raise StorageFailed("out of reach")

    monkeypatch.setattr(store, "change", fails)
    gina, root = as_("gina"), as_("root", "admins")
    assert client.get("/api/tables", headers=gina).status_code == 200
    assert client.delete("/api/sessions", params={"person": "gina"}, headers=root).status_code == 503
    assert client.get("/api/tables", headers=gina).status_code == 401


def test_a_token_ends_and_lists_no_sessions(client):
    """Its scopes are figures and SQL; the browsers of its person are neither."""
    for scope in ("read", "sql"):
        secret = client.post("/api/tokens", json={"name": "r", "scope": scope}, headers=as_("hugo")).json()["token"]
        for method in ("GET", "DELETE"):
            answer = client.request(method, "/api/sessions", headers=with_(secret))
            assert (answer.status_code, "not with a personal token" in answer.text) == (403, True)
    assert client.get("/api/tables", headers=as_("hugo")).status_code == 200


class Held:
    """A request; its client holds the body back."""

    def __init__(self, client, path, headers, body):
        self.body = json.dumps(body).encode()
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(self.body)}", "connection: close", *lines]
        self.socket = socket.create_connection((client.base_url.host, client.base_url.port), 10)
        self.socket.sendall("\r\n".join([*head, "", ""]).encode())

    def close(self):
        self.socket.close()

    def finished(self):
        """Send the body and return what was answered."""
        self.socket.sendall(self.body)
        with self.socket, self.socket.makefile("rb") as answer:
            return answer.read().decode()


def test_a_body_that_comes_after_the_end_starts_nothing(client, tokens, monkeypatch):
    """A token would outlive its person's sessions, and a query would run after its token was revoked."""
    monkeypatch.setattr(answers, "LATE_SECONDS", 0.05)
    made = client.post("/api/tokens", json={"name": "r", "days": 9}, headers=as_("ines")).json()
    asked = {"query": "all_records", "limit": 1}
    with contextlib.ExitStack() as open_ones:

        def hold(*request):
            return open_ones.enter_context(contextlib.closing(Held(client, *request)))

        held = [
            hold("/api/tokens", as_("ines"), {"name": "for a year", "days": 365}),
            hold("/api/query", as_("ines"), asked),
            hold("/api/query", with_(made["token"]), asked),
        ]
        good = hold("/api/query", as_("jana"), asked)
        time.sleep(0.2)
        ended = client.delete("/api/sessions", params={"person": "ines"}, headers=as_("root", "admins"))
        assert ended.status_code == 200
        with capture_logs() as lines:
            assert [one.finished().split()[1] for one in held] == ["401", "401", "401"]
            assert good.finished().split()[1] == "200"
    assert [line["person"] for line in lines if line["event"] == "query"] == ["jana"]
    assert tokens.listed("ines") == ()


def test_a_client_that_goes_away_within_its_body_leaves_no_traceback(client):
    """It is no fault of the dashboard, and anyone with a browser can do it as often as they like."""
    with capture_logs() as lines:
        for path in ("/api/query", "/api/tokens", "/api/boards"):
            Held(client, path, as_("kim"), {"name": "x"}).socket.close()
        time.sleep(0.2)
        assert client.get("/api/tables", headers=as_("kim")).status_code == 200
    assert [line for line in lines if line["log_level"] == "error"] == []


def test_tokens_that_one_person_makes_hold_no_threads_of_others(client, store, monkeypatch):
    """Storage is slow, and a person asks for 45 tokens at once: files and the health check have their threads."""
    release, change = threading.Event(), store.change
    monkeypatch.setattr(store, "change", lambda changed: release.wait(20) and change(changed))
    with ThreadPoolExecutor(45) as pool:
        try:
            asked = [
                pool.submit(client.post, "/api/tokens", json={"name": "r"}, headers=as_("lena")) for _ in range(45)
            ]
            time.sleep(0.3)
            assert client.get("/healthz", timeout=5).status_code == 200
        finally:
            release.set()
        answers = [each.result(20).status_code for each in asked]
    assert (answers.count(201), answers.count(400)) == (MOST_TOKENS, 45 - MOST_TOKENS)


@pytest.mark.parametrize("path", ["/media/a.csv", "/_stcore/host-config", "/_http_stream/open", "/x/api/stats"])
def test_a_token_is_for_the_api_alone(client, path):
    """Pages, their sockets and their files are for people in a browser."""
    secret = client.post("/api/tokens", json={"name": "r"}, headers=as_("finn")).json()["token"]
    answer = client.get(path, headers=with_(secret))
    assert (answer.status_code, answer.json()["error"]) == (401, "A personal token is for the API alone.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "a", "scope": "admin"}, "scope"),
        ({"name": "a", "days": True}, "days"),
        ({"name": "a", "days": 1e3}, "days"),
        ({"name": "a", "days": 10**30}, "days"),
        ({"name": "a", "datasets": ["secret"]}, "dataset"),
        ({"name": "a", "datasets": "contacts"}, "datasets"),
        ({"name": "a", "role": "admin"}, "role"),
        ({"name": ["a"]}, "name"),
    ],
)
def test_a_wrong_body_is_400_with_its_field(client, body, field):
    """And makes no token."""
    answer = client.post("/api/tokens", json=body, headers=as_("eva"))
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_pages_of_other_sites_make_and_revoke_nothing(client):
    """403, as for everything that changes something."""
    for method in ("POST", "DELETE"):
        headers = {**as_("ann"), "sec-fetch-site": "cross-site"}
        assert client.request(method, "/api/tokens?id=x", headers=headers, content=b"{}").status_code == 403


def test_tokens_that_cannot_be_read_are_503(client, store, monkeypatch):
    """Not 401: the program should try again; not 200 either."""

    def fails():
        raise StorageFailed("out of reach")

    monkeypatch.setattr(store, "load", fails)
    answer = client.get("/api/stats", headers=with_(PREFIX + "x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
