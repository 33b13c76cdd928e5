"""The JSON API over real HTTP messages, a real stand-in and real Parquet."""

import csv
import datetime as dt
import io
import urllib.parse
import urllib.request

import pytest
from serving import serving

from dashboard.api import routes
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment


def ask(client, **body):
    return client.post("/api/query", json=body)


def test_health_asks_nobody(client, monkeypatch):
    """/healthz answers 200 while Athena is gone."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_wrong_settings_are_reported_by_health():
    """Without its settings the service is not healthy, and the answer lists every fault."""

    def broken():
        return Service(settings_from_environment({}))

    with serving(broken) as client:
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "S3_BUCKET" in answer.json()["error"]
    assert "DYNAMO_TABLE_NAME" in answer.json()["error"]


def test_a_query_answers_rows_with_their_types(client, published):
    """by_date gives every row of its days, with exactly the promised names."""
    answer = ask(client, query="by_date", startDate="2025-12-31", endDate="2026-01-01").json()
    assert list(answer) == [
        "queryExecutionId",
        "columns",
        "rows",
        "rowCount",
        "truncated",
        "dataScannedBytes",
        "runtimeMs",
    ]
    rows = published.on(dt.date(2025, 12, 31), dt.date(2026, 1, 1))
    assert answer["rowCount"] == len(answer["rows"]) == len(rows)
    assert answer["truncated"] is False
    assert sorted(row["contact_id"] for row in answer["rows"]) == sorted(row["contact_id"] for row in rows)
    types = {column["name"]: column["type"] for column in answer["columns"]}
    assert types["big_number"] == "decimal(38,0)"
    assert types["number_of_holds"] == "bigint"


def test_numbers_that_a_double_cannot_hold_travel_as_text(client):
    """9007199254740993 and 38 digits arrive whole; small numbers stay numbers; null and "" stay apart."""
    rows = ask(client, query="by_date", startDate="2026-01-01", endDate="2026-01-01").json()["rows"]
    assert {row["big_number"] for row in rows} == {"12345678901234567890123456789012345678"}
    holds = {row["number_of_holds"] for row in rows}
    assert "9007199254740993" in holds
    assert holds - {"9007199254740993"} <= {0, 1, 2, 3}
    assert {None, ""} <= {row["agent_name"] for row in rows}
    assert {None, ""} <= {row["note"] for row in rows}
    assert all(isinstance(row["sentiment_score"], float) for row in rows)
    assert all(row["initiation_timestamp"].endswith(":05:07.123") for row in rows)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"query": "all_records", "limit": 7}, 7),
        ({"query": "by_agent", "agentName": "Chidi O'Neil"}, None),
        ({"query": "by_agent", "agentName": "x' OR 1=1 --"}, 0),
        ({"query": "by_contact", "contactId": "c-739605-3"}, 1),
        ({"query": "custom_sql", "sql": "SELECT channel, count(*) n FROM contacts GROUP BY 1 -- by channel"}, 4),
    ],
)
def test_every_query_type_answers(client, published, body, count):
    """Values are bound: a quote in a name finds that name, and SQL in a name finds nothing."""
    answer = ask(client, **body).json()
    expected = len([row for row in published.rows if row["agent_name"] == "Chidi O'Neil"]) if count is None else count
    assert answer["rowCount"] == expected > -1
    assert answer["truncated"] is (body["query"] == "all_records")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "query"),
        ({"query": "everything"}, "query"),
        ({"query": ["all_records"]}, "query"),
        ({"query": "by_date"}, "startDate"),
        ({"query": "by_date", "startDate": "2026-02-30", "endDate": "2026-03-01"}, "startDate"),
        ({"query": "by_date", "startDate": "2026-2-3", "endDate": "2026-03-01"}, "startDate"),
        ({"query": "by_date", "startDate": 20260203, "endDate": "2026-03-01"}, "startDate"),
        ({"query": "by_date", "startDate": "2026-03-02", "endDate": "2026-03-01"}, "endDate"),
        ({"query": "by_agent"}, "agentName"),
        ({"query": "by_agent", "agentName": 7}, "agentName"),
        ({"query": "by_agent", "agentName": "a\u0000b"}, "agentName"),
        ({"query": "by_agent", "agentName": "a" * 501}, "agentName"),
        ({"query": "by_contact", "contactId": ""}, "contactId"),
        ({"query": "all_records", "limit": 0}, "limit"),
        ({"query": "all_records", "limit": 20001}, "limit"),
        ({"query": "all_records", "limit": "many"}, "limit"),
        ({"query": "all_records", "limit": 1.5}, "limit"),
        ({"query": "all_records", "limit": True}, "limit"),
        ({"query": "all_records", "agentName": "Dewi"}, "agentName"),
        ({"query": "all_records", "surprise": 1}, "surprise"),
        ({"query": "custom_sql"}, "sql"),
        ({"query": "custom_sql", "sql": "  "}, "sql"),
        ({"query": "all_records", "dataset": "orders"}, "dataset"),
        ({"query": "all_records", "dataset": 1}, "dataset"),
    ],
)
def test_wrong_input_is_400_and_names_the_field(client, body, field):
    """Whatever is wrong with a body, the answer says which field."""
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]
    assert field in answer.json()["fields"]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'"query"'])
def test_a_body_that_is_no_object_is_400(client, content):
    """Broken JSON, and JSON that is no object: 400 naming the body."""
    answer = client.post("/api/query", content=content)
    assert answer.status_code == 400
    assert "body" in answer.json()["error"]


def test_a_huge_body_is_refused_before_it_is_read(client):
    """More than 256 KiB is 413."""
    assert client.post("/api/query", content=b" " * 300_000).status_code == 413


@pytest.mark.parametrize(
    ("sql", "said", "place"),
    [
        ("DROP TABLE contacts", "only SELECT", (1, 1)),
        ("SELECT *\nFROM secrets", "secrets", (2, 6)),
        ("SELECT 1;\nSELECT 2", "one statement", (2, 1)),
        ("SELECT * FRM contacts", "near FRM", (1, 10)),
        ("SELECT channel,\n  agent FROM contacts", "agent", (2, 3)),
    ],
)
def test_wrong_sql_is_422_with_reason_and_position(client, sql, said, place):
    """The position is that of what was written, also where Athena finds the fault."""
    answer = ask(client, query="custom_sql", sql=sql)
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert (answer.json()["line"], answer.json()["column"]) == place


def test_a_result_is_paged_by_token(client, published):
    """/api/results gives 1,000 rows at a time, and all of them once."""
    first = ask(client, query="all_records").json()
    execution = first["queryExecutionId"]
    page = client.get("/api/results", params={"queryExecutionId": execution}).json()
    assert (len(page["rows"]), page["rowCount"]) == (1000, 1174)
    rest = client.get("/api/results", params={"queryExecutionId": execution, "nextToken": page["nextToken"]}).json()
    assert "nextToken" not in rest
    assert page["rows"] + rest["rows"] == first["rows"]


@pytest.mark.parametrize("token", ["x", "MTIz", "%00", "eA=="])
def test_a_token_of_ones_own_is_400(client, token):
    """A token that no page gave names itself."""
    execution = ask(client, query="all_records", limit=1).json()["queryExecutionId"]
    answer = client.get("/api/results", params={"queryExecutionId": execution, "nextToken": token})
    assert answer.status_code == 400
    assert "nextToken" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/results", "/api/download", "/api/files"])
def test_only_executions_of_this_api_are_given_out(client, service, path):
    """No id is 400; an id of elsewhere, or of a page's own query, is 404."""
    assert client.get(path).status_code == 400
    assert client.get(path, params={"queryExecutionId": "0b1c"}).status_code == 404
    model = service.model("contacts")
    from dashboard.model.statements import daily_statement

    job = service.start("contacts", daily_statement(model, None), owner="a session of the pages")
    job.outcome()
    assert client.get(path, params={"queryExecutionId": job.query_execution_id}).status_code == 404


