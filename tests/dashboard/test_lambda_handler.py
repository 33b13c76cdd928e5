"""The query function: an event in, the JSON API's answer out, through the same guard and the same limits."""

import functools
import time
from types import SimpleNamespace

import pytest
from serving import serving

from dashboard import lambda_handler
from dashboard.errors import InvalidRequest, QueryCancelled, RefusedSql
from dashboard.services.job import Job
from dashboard.services.jobs import Jobs

NESTED = functools.reduce(lambda inner, _: [inner], range(995), "x")
CONTEXT = SimpleNamespace(function_name="reports-query", get_remaining_time_in_millis=lambda: 60_000)


@pytest.fixture(autouse=True)
def deployed(published, monkeypatch):
    """The function's environment; its service is dropped afterwards, because the process outlives the test."""
    for name, value in published.environment.items():
        monkeypatch.setenv(name, value)
    yield
    lambda_handler.service.clear()


def test_an_invocation_answers_as_the_api_does(service):
    """`{"query": "all_records", "limit": 10}` gives ten rows, in the form and with the columns of POST /api/query."""
    asked = {"query": "all_records", "limit": 10}
    answer = lambda_handler.handler(asked, CONTEXT)
    with serving(lambda: service) as client:
        expected = client.post("/api/query", json=asked).json()
    assert len(answer["rows"]) == answer["rowCount"] == 10
    assert answer["truncated"] is True
    assert set(answer) == set(expected)
    assert answer["columns"] == expected["columns"]
    assert set(answer["rows"][0]) == {column["name"] for column in answer["columns"]}


@pytest.mark.parametrize(
    ("event", "error", "named"),
    [
        ({}, InvalidRequest, "query"),
        ({"query": "everything"}, InvalidRequest, "query"),
        ({"query": "all_records", "limit": 0}, InvalidRequest, "limit"),
        ("all_records", InvalidRequest, "body"),
        (None, InvalidRequest, "body"),
        ({"query": NESTED}, InvalidRequest, "at most 64 objects and lists inside one another"),
        ({"query": "group_by", "filters": {"channel": NESTED}}, InvalidRequest, "at most 64 objects and lists"),
        ({"query": "custom_sql", "sql": "DROP TABLE contacts"}, RefusedSql, "DROP"),
        ({"query": "custom_sql", "sql": "SELECT * FROM information_schema.tables"}, RefusedSql, "information_schema"),
    ],
)
def test_a_wrong_event_is_an_error_that_names_the_field(event, error, named):
    """What the API refuses the function refuses too: the invocation fails, its message names the field or the word."""
    with pytest.raises(error, match=named):
        lambda_handler.handler(event, CONTEXT)


def test_the_query_is_the_functions_own():
    """The audit knows the function that asked, so its spending is separate from that of people."""
    lambda_handler.handler({"query": "all_records", "limit": 1}, CONTEXT)
    end = time.monotonic() + 5  # the record is written when the job's thread ends, just after the answer
    asked: set[str] = set()  # other tests of this process may have spent as other people
    while "lambda:reports-query" not in asked and time.monotonic() < end:
        asked = {one.person for one in lambda_handler.service().audit.spending()}
        time.sleep(0.01)
    assert "lambda:reports-query" in asked
    assert not {person for person in asked if person.startswith("lambda:")} - {"lambda:reports-query"}


def test_an_answer_that_lambda_would_drop_is_refused(monkeypatch):
    """Lambda takes no answer over 6 MB; the error says how large this one is and what to do."""
    assert lambda_handler.MOST_BYTES == 6_291_456
    monkeypatch.setattr(lambda_handler, "MOST_BYTES", 100)
    with pytest.raises(InvalidRequest, match=r"limit: expected fewer rows: these 10 are [\d,]+ bytes.*100 at most"):
        lambda_handler.handler({"query": "all_records", "limit": 10}, CONTEXT)


def test_a_query_that_outlasts_the_function_is_stopped(monkeypatch):
    """Before the function's time is over the query is stopped in Athena, and the error says so."""
    monkeypatch.setattr(Job, "wait", lambda _job, _seconds: False)
    ending = SimpleNamespace(function_name="reports-query", get_remaining_time_in_millis=lambda: 4_000)
    stopped = []
    monkeypatch.setattr(Jobs, "cancel", lambda _jobs, job: stopped.append(job))
    with pytest.raises(QueryCancelled, match="function's time was over"):
        lambda_handler.handler({"query": "all_records", "limit": 10}, ending)
    assert len(stopped) == 1
