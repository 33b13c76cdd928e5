"""Who owns a result, who may do what, and what is noted of it: the API behind the real gate, with people signed in."""

import socket
import time

import pytest
from oidc_provider import OidcProvider, environment_of
from serving import serving
from signed_cookies import ORIGIN, cookie
from structlog.testing import capture_logs

from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Sessions

ROLES = "analysts=analyst,admins=admin,sales=viewer,nowhere=viewer@another,locals=admin@contacts"


SESSIONS = Sessions(3600)


def gate(app):
    source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
    return Gate(app, Access.SIGN_IN, source, role_map=RoleMap("groups", grants_from(ROLES)), sessions=SESSIONS)


@pytest.fixture
def client(service):
    with serving(lambda: service, gate, SESSIONS) as made:
        yield made


def as_(person: str, group: str = "analysts") -> dict[str, str]:
    return {"cookie": cookie(sub=person, groups=[group])}


ANN, BEN = as_("ann"), as_("ben")
ENDLESS = (
    "SELECT count(*) FROM contacts a, contacts b, contacts c, contacts d WHERE a.note || b.note < c.note || d.note"
)


def run(client, headers, **body):
    return client.post("/api/query", json=body, headers=headers)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", p) for p in ("results", "download", "files")] + [("DELETE", "results")]
)
def test_a_result_is_its_persons_alone(client, method, path):
    """Another person with the id gets 404, as for an id that does not exist."""
    execution = run(client, ANN, query="all_records", limit=1).json()["queryExecutionId"]
    asked = {"params": {"queryExecutionId": execution}, "follow_redirects": False}
    assert client.request(method, f"/api/{path}", headers=BEN, **asked).status_code == 404
    assert client.request(method, f"/api/{path}", headers=ANN, **asked).status_code != 404


def test_unloading_takes_ones_own_results_alone(client):
    """The id of another person's result writes no file."""
    execution = run(client, ANN, query="all_records", limit=1).json()["queryExecutionId"]
    answer = client.post("/api/unload", json={"queryExecutionId": execution}, headers=BEN)
    assert answer.status_code == 404


def test_an_equal_question_of_another_person_is_a_result_of_their_own(client):
    """Both get the shared answer, and each opens it by the id that they were given."""
    ids = [run(client, who, query="by_date", startDate="2026-01-03", endDate="2026-01-04").json()["queryExecutionId"]
           for who in (ANN, BEN)]  # fmt: skip
    for who, execution in zip((ANN, BEN), ids, strict=True):
        assert client.get("/api/results", params={"queryExecutionId": execution}, headers=who).status_code == 200


def test_delete_stops_the_query_in_athena(client, service, monkeypatch):
    """`DELETE /api/results` ends a running query where it runs, and the result says so."""
    monkeypatch.setattr("dashboard.api.routes.WAIT_SECONDS", 0.5)
    started = run(client, ANN, query="custom_sql", sql=ENDLESS, limit=10)
    assert started.status_code == 202
    until(lambda: client.get("/api/queries", headers=ANN).json()["queries"][0]["state"] == "RUNNING")
    [own] = client.get("/api/queries", headers=ANN).json()["queries"]
    assert (own["query"], own["datasets"]) == ("custom_sql", ["contacts"])
    assert client.get("/api/queries", headers=BEN).json()["queries"] == []
    execution = own["queryExecutionId"]
    asked = {"params": {"queryExecutionId": execution}, "headers": ANN}
    assert client.delete("/api/results", **asked).status_code == 200
    until(lambda: service.athena.state(execution) == "CANCELLED")
    until(lambda: client.get("/api/results", **asked).status_code == 409)


def test_a_client_that_hangs_up_leaves_no_query_in_athena(client, service):
    """The connection closes before the answer: the query is stopped, and its place is free."""
    body = b'{"query": "custom_sql", "sql": "' + ENDLESS.encode() + b'", "limit": 10}'
    head = f"POST /api/query HTTP/1.1\r\nHost: x\r\nCookie: {ANN['cookie']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head.encode() + body)
        until(lambda: any(job.state == "running" for job in service.jobs.running()))
        [job] = service.jobs.running()
    assert job.wait(20)
    assert job.state == "cancelled"
    until(lambda: service.athena.state(job.query_execution_id) == "CANCELLED")


