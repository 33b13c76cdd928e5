"""What the cards of a board show: the figures of Explore and the Overview, with the rights of the person who looks."""

import datetime as dt
import json

import pytest

from dashboard.boards.adding import board_with_card
from dashboard.boards.answers import answer_of
from dashboard.boards.questions import asked_by, check
from dashboard.boards.standing import standing_of
from dashboard.errors import DashboardError, Forbidden, InvalidRequest
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import Roles
from dashboard.model.boards.board import board_from, card_from
from dashboard.model.boards.declared import declared_board
from dashboard.model.boards.from_request import card_of
from dashboard.model.query_types import request_from
from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.document.board import card_document
from dashboard.services.job import API

from .cards import DAYS, LOOKS, OWNER, ROWS, VIEWER, VOICES, marks_of, shown, table_of


def test_the_board_of_the_overview_shows_the_figures_of_the_overview(service):
    """Each number card has the text, digits, change and days of the page's card, each chart the rows of the page's."""
    window = Days(dt.date(2026, 1, 20), dt.date(2026, 2, 2))
    overview = service.overview("contacts", Filters(window))
    board = declared_board(service.model("contacts"))
    answers = []
    for card in board.cards:
        dated = card_from({**card.document(), "startDate": "2026-01-20", "endDate": "2026-02-02"})
        asked = asked_by(service, dated, board.preset)
        answers.append(answer_of(service, dated, asked, service.start(asked.name, asked.statement).outcome()))
    assert [(each.figure.text, each.figure.exact) for each in answers[:4]] == [
        (card.written.text(card.value), card.written.exact(card.value)) for card in overview.cards
    ]
    for answer, card in zip(answers, overview.cards, strict=False):
        page, change = card_document(card, overview, service.model("contacts").words.rows), answer.figure.change
        assert (change.text, change.trend, change.news, change.before) == (
            page["delta"], page["trend"], page["news"], page["from"]
        )  # fmt: skip
        assert [mark["count"] for mark in answer.figure.sparkline["marks"]] == page["series"]
        assert change.before.startswith("from ")
    per_day, channels = marks_of(answers[4]), marks_of(answers[5])
    assert sum(mark["y"] for mark in per_day) == overview.total_rows
    assert {mark["name"]: mark["amount"] for mark in channels} == {
        count.value: count.rows for count in overview.by("channel")
    }


@pytest.mark.parametrize(
    ("show", "by"),
    [("bar", ["channel"]), ("line", ["day"]), ("stacked", ["day", "channel"]), ("heatmap", ["weekday", "channel"]),
     ("doughnut", ["channel"]), ("pie", ["channel"]), ("chart", ["channel", "day"])],
)  # fmt: skip
def test_every_kind_of_chart_draws_every_row(ruled, show, by):
    """The marks of a chart of rows add up to the rows of the days: none is lost between table and drawing."""
    answer = shown(ruled, OWNER, show=show, by=by)
    assert sum(mark.get("amount", mark.get("y")) or 0 for mark in marks_of(answer)) == len(ROWS) == 84
    assert answer.drawing.text
    assert answer.drawing.spec["mark"]["type"] == {"bar": "bar", "line": "line", "stacked": "bar", "heatmap": "rect",
                                                   "doughnut": "arc", "pie": "arc", "chart": "bar"}[show]  # fmt: skip


def test_what_is_no_part_of_a_whole_is_no_slice(ruled):
    """Means do not add up: a pie of them would say something false, so it is bars, and says why."""
    answer = shown(ruled, OWNER, show="pie", by=["channel"], measure="mean", column="queue_duration")
    assert answer.drawing.spec["mark"]["type"] == "bar"
    assert "bars, because these figures are no parts of a whole" in answer.notes


def test_shares_are_of_all_groups_whatever_the_limit(ruled):
    """Groups beyond a limit are one slice of others; without a total there is no whole, and bars stand in its place."""
    every = {mark["name"]: mark["share"] for mark in marks_of(shown(ruled, OWNER, show="pie", by=["channel"]))}
    cut = {mark["name"]: mark["share"] for mark in marks_of(shown(ruled, OWNER, show="pie", by=["channel"], limit=2))}
    (kept,) = [name for name in cut if name != "(all others)"]
    assert cut[kept] == every[kept]
    assert sum(float(share.rstrip("%")) for share in cut.values()) == pytest.approx(100, abs=0.2)
    bars = shown(ruled, OWNER, show="pie", by=["channel"], limit=2, totals=False)
    assert bars.drawing.spec["mark"]["type"] == "bar"
    assert "bars, because a limit has cut off parts of the whole" in bars.notes


