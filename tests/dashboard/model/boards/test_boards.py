"""A board's document: what it may hold, what is said of what it may not, and that no form of it loses anything."""

import datetime as dt
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import InvalidRequest
from dashboard.model.boards.board import Board, board_from
from dashboard.model.boards.card import MOST_ROWS, SHOWN, WIDTHS, BoardCard
from dashboard.model.boards.declared import declared_board
from dashboard.model.boards.layout import moved, rows_of, shares_of
from dashboard.model.boards.yaml_form import board_from_yaml, yaml_of
from dashboard.model.selection.filters import PRESET_LABELS, Days
from dashboard.model.semantic_model import semantic_model_from
from dataset_model import load_dataset

TODAY = dt.date(2026, 3, 18)
A_WEDNESDAY_BOARD = """
name: Weekly look
preset: last_7_days
cards:
  - title: Contacts per day
    dataset: contacts
    show: line
    width: two-thirds
    by: day
    filters: {channel: [VOICE, null], queue_duration: {from: 10, to: 60}}
  - title: Longest waits
    dataset: contacts
    sql: |
      SELECT contact_id
      FROM contacts
      ORDER BY queue_duration DESC
    limit: 10
"""
LINES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
TITLES = LINES.map(lambda text: " ".join(text.split())).filter(lambda text: text and text.isprintable())
NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
FILTERS = st.dictionaries(
    NAMES,
    st.lists(LINES | st.none(), min_size=1, max_size=3)
    | st.fixed_dictionaries({"from": st.integers() | st.decimals(allow_nan=False) | LINES, "empty": st.booleans()}),
    max_size=2,
)
COMMON = {
    "title": TITLES,
    "dataset": NAMES,
    "width": st.sampled_from(sorted(WIDTHS)),
    "limit": st.integers(1, MOST_ROWS),
}
MEASURED = st.fixed_dictionaries(
    {**COMMON, "by": st.lists(NAMES, min_size=1, max_size=1), "show": st.sampled_from(["bar", "pie", "table"])},
    optional={
        "filters": FILTERS,
        "measure": NAMES,
        "totals": st.booleans(),
        "preset": st.sampled_from([*PRESET_LABELS]),
    },
)
WRITTEN = st.fixed_dictionaries(
    {**COMMON, "sql": st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)},
    optional={"parameters": st.dictionaries(LINES, LINES, max_size=2)},
)
READY = st.fixed_dictionaries({**COMMON, "query": st.just("by_agent"), "agentName": LINES | st.none()})
BOARDS = st.fixed_dictionaries({"name": TITLES, "cards": st.lists(MEASURED | WRITTEN | READY, max_size=4)})


def test_a_board_of_a_file_asks_what_the_api_takes():
    """Names are those of the JSON API, days that move stay words, and what is left out has its usual value."""
    board = board_from_yaml(A_WEDNESDAY_BOARD)
    line, table = board.cards
    assert (board.name, board.preset, board.shared, board.owner) == ("Weekly look", "last_7_days", False, "")
    assert line.question() == {
        "dataset": "contacts",
        "query": "group_by",
        "by": ["day"],
        "filters": {"channel": ["VOICE", None], "queue_duration": {"from": "10", "to": "60"}},
        "limit": 10_000,
    }
    assert table.question() == {
        "dataset": "contacts",
        "query": "custom_sql",
        "sql": "SELECT contact_id\nFROM contacts\nORDER BY queue_duration DESC\n",
        "limit": 10,
    }


def test_days_that_move_are_counted_from_today():
    """A card's own preset wins over the board's; own dates win over both; SQL has none."""
    plain = {"title": "t", "dataset": "contacts"}
    followed, own, fixed, sql = board_from(
        {
            "name": "Days",
            "cards": [
                plain,
                plain | {"preset": "yesterday"},
                plain | {"startDate": "2026-01-01"},
                plain | {"sql": "SELECT 1"},
            ],
        }
    ).cards
    assert followed.days("last_7_days", TODAY, 1) == Days(dt.date(2026, 3, 12), TODAY)
    assert followed.days(None, TODAY, 1) is None
    assert own.days("last_7_days", TODAY, 1) == Days(dt.date(2026, 3, 17), dt.date(2026, 3, 17))
    assert fixed.days("last_7_days", TODAY, 1) is None
    assert sql.days("last_7_days", TODAY, 1) is None
    assert own.question(Days(TODAY, TODAY)) == {
        "dataset": "contacts",
        "query": "group_by",
        "startDate": "2026-03-18",
        "endDate": "2026-03-18",
        "limit": 10_000,
    }