def test_a_request_with_two_lengths_is_refused_with_its_connection(client):
    """A proxy that believes one length and a server that believes the other see two different next requests."""
    hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    both = f"Content-Length: {5 + len(hidden)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.settimeout(20)
        connection.sendall(f"POST /healthz HTTP/1.1\r\nHost: x\r\n{both}{hidden}".encode())
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("group", "body", "status"),
    [
        ("sales", {"query": "all_records", "limit": 1}, 200),
        ("sales", {"query": "custom_sql", "sql": "SELECT channel FROM contacts", "limit": 1}, 403),
        ("sales", {"query": "custom_sql", "sql": "SELECT 1", "limit": 1}, 403),
        ("analysts", {"query": "custom_sql", "sql": "SELECT channel FROM contacts", "limit": 1}, 200),
        ("nobody", {"query": "all_records", "limit": 1}, 403),
        ("nowhere", {"query": "all_records", "limit": 1}, 403),
    ],
)
def test_a_role_decides_what_is_run(client, group, body, status):
    """A viewer runs the ready queries, an analyst also SQL, and a person without a role nothing."""
    assert run(client, as_("eve", group), **body).status_code == status


@pytest.mark.parametrize("path", ["/api/stats", "/api/daily?from=2026-01-01&to=2026-01-02", "/api/tables"])
def test_figures_need_a_role_for_the_dataset(client, path):
    """The stored answers of others are behind the same check."""
    assert client.get(path, headers=as_("vera", "sales")).status_code == 200
    assert client.get(path, headers=as_("eve", "nobody")).status_code == 403
    found = client.get(path, headers=as_("eve", "nowhere"))
    assert found.status_code == 403 or found.json() == {"datasets": []}


def test_a_viewer_takes_no_files(client):
    """Downloads need the role analyst."""
    viewer = as_("vera", "sales")
    execution = run(client, viewer, query="all_records", limit=1).json()["queryExecutionId"]
    asked = {"params": {"queryExecutionId": execution}, "headers": viewer, "follow_redirects": False}
    assert client.get("/api/results", **asked).status_code == 200
    assert client.get("/api/download", **asked).status_code == 403
    assert client.post("/api/unload", json={"queryExecutionId": execution}, headers=viewer).status_code == 403


def test_files_close_to_a_person_who_is_no_longer_analyst(client, service):
    """What was written to S3 with a role that has gone since opens no more: 403, as a download."""
    execution = run(client, as_("mara"), query="all_records", limit=1).json()["queryExecutionId"]
    written = client.post("/api/unload", json={"queryExecutionId": execution}, headers=as_("mara"))
    asked = {"params": {"queryExecutionId": written.json()["queryExecutionId"]}}
    until(lambda: client.get("/api/files", headers=as_("mara"), **asked).status_code == 200)
    assert client.get("/api/files", headers=as_("mara", "sales"), **asked).status_code == 403


def test_each_execution_is_one_line_of_the_audit_log_and_counts_as_spending(published):
    """Who, what, dataset, bytes, dollars and result; admins read the sums per person and dataset."""
    service = Service(settings_from_environment(published.environment))
    with capture_logs() as lines, serving(lambda: service, gate) as client:
        sql = "SELECT channel, count(*) AS n FROM contacts GROUP BY channel"
        assert run(client, as_("audrey"), query="custom_sql", sql=sql, limit=9).status_code == 200
        assert client.get("/api/spending", headers=ANN).status_code == 403
        listed = client.get("/api/spending", headers=as_("root", "admins")).json()["spending"]
    [spent] = [one for one in listed if one["person"] == "audrey"]
    service.close()
    [line] = [one for one in lines if one["event"] == "query"]
    assert (line["person"], line["what"], line["datasets"], line["result"]) == (
        "audrey",
        "custom_sql",
        ["contacts"],
        "succeeded",
    )
    assert line["bytes"] > 0
    # Athena's minimum of 10 MB at 5 dollars a TB.
    assert line["dollars"] == "0.000048"
    assert (spent["person"], spent["dataset"], spent["queries"], spent["bytes"]) == (
        "audrey",
        "contacts",
        1,
        line["bytes"],
    )