def test_a_number_says_over_how_many_rows_it_is(ruled):
    """A mean over some of the rows says so; every digit is there for the pointer."""
    answer = shown(ruled, OWNER, show="number", measure="mean", column="queue_duration")
    known = [row["queue_duration"] for row in ROWS if row["queue_duration"] is not None]
    assert answer.figure.text.startswith(f"{sum(known) / len(known):,.2f}".rstrip("0"))
    assert ("over" in answer.figure.note) is (len(known) < len(ROWS))


@pytest.mark.parametrize(
    ("days", "rows"),
    [
        ({}, ROWS),
        ({"startDate": "2026-01-02"}, [row for row in ROWS if row["day"] >= dt.date(2026, 1, 2)]),
        ({"endDate": "2026-01-02"}, [row for row in ROWS if row["day"] <= dt.date(2026, 1, 2)]),
        ({"startDate": "1999-01-01", "endDate": "2400-01-01"}, ROWS),
        ({"startDate": "2030-01-01"}, []),
        ({"endDate": "2020-01-01"}, []),
    ],
)
def test_a_number_of_days_without_an_end_has_the_days_that_are_published(ruled, days, rows):
    """Open ends are those of the data: every row is counted, and no line of thousands of empty days is drawn."""
    figure = shown(ruled, OWNER, show="number", **days).figure
    assert figure.exact == str(len(rows))
    assert len(figure.sparkline["marks"]) <= 3
    assert figure.change.text == "No earlier period"


def test_a_number_is_read_by_what_was_published_when_it_was_asked(ruled, monkeypatch):
    """A day that opens between question and answer changes no figure and no comparison of that answer."""
    card = card_from({"title": "t", "dataset": "contacts", "show": "number", "startDate": "2026-01-02",
                      "endDate": "2026-01-02"})  # fmt: skip
    with acting_for(OWNER):
        asked = asked_by(ruled, card)
        found = ruled.start(asked.name, asked.statement, owner=API).outcome()
        before = answer_of(ruled, card, asked, found).figure
        manifest = ruled.manifest("contacts")
        opened = {day: record.model_copy(update={"state": "open"}) for day, record in manifest.days.items()}
        monkeypatch.setattr(ruled, "manifest", lambda _: manifest.model_copy(update={"days": opened}))
        assert answer_of(ruled, card, asked, found).figure == before
    today, yesterday = (sum(row["day"] == dt.date(2026, 1, day) for row in ROWS) for day in (2, 1))
    assert (before.exact, before.change.before) == (str(today), f"from {yesterday}")


def test_a_number_of_sql_is_one_value(ruled):
    """Anything else than one row of one column is said, not guessed."""
    one = shown(ruled, OWNER, show="number", sql="SELECT count(*) FROM contacts")
    assert (one.figure.text, one.figure.exact) == ("84", "84")
    many = shown(ruled, OWNER, show="number", sql="SELECT channel FROM contacts")
    assert many.figure is None
    assert "this query gave 84 rows of 1 column" in many.notes[0]


def test_two_people_see_their_own_figures_on_one_board(ruled):
    """The row rule and the mask are those of the person who looks, never those of the owner of the board."""
    assert shown(ruled, OWNER, show="number").figure.text == "84"
    assert shown(ruled, VIEWER, show="number").figure.text == str(len(VOICES))
    assert set(table_of(shown(ruled, VIEWER, by=["channel"]))) == {"VOICE"}
    rows = shown(ruled, VIEWER, query="all_records")
    assert rows.table.heads[6] == "agent_name"
    assert {cells[6].text for _, cells in rows.table.rows} == {"NULL"}
    assert {cells[6].text for _, cells in shown(ruled, OWNER, query="all_records").table.rows} > {"Dewi"}


@pytest.mark.parametrize(
    "fields",
    [
        {"by": ["agent_name"]},
        {"show": "number", "filters": {"agent_name": ["Dewi"]}},
        {"show": "number", "measure": "distinct", "column": "agent_name"},
        {"query": "by_agent", "agentName": "Dewi"},
    ],
)
def test_a_card_of_a_masked_column_is_refused_to_those_who_may_not_see_it(ruled, fields):
    """A board of a person who sees the column is no way around its mask: the card says so in place of a figure."""
    assert shown(ruled, OWNER, **fields)
    with pytest.raises((InvalidRequest, Forbidden)) as refused:
        shown(ruled, VIEWER, **fields)
    assert "Dewi" not in str(refused.value)