def test_download_leads_to_athenas_own_file(client):
    """302 to a presigned address that opens the CSV, named for people."""
    answer = ask(client, query="by_date", startDate="2026-01-01", endDate="2026-01-01").json()
    link = client.get("/api/download", params={"queryExecutionId": answer["queryExecutionId"]}, follow_redirects=False)
    assert link.status_code == 302
    with urllib.request.urlopen(link.headers["location"]) as file:
        assert "contacts-by_date-" in file.headers["Content-Disposition"]
        rows = list(csv.reader(io.TextIOWrapper(file, "utf-8", newline="")))
    assert len(rows) == answer["rowCount"] + 1
    assert rows[0] == [column["name"] for column in answer["columns"]]


def test_links_are_signed_for_the_name_that_the_browser_knows(published):
    """With S3_PUBLIC_ENDPOINT_URL the link leads there; everything else keeps the inner name."""
    service = Service(
        settings_from_environment({**published.environment, "S3_PUBLIC_ENDPOINT_URL": "https://files.example.com/"})
    )
    with serving(lambda: service) as client:
        answer = ask(client, query="all_records", limit=1).json()
        link = client.get(
            "/api/download", params={"queryExecutionId": answer["queryExecutionId"]}, follow_redirects=False
        )
    parts = urllib.parse.urlsplit(link.headers["location"])
    assert (parts.scheme, parts.netloc) == ("https", "files.example.com")
    service.close()