def test_the_bytes_of_a_day_are_a_persons_own(published):
    """Above USER_BYTES_PER_DAY a person's next query is 429 with the figures, after a restart too; others' run."""
    service = Service(settings_from_environment({**published.environment, "USER_BYTES_PER_DAY": "1"}))
    with serving(lambda: service, gate) as client:
        assert run(client, as_("abe"), query="all_records", limit=3).status_code == 200
        refused = run(client, as_("abe"), query="all_records", limit=4)
        assert refused.status_code == 429
        assert "and the limit is 1 B a day" in refused.json()["error"]
        # Figures of the Overview are for all people, and somebody pays for them.
        assert client.get("/api/daily?from=2026-01-05&to=2026-01-06", headers=as_("abe")).status_code == 429
        assert run(client, as_("bea"), query="all_records", limit=4).status_code == 200
    service.close()
    restarted = Service(settings_from_environment({**published.environment, "USER_BYTES_PER_DAY": "1"}))
    with serving(lambda: restarted, gate) as client:
        assert run(client, as_("abe"), query="all_records", limit=5).status_code == 429
        assert run(client, as_("cai"), query="all_records", limit=5).status_code == 200
    restarted.close()


COSTLY = [
    ("GET", "/api/stats"),
    ("GET", "/api/daily?from=2026-01-01&to=2026-01-02"),
    ("GET", "/api/tables?samples=true"),
    ("POST", "/api/query"),
    ("POST", "/api/estimate"),
    ("POST", "/api/unload"),
    ("DELETE", "/api/results?queryExecutionId=x"),
]


@pytest.mark.parametrize(("method", "path"), COSTLY)
@pytest.mark.parametrize(
    "foreign",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_pages_of_other_sites_start_nothing_that_costs(service, method, path, foreign):
    """Signed in or on loopback: a request that a browser sends for another site's page is 403."""
    with serving(lambda: service) as client:
        answer = client.request(method, path, headers=foreign, content=b"{}" if method == "POST" else None)
    assert answer.status_code == 403
    assert "other sites" in answer.json()["error"]


def test_a_name_of_ones_own_host_is_no_other_site(service):
    """This site's own pages, addresses typed by hand and programs are served."""
    with serving(lambda: service) as client:
        own = f"http://{client.base_url.host}:{client.base_url.port}"
        for headers in ({}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin", "origin": own}):
            assert client.get("/api/tables", headers=headers).status_code == 200


def test_an_admin_ends_the_sessions_of_another_person(client):
    """Others end their own alone, and a person's list holds their own sessions; an admin's holds all of them."""
    mia, root, local = as_("mia"), as_("root", "admins"), as_("eva", "locals")
    for who in (mia, root):
        assert client.get("/api/tables", headers=who).status_code == 200
    assert {one["person"] for one in client.get("/api/sessions", headers=mia).json()["sessions"]} == {"mia"}
    assert {"mia", "root"} <= {one["person"] for one in client.get("/api/sessions", headers=root).json()["sessions"]}
    for who in (BEN, local):
        assert client.delete("/api/sessions", params={"person": "mia"}, headers=who).status_code == 403
    assert client.delete("/api/sessions", params={"person": "mia"}, headers=root).json()["ended"] == 1
    assert client.get("/api/tables", headers=mia).status_code == 401
    assert client.get("/api/tables", headers=root).status_code == 200


def test_admin_of_one_dataset_reads_no_spending(client):
    """What concerns all people takes the role for all datasets."""
    assert client.get("/api/spending", headers=as_("eva", "locals")).status_code == 403


def test_without_sign_in_there_are_no_sessions(service):
    """404, with the reason."""
    with serving(lambda: service) as client:
        assert client.get("/api/sessions").status_code == 404
        assert client.delete("/api/sessions").status_code == 404
