"""Sensors have no contacts: no page, answer, message or file of another dataset speaks of a contact centre."""

import re
from collections.abc import Iterator

import httpx
import pytest
from field_subject import Subject, subject_of
from other_fields import published
from serving import serving
from streamlit.testing.v1 import AppTest

WORDS = re.compile(r"(?i)contact|\bagents?\b|channel|\bcalls?\b|\bqueues?\b|initiation|callers?\b")
PAGES = ["overview", "explore", "boards", "notices", "dictionary", "sql", "exports"]
DAYS = {"dataset": "sensors", "startDate": "2026-03-02", "endDate": "2026-03-04"}
CARD = {**DAYS, "title": "By firmware", "show": "bar", "by": ["firmware"]}


@pytest.fixture(scope="module")
def sensors(standin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    with subject_of("sensors", standin_url, tmp_path_factory.mktemp("sensors")) as found:
        yield found


@pytest.fixture(scope="module")
def client(sensors: Subject) -> Iterator[httpx.Client]:
    with serving(lambda: sensors.service) as made:
        yield made


def all_of(app: AppTest) -> str:
    """Everything that a page sends to the browser, but for names that only programs see."""
    sent = "\n".join(str(getattr(node, "proto", "")) for node in (*app.main, *app.sidebar))
    return re.sub(r'(?m)^\s*(?:id|form_id|html_content|js_content|css_content|page_script_hash): ".*"$', "", sent)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_sensors_has_no_word_of_a_contact_centre(visit, standin_url: str, page: str):
    """Titles, inputs, choices, help, empty states, badges and the document of the board."""
    _, environment = published(standin_url, "sensors")
    app = visit(environment, page, **({"query": "group_by"} if page == "explore" else {}))
    assert not app.exception
    sent = all_of(app)
    assert len(sent) > 500
    assert [sent[max(0, found.start() - 40) : found.end() + 40] for found in WORDS.finditer(sent)] == []


ASKED = [
    (
        "POST",
        "/api/query",
        {**DAYS, "query": "group_by", "by": ["week", "firmware"], "measure": "warm"},
    ),
    ("POST", "/api/query", {**DAYS, "query": "group_by", "by": ["nothing"]}),
    ("POST", "/api/query", {**DAYS, "query": "group_by", "measure": "nothing", "filters": {"nothing": ["a"]}}),
    ("POST", "/api/query", {"dataset": "sensors", "query": "all_records", "limit": 3}),
    ("POST", "/api/query", {"dataset": "sensors", "query": "custom_sql", "sql": "SELECT fw FROM sensors"}),
    ("POST", "/api/estimate", {**DAYS, "query": "group_by", "by": ["hour"]}),
    ("GET", "/api/tables", None),
    ("GET", "/api/queries", None),
    ("GET", "/api/spending", None),
    ("POST", "/api/boards", {"name": "Weekly look", "cards": [CARD]}),
    ("POST", "/api/boards", {"name": "Weekly look", "cards": [{**CARD, "by": ["nothing"], "measure": "nothing"}]}),
    ("GET", "/api/boards", None),
    ("GET", "/api/notices", None),
    ("POST", "/api/notices", {"dataset": "sensors", "kind": "alert", "name": "a", "measure": "nothing", "above": 1}),
    ("GET", "/api/files?dataset=sensors", None),
    ("GET", "/api/results?queryExecutionId=nothing", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_an_answer_about_sensors_has_no_word_of_a_contact_centre(client: httpx.Client, method: str, path: str, body):
    """Rows, names of columns and files, and what is wrong with a request; /api/stats and /api/daily promise theirs."""
    answer = client.request(method, path, json=body)
    assert answer.status_code < 500
    # The ids of query types are those that a program sends, the same for every dataset.
    said = re.sub(r'"queries":\[[^\]]*\]', "", answer.text) if path == "/api/tables" else answer.text
    assert WORDS.findall(said) == []
    if identity := answer.json().get("queryExecutionId"):
        file = client.get("/api/download", params={"queryExecutionId": identity, "format": "csv"})
        assert file.headers["Content-Disposition"].partition('filename="')[2].startswith("sensors-")
        assert WORDS.findall(f"{file.headers['Content-Disposition']} {file.text.partition(chr(10))[0]}") == []