@settings(max_examples=60)
@given(BOARDS)
def test_a_file_of_a_board_gives_the_same_board(document):
    """Export and import lose nothing, whatever the texts are: `true`, `0123`, `~`, blanks at the ends."""
    board = board_from(document)
    assert board_from_yaml(yaml_of(board)) == board
    assert board_from(board.document()) == board
    assert Board.model_validate_json(board.model_dump_json()) == board


@pytest.mark.parametrize(
    ("card", "fault"),
    [
        ({"title": "a\u202eb"}, "cards[0].title: expected a line of 1 to 120 printable characters; found 'a\\u202eb'"),
        ({"title": ""}, "cards[0].title: expected a line of 1 to 120 printable characters; found ''"),
        (
            {"dataset": "../other"},
            "cards[0].dataset: expected a name of lower-case letters, digits and _; found '../other'",
        ),
        ({"by": ["a", "b", "c"]}, "cards[0].by: expected at most 2 entries; found ['a', 'b', 'c']"),
        ({"limit": True}, "cards[0].limit: expected a whole number; found True"),
        ({"limit": 10_001}, "cards[0].limit: expected at most 10000; found 10001"),
        (
            {"sql": "SELECT 1", "limit": 1001},
            "cards[0]: expected 1000 rows at most for limit of custom_sql; found 1001",
        ),
        ({"filters": {"values": []}}, "cards[0].filters.values: expected at least one entry; found []"),
        ({"filters": {"a": {"form": 1}}}, "cards[0].filters.a.form: expected a known field; found 1"),
        ({"filters": {"a": ["\ud800"]}}, "cards[0].filters.a[0]: expected text that UTF-8 can hold; found '\\ud800'"),
        ({"startDate": "yesterday"}, "cards[0].startDate: expected a day as YYYY-MM-DD; found 'yesterday'"),
        ({"startDate": 1_700_000_000}, "cards[0].startDate: expected a day as YYYY-MM-DD; found 1700000000"),
        ({"sql": "x" * 20_001}, "cards[0].sql: expected at most 20000 characters; found 'xxx"),
        ({"show": "pie"}, "cards[0]: expected 1 in by, to be shown as pie; found 0"),
        ({"show": "number", "by": "day"}, "cards[0]: expected 0 in by, to be shown as number; found 1"),
        ({"query": "by_date"}, "cards[0]: expected startDate, which by_date needs; found nothing"),
        ({"query": "by_agent"}, "cards[0]: expected agentName, which by_agent needs; found nothing"),
        (
            {"sql": "SELECT 1", "by": "day"},
            "cards[0]: expected no by, which custom_sql does not take; it takes sql, limit",
        ),
        ({"sql": "SELECT 1", "show": "pie"}, "cards[0]: expected chart or number or table for show; found pie"),
        (
            {"startDate": "2026-01-02", "endDate": "2026-01-01"},
            "cards[0]: expected 2026-01-02 (startDate) or later for endDate; found 2026-01-01",
        ),
        (
            {"preset": "today", "endDate": "2026-01-01"},
            "cards[0]: expected either preset or startDate and endDate; found preset and endDate",
        ),
    ],
)
def test_a_wrong_card_is_refused_by_its_field(card, fault):
    """The message names the card, the field, what was expected and what was found."""
    with pytest.raises(InvalidRequest) as caught:
        board_from({"name": "Board", "cards": [{"title": "t", "dataset": "contacts", **card}]})
    assert [text for each in caught.value.faults if (text := str(each)).startswith(fault)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: a\ncards:\n  - title: t\n", "cards[0].dataset: expected a value; found nothing"),
        ("name: a\nowner: other\n", "owner: expected a known field: name, preset or cards"),
        ("name: a\nid: x\nshared: true\n", "id: expected a known field: name, preset or cards"),
        ("- a\n", "board.yaml:1: (file): expected a mapping of fields"),
        ("name: a\nname: b\n", "board.yaml:2: name: expected one entry; line 1 has it already; found another"),
        ("name: [a\n", "board.yaml:2: (syntax): expected YAML"),
        ("name: !!python/object:os.system x\n", "board.yaml:1: name: expected a value without a tag"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: [*c, *c]\n", "a: expected a known field"),
        ("name: " + "x" * 200_001, "board.yaml: expected at most 200,000 characters; found 200,007"),
        (
            f"name: a\ncards: [{', '.join(['{title: t, dataset: d}'] * 25)}]\n",
            "cards: expected at most 24 entries; found [{'title': 't'",
        ),
        ("name: a\ncards:\n  - {title: t, dataset: d, show: cake}\n", "cards[0].show: expected 'number', 'table'"),
    ],
)
def test_a_hostile_file_is_refused_with_a_reason(text, fault):
    """Tags, aliases that grow, repeated and foreign fields and sizes never get past the reading."""
    with pytest.raises(InvalidRequest) as caught:
        board_from_yaml(text)
    assert [found for each in caught.value.faults if (found := str(each)).startswith(fault)], str(caught.value)