def test_a_slow_query_is_202_and_found_later(client, monkeypatch):
    """After the wait the answer is an id to ask with."""
    monkeypatch.setattr(routes, "WAIT_SECONDS", 0.01)
    answer = ask(client, query="all_records", limit=3)
    assert answer.status_code == 202
    assert answer.json()["state"] in {"QUEUED", "RUNNING"}
    monkeypatch.undo()
    for _ in range(100):
        later = client.get("/api/results", params={"queryExecutionId": answer.json()["queryExecutionId"]})
        if later.status_code == 200:
            break
    assert later.json()["rowCount"] == 3


def test_athena_out_of_reach_is_503(published, monkeypatch):
    """The answer says what did not answer, and when to try again; no traceback."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://127.0.0.1:1")
    service = Service(settings_from_environment(published.environment))
    with serving(lambda: service) as client:
        answer = ask(client, query="all_records", limit=1)
        stats = client.get("/api/stats")
    assert (answer.status_code, stats.status_code) == (503, 503)
    assert "Athena did not answer" in answer.json()["error"]
    assert answer.headers["retry-after"] == "30"
    service.close()


def test_other_sites_cannot_spend_through_a_visitors_browser(client):
    """A page elsewhere that posts a query is refused; a program, which sends no Origin, is not."""
    body = {"query": "all_records", "limit": 1}
    assert client.post("/api/query", json=body, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert client.post("/api/query", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/api/query", json=body, headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 200


def test_the_unforeseen_is_one_sentence(client, service, monkeypatch):
    """A fault of our own is 500 with a sentence, never a traceback."""
    monkeypatch.setattr(service, "daily", lambda *_: 1 / 0)
    answer = client.get("/api/daily", params={"from": "2026-01-01", "to": "2026-01-01"})
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text


def test_the_document_names_every_route(client, service):
    """OpenAPI and the docs page list each route and method that answers, besides those that describe the API."""
    document = client.get("/api/openapi.json").json()
    served = {(route.path, method) for route in routes.routes(lambda: service) for method in route.methods}
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    undescribed = {"/api/openapi.json", "/api/docs"}
    assert described == {(path, method) for path, method in served if path not in undescribed and method != "HEAD"}
    page = client.get("/api/docs").text
    assert all(path in page for path in document["paths"])


def test_a_limit_takes_the_same_rows_again(client, published):
    """Within a day the latest time stands first, and equal times are in the order of the contacts."""
    rows = ask(client, query="all_records", limit=30).json()["rows"]
    last = published.on(published.days[-1])
    expected = sorted(last, key=lambda row: row["contact_id"])
    expected.sort(key=lambda row: row["initiation_timestamp"], reverse=True)
    assert [row["contact_id"] for row in rows][: len(last)] == [row["contact_id"] for row in expected][:30]
