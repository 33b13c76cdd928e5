"""The API's other routes: what may be asked, what it costs, and results as files."""

import csv
import datetime as dt
import io
import urllib.request
import zipfile

import pyarrow.parquet as pq
import pytest
from serving import serving

from dashboard.model.selection.filters import days_of_preset


@pytest.fixture
def client(service):
    with serving(lambda: service) as made:
        yield made


def asked(client, **body):
    """The answer to a query of the API."""
    return client.post("/api/query", json=body).json()


def download(client, answer, **params):
    return client.get("/api/download", params={"queryExecutionId": answer["queryExecutionId"], **params})


def test_tables_tell_what_may_be_asked(client, published):
    """Every column with type and description, values of small dimensions, and what of the dataset is published."""
    (dataset,) = client.get("/api/tables").json()["datasets"]
    assert (dataset["dataset"], dataset["table"], dataset["timeZone"]) == ("contacts", "contacts", "UTC")
    assert (dataset["firstDay"], dataset["lastDay"], dataset["rows"]) == ("2025-12-20", "2026-02-02", 1174)
    assert "channel_summary" in dataset["queries"]
    columns = {column["name"]: column for column in dataset["columns"]}
    assert columns["sentiment_score"]["type"] == "decimal(5,2)"
    assert columns["queue_duration"]["unit"] == "s"
    assert set(columns["channel"]["values"]) <= {"VOICE", "CHAT", "TASK", "EMAIL"}
    assert "values" not in columns["note"]
    assert (columns["day"]["partition"], columns["day"]["type"]) == (True, "int")


def test_samples_are_read_where_they_are_asked_for(client):
    """Every column then has values, numbers to the last digit."""
    (dataset,) = client.get("/api/tables", params={"samples": "true"}).json()["datasets"]
    columns = {column["name"]: column for column in dataset["columns"]}
    assert columns["big_number"]["values"] == ["12345678901234567890123456789012345678"]
    assert client.get("/api/tables", params={"samples": "some"}).status_code == 400


def test_an_estimate_runs_nothing_and_proposes_less(client):
    """The bound counts days and columns; where everything would be read, SQL that reads a week comes with it."""
    everything = client.post("/api/estimate", json={"query": "custom_sql", "sql": "SELECT note FROM contacts"}).json()
    assert (everything["readsEverything"], everything["days"], everything["publishedDays"]) == (True, 45, 45)
    week = client.post("/api/estimate", json={"query": "custom_sql", "sql": everything["suggestedSql"]}).json()
    assert (week["readsEverything"], week["days"]) == (False, 7)
    assert 0 < week["bytes"] < everything["bytes"]
    assert week["billedBytes"] == 10 * 1024 * 1024
    wrong = client.post("/api/estimate", json={"query": "custom_sql", "sql": "DROP TABLE contacts"})
    assert (wrong.status_code, wrong.json()["line"]) == (422, 1)


def test_a_preset_stands_for_its_days(client, service):
    """Counted from the dataset's own today; together with dates, or with an unknown name, it is refused."""
    days = days_of_preset("last_month", service.today("contacts"))
    body = {"query": "by_date", "limit": 1}
    one = client.post("/api/estimate", json={**body, "preset": "last_month"}).json()
    dates = {"startDate": days.first.isoformat(), "endDate": days.last.isoformat()}
    assert one == client.post("/api/estimate", json={**body, **dates}).json()
    for wrong in ({"preset": "always"}, {"preset": "today", "startDate": "2026-01-01"}, {"preset": 7}):
        assert "preset" in client.post("/api/query", json={**body, **wrong}).json()["fields"]
    assert "startDate" in client.post("/api/query", json={"query": "all_records", "preset": "today"}).json()["fields"]


def test_parameters_are_bound(client, published):
    """Saved SQL runs with its values, which are values and never SQL."""
    sql = "SELECT contact_id FROM contacts WHERE agent_name = {{agent}} AND report_date >= {{start_date}}"
    parameters = {"agent": "Chidi O'Neil", "start_date": "2026-01-20"}
    answer = asked(client, query="custom_sql", sql=sql, parameters=parameters)
    first = dt.date(2026, 1, 20)
    expected = [row for row in published.rows if row["agent_name"] == "Chidi O'Neil" and row["day"] >= first]
    assert answer["rowCount"] == len(expected) > 0
    assert "no value" in asked(client, query="custom_sql", sql=sql, parameters={"agent": "x"})["error"]
    assert "parameters" in asked(client, query="custom_sql", sql=sql, parameters=["x"])["fields"]
    assert "not a date" in asked(client, query="custom_sql", sql=sql, parameters={"start_date": "soon"})["error"]


