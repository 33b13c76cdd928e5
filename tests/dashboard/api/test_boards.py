"""Boards through the API behind the real gate, with people signed in."""

import datetime as dt

import pytest
from oidc_provider import OidcProvider, environment_of
from serving import serving
from signed_cookies import ORIGIN, cookie

from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sign_in.access import Access
from dashboard.sign_in.gate import Gate
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.sessions import Sessions

ROLES = RoleMap("groups", grants_from("analysts=analyst,sales=viewer,nowhere=viewer@another"))
DAYS = {"title": "Rows per day", "show": "line", "by": ["day"]}


@pytest.fixture(scope="module")
def one_client(publishing):
    """The API over a dataset of its own, so that its boards are those of these tests."""
    published, sessions = publishing("boards_api", last=dt.date(2025, 12, 21), per_day=4), Sessions(3600)
    service = Service(settings_from_environment(published.environment))

    def gate(app):
        source = ProviderSource(environment_of(OidcProvider("http://127.0.0.1:1"), ORIGIN), lambda _: None)
        return Gate(app, Access.SIGN_IN, source, role_map=ROLES, sessions=sessions)

    with serving(lambda: service, gate, sessions) as made:
        yield made, published.dataset.name
    service.close()


@pytest.fixture
def client(one_client):
    return one_client[0]


@pytest.fixture
def card(one_client):
    return DAYS | {"dataset": one_client[1]}


def as_(person: str, group: str = "analysts") -> dict[str, str]:
    return {"cookie": cookie(sub=person, groups=[group])}


def make(client, who, **body):
    answer = client.post("/api/boards", json=body, headers=who)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_board_is_made_changed_and_deleted(client, card):
    """Each answer has the version that the next change names; what is gone answers 404."""
    who = as_("round")
    made = make(client, who, name="Weekly", preset="last_7_days", cards=[card])
    assert made["board"] == {"name": "Weekly", "preset": "last_7_days", "cards": [{**card, "width": "half"}]}
    params = {"id": made["id"]}
    saved = client.put("/api/boards/one", params=params, json={"version": 1, "name": "Daily", "cards": []}, headers=who)
    assert (saved.json()["version"], saved.json()["versions"][0]["name"]) == (2, "Weekly")
    assert [one["name"] for one in client.get("/api/boards", headers=who).json()["boards"]] == ["Daily"]
    back = client.post("/api/boards/restore", params=params, json={"version": 2, "number": 1}, headers=who)
    assert (back.json()["version"], back.json()["board"]["name"]) == (3, "Weekly")
    assert client.delete("/api/boards/one", params={**params, "version": 3}, headers=who).status_code == 200
    assert client.get("/api/boards/one", params=params, headers=who).status_code == 404


def test_a_file_goes_out_and_comes_in_the_same(client, card):
    """board.yaml holds name, days and cards, and no person; the import is a private board of the one who imports."""
    made = make(client, as_("exports"), name="To go", preset="this_month", cards=[card], shared=True)
    text = client.get("/api/boards/file", params={"id": made["id"]}, headers=as_("exports")).text
    assert "exports" not in text
    again = make(client, as_("imports"), yaml=text)
    assert (again["board"], again["shared"]) == (made["board"], False)
    assert again["id"] != made["id"]


def test_the_second_of_two_changes_is_a_conflict(client, card):
    """It answers 409, with who was first and what to do; the first change stays."""
    who = as_("tabs")
    board_id = make(client, who, name="Mine", cards=[card])["id"]
    for name, status in (("First", 200), ("Second", 409)):
        body = {"version": 1, "name": name, "cards": [card]}
        answer = client.put("/api/boards/one", params={"id": board_id}, json=body, headers=who)
        assert answer.status_code == status
    assert "save yours as a copy" in answer.json()["error"]
    assert client.get("/api/boards/one", params={"id": board_id}, headers=who).json()["name"] == "First"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "one", None),
        ("GET", "file", None),
        ("PUT", "one", {"version": 1, "name": "x"}),
        ("DELETE", "one", None),
        ("POST", "restore", {"version": 1, "number": 1}),
    ],
)
def test_a_private_board_answers_as_one_that_does_not_exist(client, card, method, path, body):
    """No route shows whether another person has a board."""
    board_id = make(client, as_("owner"), name="Private", cards=[card])["id"]
    answers = [
        client.request(
            method, f"/api/boards/{path}", params={"id": each, "version": 1}, json=body, headers=as_("thief")
        )
        for each in (board_id, "0123456789abcdef")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_a_shared_board_is_seen_by_those_who_see_its_datasets(client, card):
    """A viewer opens it and may not change it; a person without a role for the dataset does not find it."""
    board_id = make(client, as_("shares"), name="Ours", cards=[card], shared=True)["id"]
    asked = {"params": {"id": board_id}}
    viewer = client.get("/api/boards/one", **asked, headers=as_("viewer", "sales"))
    assert (viewer.status_code, viewer.json()["mayChange"]) == (200, False)
    changed = client.put("/api/boards/one", **asked, json={"version": 1, "name": "x"}, headers=as_("viewer", "sales"))
    assert changed.status_code == 403
    assert client.get("/api/boards/one", **asked, headers=as_("out", "nowhere")).status_code == 404


def test_what_a_card_may_not_ask_is_refused_by_its_place(client, card):
    """Another dataset, a column that is not there, SQL outside what is served, SQL of a viewer: each by its field."""
    wrong = [
        {**card, "dataset": "another"},
        {**card, "by": ["nothing"]},
        {"title": "t", "dataset": card["dataset"], "sql": "DELETE FROM contacts"},
    ]
    answer = client.post("/api/boards", json={"name": "Wrong", "cards": [card, *wrong]}, headers=as_("wrong"))
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["cards[1].dataset", "cards[2].by", "cards[3].sql"]
    sql = {"title": "t", "dataset": card["dataset"], "sql": "SELECT 1"}
    viewer = client.post("/api/boards", json={"name": "SQL", "cards": [sql]}, headers=as_("v", "sales"))
    assert "analyst" in viewer.json()["fields"]["cards[0].sql"]


def test_another_site_makes_no_board(client, card):
    """A page elsewhere cannot use a visitor's cookie to make, change or delete one."""
    headers = as_("victim") | {"origin": "https://elsewhere.example"}
    for method, path in (("POST", ""), ("PUT", "/one"), ("DELETE", "/one"), ("POST", "/restore")):
        assert client.request(method, f"/api/boards{path}", json={"name": "x"}, headers=headers).status_code == 403


def test_a_board_is_given_as_pdf_to_those_who_see_it(client, card):
    """As the one who asks sees it: another person's private board answers 404; a wrong sheet names the field."""
    board_id = make(client, as_("paper"), name="On paper", cards=[card])["id"]
    given = client.get("/api/boards/pdf", params={"id": board_id, "paper": "Letter"}, headers=as_("paper"))
    assert (given.status_code, given.headers["content-type"]) == (200, "application/pdf")
    assert given.content.startswith(b"%PDF-")
    assert client.get("/api/boards/pdf", params={"id": board_id}, headers=as_("other")).status_code == 404
    wrong = client.get("/api/boards/pdf", params={"id": board_id, "paper": "A3"}, headers=as_("paper"))
    assert wrong.json()["fields"] == {"paper": "expected one of A4, Letter; found 'A3'"}