def test_sql_of_a_card_counts_the_rows_of_its_viewer(ruled):
    """Custom SQL meets the viewer's rows and masked values; a viewer without the role analyst gets none."""
    sql = "SELECT count(*) AS n, count(agent_name) AS named FROM contacts"
    assert table_of(shown(ruled, VIEWER, sql=sql)) == {str(len(VOICES)): ["0"]}
    with pytest.raises(Forbidden, match="analyst"):
        shown(ruled, LOOKS, sql=sql)


def test_a_dataset_that_a_person_may_not_see_gives_no_card(ruled):
    """Not its columns, its rows or its days."""
    without_role = Requester("eve", roles=Roles(None, {"another": "viewer"}))
    with pytest.raises(DashboardError):
        shown(ruled, without_role)
    with acting_for(without_role), pytest.raises(DashboardError):
        check(ruled, board_from({"name": "b", "cards": [{"title": "t", "dataset": "contacts"}]}))


def test_a_card_that_stands_is_not_checked_again(ruled):
    """A board with a card on a column that went away can be renamed; a further such card is refused by its place."""
    gone = {"title": "t", "dataset": "contacts", "by": ["gone"]}
    board = board_from({"name": "b", "cards": [gone]})
    with acting_for(OWNER):
        check(ruled, board, board.cards)
        with pytest.raises(InvalidRequest, match=r"cards\[1\]\.by: expected some of"):
            check(ruled, board_from({"name": "b", "cards": [gone, {**gone, "title": "u"}]}), board.cards)


def test_hostile_values_stay_text(ruled):
    """What stands in the data reaches a table as it is, and no specification runs it."""
    answer = shown(ruled, OWNER, show="pie", by=["agent_name"])
    text = json.dumps(answer.drawing.spec)
    assert "labelExpr" in text
    assert shown(ruled, OWNER, show="table", by=["agent_name"]).table.rows


def test_the_standing_says_what_is_open_and_what_is_verified(ruled, publishing):
    """Days that cards ask count alone: verified ones are said to be, an export without verification is not."""
    with acting_for(OWNER):
        texts = [badge.text for badge in standing_of(ruled, "contacts", [DAYS]).badges]
        assert [text.split()[0] for text in texts] == ["As", "Verified"]
        assert standing_of(ruled, "contacts", [None]).text.startswith("Contact centre: As of ")
        seen = standing_of(ruled, "contacts", [Days(dt.date(2020, 1, 1), dt.date(2020, 1, 2))])
        assert [badge.icon for badge in seen.badges] == ["schedule"]
    with acting_for(VIEWER):
        assert "A part of the rows" in standing_of(ruled, "contacts", [DAYS]).text


@pytest.mark.parametrize(
    "values",
    [
        {"query": "all_records", "limit": 5},
        {"query": "by_date", "startDate": "2026-01-01", "endDate": "2026-01-02"},
        {"query": "by_agent", "agentName": None},
        {"query": "by_contact", "contactId": "c-1"},
        {"query": "daily_summary", "startDate": "2026-01-02"},
        {
            "query": "group_by", "measure": "mean", "column": "queue_duration", "by": ["day", "channel"],
            "sort": "smallest", "totals": False,
            "filters": {
                "channel": ["VOICE", None],
                "queue_duration": {"from": 1, "to": 2},
                "satisfaction": {"empty": True},
            },
        },
        {"query": "custom_sql", "sql": "SELECT 1\n"},
    ],
)  # fmt: skip
def test_the_card_of_a_request_asks_the_same(ruled, values):
    """What ran on Explore or SQL is what the card asks: no field is lost on the way."""
    with acting_for(OWNER):
        request = request_from(values, ruled.model("contacts"), 1000)
        card = card_of("contacts", request, title="t", show="table", width="half")
        assert asked_by(ruled, card).request == request


def test_two_who_add_a_card_at_one_moment_both_have_theirs(ruled, monkeypatch):
    """The second one's card goes onto the board that the first one has just saved; the first card is not lost."""
    first, second = (card_from({"title": title, "dataset": "contacts"}) for title in ("First", "Second"))
    with acting_for(OWNER):
        board_id = board_with_card(ruled, first, None, "Ours").id
        stale, store = ruled.boards.opened(board_id), ruled.boards
        board_with_card(ruled, card_from({"title": "Between", "dataset": "contacts"}), board_id)
        opened = iter([stale])
        fresh = store.opened
        monkeypatch.setattr(store, "opened", lambda name: next(opened, None) or fresh(name))
        found = board_with_card(ruled, second, board_id)
        assert [card.title for card in found.cards] == ["First", "Between", "Second"]