def test_a_fault_of_a_file_names_its_line():
    """The person who mends a file finds the place."""
    with pytest.raises(InvalidRequest, match=r"cards\[0\]\.limit: .* \(line 5\)$"):
        board_from_yaml("name: a\ncards:\n  - title: t\n    dataset: d\n    limit: many\n")


def test_cards_fill_rows_of_twelve_twelfths():
    """A card that does not fit begins the next row; the order stays."""
    widths = ["half", "quarter", "quarter", "two-thirds", "half", "full", "third"]
    cards = [BoardCard(title="t", dataset="d", width=width) for width in widths]
    assert rows_of(cards) == [[0, 1, 2], [3], [4], [5], [6]]


@pytest.mark.parametrize(
    ("widths", "shares"),
    [
        (["quarter"], [1]),
        (["quarter", "quarter"], [0.5, 0.5]),
        (["third", "third"], [0.5, 0.5]),
        (["quarter", "half"], [1 / 3, 2 / 3]),
        (["quarter", "three-quarters"], [0.25, 0.75]),
    ],
)
def test_a_row_with_room_left_is_filled(widths, shares):
    """Fewer than four figures, or a chart alone, fill their row; cards keep their proportions."""
    assert shares_of([BoardCard(title="t", dataset="d", width=width) for width in widths]) == pytest.approx(shares)


def test_a_card_moves_to_a_place():
    """Others close ranks; beyond an end is that end."""
    assert moved("abcd", 0, 2) == ("b", "c", "a", "d")
    assert moved("abcd", 3, -5) == ("d", "a", "b", "c")
    assert moved("abcd", 1, 9) == ("a", "c", "d", "b")


def test_the_overview_is_the_board_that_the_file_declares():
    """Its cards are numbers over no grouping, its charts have the kinds and groupings of the file."""
    board = declared_board(semantic_model_from(load_dataset("contacts", {}), None))
    assert [(card.title, card.show, card.width, card.measure, card.column) for card in board.cards[:4]] == [
        ("Total rows", "number", "quarter", "rows", None),
        ("Unique contacts", "number", "quarter", "distinct", "contact_id"),
        ("Channels", "number", "quarter", "distinct", "channel"),
        ("Agents", "number", "quarter", "distinct", "agent_name"),
    ]
    assert [(card.show, card.by) for card in board.cards[4:]] == [
        ("bar", ("day",)),
        ("doughnut", ("channel",)),
        ("bar", ("agent_name",)),
        ("pie", ("initiation_method",)),
    ]
    assert (board.name, board.preset) == ("Contact centre: Overview", "last_30_days")
    assert board_from_yaml(yaml_of(board)) == board


def test_every_way_to_show_is_known():
    """The words of the file and of the pages are these."""
    assert SHOWN == ("number", "table", "chart", "bar", "line", "stacked", "doughnut", "pie", "heatmap")