def test_chosen_columns_in_every_format(client):
    """CSV, Parquet and Excel hold the columns asked for, in that order, and the rows of the result."""
    answer = asked(client, query="by_date", startDate="2026-01-01", endDate="2026-01-01")
    columns = ["note", "contact_id"]
    text = download(client, answer, format="csv", columns=columns, nulls="NULL")
    rows = list(csv.reader(io.StringIO(text.text, newline="")))
    assert (rows[0], len(rows)) == (columns, answer["rowCount"] + 1)
    assert {"NULL", "", "'=1+1"} <= {row[0] for row in rows}
    plain = download(client, answer, format="csv", columns="note", formulaSafe="false")
    assert "\r\n=1+1\r\n" in plain.text
    table = pq.read_table(io.BytesIO(download(client, answer, format="parquet", columns=columns).content))
    assert (table.column_names, table.num_rows) == (columns, answer["rowCount"])
    book = zipfile.ZipFile(io.BytesIO(download(client, answer, format="xlsx", columns=columns).content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == answer["rowCount"] + 1
    assert sheet.index("<t>note</t>") < sheet.index("<t>contact_id</t>")


def test_csv_has_a_byte_order_mark_where_that_is_asked_for(client):
    """`bom=true` begins the file with EF BB BF, which Excel needs; without it the file begins with the header."""
    answer = asked(client, query="all_records", limit=1)
    assert download(client, answer, format="csv", columns="note", bom="true").content[:7] == b"\xef\xbb\xbfnote"
    assert download(client, answer, format="csv", columns="note").content[:4] == b"note"


def test_rows_of_missing_and_empty_agents_can_be_asked_for(client, published):
    """`"agentName": null` finds the rows without one, `""` those with the empty name."""
    for value in (None, ""):
        answer = asked(client, query="by_agent", agentName=value)
        expected = sum(row["agent_name"] == value for row in published.rows)
        assert (answer["rowCount"], {row["agent_name"] for row in answer["rows"]}) == (expected, {value})


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"format": "pdf"}, "format"),
        ({"format": "csv", "columns": "secret"}, "columns"),
        ({"format": "csv", "nulls": "nil"}, "nulls"),
        ({"format": "csv", "formulaSafe": "maybe"}, "formulaSafe"),
        ({"format": "csv", "bom": "yes"}, "bom"),
        ({"format": "csv", "timeZone": "Mars/Olympus"}, "timeZone"),
    ],
)
def test_a_wrong_wish_names_its_field(client, params, field):
    """400, as everywhere."""
    answer = download(client, asked(client, query="all_records", limit=1), **params)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_a_result_of_any_size_is_written_to_s3(client, published):
    """The id of the unload leads to links, which open the files without this service."""
    answer = asked(client, query="all_records", limit=2)
    body = {"queryExecutionId": answer["queryExecutionId"], "columns": ["contact_id"], "limit": 1_000_000}
    started = client.post("/api/unload", json=body)
    assert started.status_code == 202
    found = {}
    while "files" not in found:
        found = client.get("/api/files", params={"queryExecutionId": started.json()["queryExecutionId"]}).json()
    assert (found["fileCount"], found["expiresInSeconds"]) == (1, 300)
    with urllib.request.urlopen(found["files"][0]["url"]) as file:
        written = file.read()
        assert file.headers["Content-Disposition"].endswith('.parquet"')
    assert len(written) == found["files"][0]["bytes"]
    assert pq.read_table(io.BytesIO(written)).num_rows == len(published.rows)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "queryExecutionId"),
        ({"columns": ["secret"]}, "columns"),
        ({"columns": []}, "columns"),
        ({"columns": "note"}, "columns"),
        ({"format": "csv"}, "format"),
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"where": "s3://elsewhere/"}, "where"),
    ],
)
def test_an_unload_takes_what_it_knows_alone(client, body, field):
    """Above all, no caller chooses where the files go."""
    if body:
        body = {"queryExecutionId": asked(client, query="all_records", limit=1)["queryExecutionId"], **body}
    answer = client.post("/api/unload", json=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]


def test_files_are_of_unloads_alone(client):
    """A query has a result, not files; another site's page can start neither."""
    answer = asked(client, query="all_records", limit=1)
    files = client.get("/api/files", params={"queryExecutionId": answer["queryExecutionId"]})
    assert files.status_code == 400
    body = {"queryExecutionId": answer["queryExecutionId"]}
    assert client.post("/api/unload", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
