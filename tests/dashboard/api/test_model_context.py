"""`/mcp`, asked with the client of the protocol over a real server: the figures, rights and limits of the API."""

import contextlib
import datetime as dt
import json
import socket
import time

import anyio
import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from oidc_provider import OidcProvider, environment_of
from serving import MemoryTokens, serving
from signed_cookies import ORIGIN, cookie
from structlog.testing import capture_logs

from dashboard.api.model_context.endpoint import model_context_routes
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import Tokens

ROLES = RoleMap("groups", grants_from("analysts=analyst,clear=analyst+unmask,sales=viewer,elsewhere=viewer@another"))
ENDLESS = (
    "SELECT count(*) FROM contacts a, contacts b, contacts c, contacts d WHERE a.note || b.note < c.note || d.note"
)


@pytest.fixture(scope="module")
def masked(publishing, repository, tmp_path_factory):
    """Contacts of 1 to 3 January 2026; agents are hidden, contacts are digests for those who may not see them."""
    found = publishing("tools", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 3))
    text = (repository / "datasets" / "contacts.yaml").read_text(encoding="utf-8")
    for name, mask in {"agent_name": "hidden", "contact_id": "hash"}.items():
        text = text.replace(f"  - name: {name}\n", f"  - name: {name}\n    mask: {mask}\n")
    file = tmp_path_factory.mktemp("tools") / "contacts.yaml"
    file.write_text(text, encoding="utf-8")
    made = Service(settings_from_environment({**found.environment, "DATASET": str(file)}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(masked):
    store, sessions = MemoryTokens(), Sessions(3600)
    tokens = Tokens(lambda: store, lambda: {"groups"})

    def gate(app):
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        return Gate(app, Access.SIGN_IN, source, role_map=ROLES, sessions=sessions, tokens=tokens)

    with serving(lambda: masked, gate, sessions, tokens, model_context_routes(lambda: masked)) as made:
        yield made


def as_(person, group="analysts"):
    return {"cookie": cookie(sub=person, groups=[group])}


def token_of(client, person, group="analysts", **body):
    made = client.post("/api/tokens", json={"name": "model", **body}, headers=as_(person, group))
    return made.json()["id"], {"authorization": f"Bearer {made.json()['token']}"}


ANN, BEN, CLEO = as_("ann"), as_("ben"), as_("cleo", "clear")


@contextlib.asynccontextmanager
async def session_of(client, headers):
    async with (
        httpx.AsyncClient(headers=headers, timeout=60) as asks,
        streamable_http_client(f"{client.base_url}/mcp", http_client=asks) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


def ask(client, headers, tool, **arguments):
    """Return whether a call failed, and its answer."""

    async def asked():
        async with session_of(client, headers) as session:
            return await session.call_tool(tool, arguments)

    found = anyio.run(asked)
    return found.isError, json.loads(found.content[0].text)


def post(client, headers, body=None, **more):
    usual = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"} if body is None else body
    return client.post("/mcp", json=message, headers={**usual, **headers}, **more)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_client_lists_the_tools_and_reads_what_there_is(client):
    """Six tools; a dataset with its days, rows, columns, measures and words; freshness with what is not verified."""

    async def walk():
        async with session_of(client, ANN) as session:
            tools = [tool.name for tool in (await session.list_tools()).tools]
            calls = ("list_datasets", "describe_dataset", "freshness")
            return tools, [json.loads((await session.call_tool(name)).content[0].text) for name in calls]

    tools, (listed, described, fresh) = anyio.run(walk)
    assert tools == ["list_datasets", "describe_dataset", "freshness", "measure", "query_sql", "query_result"]
    [one] = listed["datasets"]
    assert (one["dataset"], one["firstDay"], one["lastDay"], one["rows"]) == (
        "contacts",
        "2026-01-01",
        "2026-01-03",
        84,
    )
    for found in (listed, described, fresh):
        [data] = found["data"]
        assert (data["dataset"], data["verified"]) == ("contacts", "verified")
        assert data["asOf"] > "2026-01-03"
        assert (found["dataScannedBytes"], found["dollars"]) == (0, 0.0)
    assert {"channel", "day", "hour"} <= set(described["groupings"])
    assert fresh["unverifiedDays"] == {"count": 0, "latest": []}
    assert fresh["missingDays"] == {"count": 0, "latest": []}


def test_a_measure_by_a_dimension_is_that_of_the_api(client):
    """The same rows, with as-of, verification, bytes and dollars."""
    asked = {"measure": "rows", "by": ["channel"], "startDate": "2026-01-01", "endDate": "2026-01-02"}
    failed, found = ask(client, ANN, "measure", **asked)
    assert not failed
    api = client.post("/api/query", json={"query": "group_by", **asked, "totals": False}, headers=ANN).json()
    assert found["rows"] == api["rows"]
    assert sum(row[found["columns"][1]["name"]] for row in found["rows"]) == 54
    assert found["dataScannedBytes"] > 0
    assert found["dollars"] == pytest.approx(10 * 1024**2 / 1024**4 * 5)
    [data] = found["data"]
    assert (data["dataset"], data["verified"]) == ("contacts", "verified")
    assert data["verifiedAt"] >= data["asOf"] > "2026-01-03"


def test_a_measure_says_which_of_its_days_are_not_whole(client, masked, monkeypatch):
    """An open day and one that is not published are named with the figures, not only by another tool."""
    manifest = masked.manifest("contacts")
    first, missing, last = (dt.date(2026, 1, day) for day in (1, 2, 3))
    days = {first: manifest.days[first], last: manifest.days[last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(masked, "manifest", lambda _: manifest.model_copy(update={"days": days}))
    [data] = ask(client, ANN, "measure", by=["day"])[1]["data"]
    assert data["openDays"] == {"count": 1, "latest": [str(last)]}
    assert data["missingDays"] == {"count": 1, "latest": [str(missing)]}
    [data] = ask(client, ANN, "measure", by=["day"], startDate=str(first), endDate=str(first))[1]["data"]
    assert (data["openDays"]["count"], data["missingDays"]["count"]) == (0, 0)


def test_a_query_that_the_api_has_asked_says_of_when_it_is(client, masked, monkeypatch):
    """Read by its id it has as-of and verification; where it was published again since, neither is made up."""
    asked = client.post("/api/query", json={"query": "all_records", "limit": 1}, headers=ANN).json()
    read = {"queryExecutionId": asked["queryExecutionId"]}
    manifest = masked.manifest("contacts")
    [data] = ask(client, ANN, "query_result", **read)[1]["data"]
    assert (data["asOf"][:19], data["verified"]) == (f"{manifest.updated_at:%Y-%m-%dT%H:%M:%S}", "verified")
    later = manifest.model_copy(update={"updated_at": dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)})
    monkeypatch.setattr(masked, "manifest", lambda _: later)
    [data] = ask(client, ANN, "query_result", **read)[1]["data"]
    assert (data["dataset"], data["asOf"], data["verified"]) == ("contacts", None, None)
    assert "ask again" in data["note"]


def test_filters_and_totals_reach_the_question(client):
    """Rows of one channel alone; a total has a level of its own, and there is none unless it is asked for."""
    given = {"by": ["channel", "day"], "filters": {"channel": ["VOICE"]}}
    _, plain = ask(client, ANN, "measure", **given)
    _, totals = ask(client, ANN, "measure", **given, totals=True)
    assert {row["channel"] for row in plain["rows"]} == {"VOICE"}
    assert len(plain["rows"]) == 3
    assert len(totals["rows"]) > 3


def test_masked_columns_stay_masked_through_every_tool(client):
    """By description, by measure, by filter, by SQL: no agent's name; the person with the right sees them."""
    _, described = ask(client, ANN, "describe_dataset")
    columns = {column["name"]: column for column in described["columns"]}
    assert (columns["agent_name"]["mask"], columns["contact_id"]["mask"]) == ("hidden", "hash")
    assert "values" not in columns["agent_name"]
    assert "agent_name" not in described["groupings"]
    assert "agent_name" not in described["filters"]
    refused = [
        ask(client, ANN, "measure", by=["agent_name"]),
        ask(client, ANN, "measure", filters={"agent_name": ["Ana"]}),
        ask(client, ANN, "measure", measure="max", column="agent_name"),
    ]
    assert [failed for failed, _ in refused] == [True, True, True]
    sql = "SELECT agent_name, contact_id FROM contacts WHERE year = 2026"
    _, rows = ask(client, ANN, "query_sql", sql=sql, limit=5)
    assert {row["agent_name"] for row in rows["rows"]} == {None}
    assert not any(row["contact_id"].startswith("c-") for row in rows["rows"])
    assert "Ana" not in json.dumps([described, refused, rows], ensure_ascii=False).replace("['Ana']", "")
    _, clear = ask(client, CLEO, "query_sql", sql=sql, limit=5)
    assert all(row["contact_id"].startswith("c-") for row in clear["rows"])


def test_wrong_arguments_are_named_as_those_of_the_api(client):
    """Each wrong field with what was expected; SQL with the position; nothing runs."""
    faults = {
        "measure": [
            ({"measure": "revenue"}, "measure"),
            ({"by": ["a", "b", "c"]}, "by"),
            ({"limit": 1001}, "limit"),
            ({"limit": True}, "limit"),
            ({"startDate": "yesterday", "endDate": "2026-01-02"}, "startDate"),
            ({"preset": "for ever"}, "preset"),
            ({"sql": "SELECT 1"}, "sql"),
            ({"dataset": "orders"}, "dataset"),
            ({"dataset": ["contacts"]}, "dataset"),
            ({"filters": {"x" * 5000: ["y"]}}, "filters"),
        ],
        "query_result": [({}, "queryExecutionId")],
        "list_datasets": [({"x": 1}, "x")],
        "drop_table": [({}, "name")],
    }
    calls = [(tool, arguments, field) for tool, cases in faults.items() for arguments, field in cases]

    async def walk():
        async with session_of(client, ANN) as session:
            return [await session.call_tool(tool, arguments) for tool, arguments, _ in calls]

    for found, (*_, field) in zip(anyio.run(walk), calls, strict=True):
        assert (found.isError, list(json.loads(found.content[0].text)["fields"])) == (True, [field])
        assert len(found.content[0].text) < 1000
    failed, said = ask(client, ANN, "query_sql", sql="DELETE FROM contacts")
    assert (failed, said["line"]) == (True, 1)
    failed, said = ask(client, ANN, "query_result", queryExecutionId="8f14e45f-ceea-467f-9575-d6fd4ed2d7a1")
    assert failed
    assert "not started by this API" in said["error"]


def test_a_token_gives_its_scope_and_ends(client):
    """A `read` token measures and takes no SQL, each query is noted with its label; revoked, it opens nothing."""
    id_, program = token_of(client, "tom", scope="read", days=5)
    with capture_logs() as lines:
        failed, _ = ask(client, program, "measure")
    assert not failed
    [line] = [one for one in lines if one["event"] == "query"]
    assert (line["person"], line["token"], line["datasets"]) == ("tom", f"{id_} model", ["contacts"])
    failed, said = ask(client, program, "query_sql", sql="SELECT channel FROM contacts")
    assert failed
    assert "role analyst" in said["error"]
    _, sql = token_of(client, "tom", scope="sql", days=5)
    assert ask(client, sql, "query_sql", sql="SELECT channel FROM contacts", limit=1)[0] is False
    client.delete("/api/tokens", params={"id": id_}, headers=as_("tom"))
    assert post(client, program).status_code == 401


def test_no_one_enters_without_a_sign_in_or_from_another_site(client):
    """No token, a made-up one, no role; another site's page; another method; a body of a megabyte."""
    assert post(client, {}).status_code == 401
    assert post(client, {"authorization": "Bearer rdt_made-up"}).status_code == 401
    assert post(client, as_("ann", "no-role")).status_code == 403
    assert post(client, {**ANN, "origin": "https://evil.example"}).status_code == 403
    assert post(client, {**ANN, "sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/mcp", headers=ANN).status_code == 405
    assert post(client, ANN, {"jsonrpc": "2.0", "id": 1, "method": "x" * 1_000_000}).status_code == 413
    assert post(client, ANN).status_code == 200


def test_messages_that_are_none_are_answered(client):
    """Broken JSON, lists, deep nesting and unknown methods: an error of the protocol, and the next call works."""
    usual = {"accept": "application/json", "content-type": "application/json", **ANN}
    deep = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": ' + b"[" * 500 + b"]" * 500 + b"}"
    for body in (b"", b"{", b"[]", b"null", b"[" * 100_000, deep, b'{"jsonrpc": "2.0", "id": 1}', b"\xff\xfe"):
        assert client.post("/mcp", content=body, headers=usual).status_code == 400, body[:10]
    unknown = post(client, ANN, {"jsonrpc": "2.0", "id": 1, "method": "tools/drop"})
    assert "error" in unknown.json()
    assert post(client, ANN).status_code == 200


def test_a_client_that_goes_away_ends_its_query_in_athena(client, masked):
    """The connection closes before the answer: no query is left without a reader."""
    call = {"name": "query_sql", "arguments": {"sql": ENDLESS}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: x\r\nCookie: {as_('cleo', 'clear')['cookie']}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head.encode() + body)
        until(lambda: any(job.state == "running" for job in masked.jobs.running()))
        [job] = masked.jobs.running()
    assert job.wait(20)
    assert job.state == "cancelled"
    until(lambda: masked.athena.state(job.query_execution_id) == "CANCELLED")


def test_a_long_query_is_read_later_by_its_person_alone(client, masked, monkeypatch):
    """After the wait there is an id; another person's call does not open it, and cancelling ends it."""
    monkeypatch.setattr("dashboard.api.model_context.tools.WAIT_SECONDS", 0.5)
    failed, waits = ask(client, CLEO, "query_sql", sql=ENDLESS)
    assert (failed, waits["next"]) == (False, "Call query_result with this queryExecutionId.")
    assert waits["data"][0]["verified"] == "verified"
    execution = waits["queryExecutionId"]
    assert ask(client, BEN, "query_result", queryExecutionId=execution)[0]
    assert not ask(client, CLEO, "query_result", queryExecutionId=execution)[0]
    [job] = masked.jobs.running()
    masked.jobs.cancel(job.id)
    assert job.wait(20)


def test_of_two_hundred_calls_at_once_each_is_answered_or_refused_with_the_limit(client):
    """A person's queries wait in the fair queue, as those of the API; another person's does not wait behind them."""
    call = {"name": "measure", "arguments": {"by": ["channel"]}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {"accept": "application/json", "content-type": "application/json"}
    texts = []

    async def one(asks, who):
        found = await asks.post("/mcp", json=body, headers={**headers, **who})
        texts.append((who, json.loads(found.json()["result"]["content"][0]["text"])))

    async def all_of_them():
        async with (
            httpx.AsyncClient(base_url=client.base_url, timeout=60) as asks,
            anyio.create_task_group() as tasks,
        ):
            for who in [ANN] * 199 + [BEN]:
                tasks.start_soon(one, asks, who)

    anyio.run(all_of_them)
    answered = [(who, said["rows"]) for who, said in texts if "rows" in said]
    refused = [said["error"] for _, said in texts if "error" in said]
    assert len(answered) + len(refused) == 200
    assert len(answered) >= 36
    assert all(rows == answered[0][1] for _, rows in answered)
    assert any(who is BEN for who, _ in answered)
    assert all("which is the limit" in error for error in refused)
    assert ask(client, ANN, "measure")[0] is False


def test_a_row_that_is_too_large_does_not_make_a_large_answer(client, monkeypatch):
    """Rows are cut to the bytes of an answer, and the answer says so."""
    monkeypatch.setattr("dashboard.api.model_context.tools.MOST_BYTES", 2000)
    sql = "SELECT channel, note FROM contacts WHERE year = 2026"
    _, found = ask(client, ANN, "query_sql", sql=sql, limit=80)
    assert found["truncated"]
    assert found["rowCount"] == 80
    assert len(json.dumps(found["rows"])) < 2600
    _, found = ask(client, ANN, "query_sql", sql="SELECT array_join(array_agg(contact_id), '') AS long FROM contacts")
    assert (found["rows"], found["truncated"]) == ([], True)
    assert "The first row alone has more than 1 KiB" in found["note"]
