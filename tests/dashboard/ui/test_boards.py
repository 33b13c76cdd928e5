"""The page Boards, run without a browser: making, arranging, sharing, and two people at one board."""

import datetime as dt
import time

import pytest
from publishing import Published
from reading_pages import run_query, texts

from dashboard.model.boards.board import board_from
from dashboard.services.service import Service
from dashboard.ui.page import cached_service

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 3)
DATED = {"dataset": "contacts", "startDate": "2026-01-01", "endDate": "2026-01-03"}
CARDS = [
    {**DATED, "title": "All *of* them", "show": "number", "width": "third"},
    {**DATED, "title": "Per channel", "by": ["channel"], "width": "two-thirds"},
    {**DATED, "title": "Per day", "show": "line", "by": ["day"]},
]


@pytest.fixture(scope="module")
def own(publishing) -> Published:
    return publishing("boards_page", first=FIRST, last=LAST)


@pytest.fixture
def opened(visit, own):
    """A board of three cards, opened by its address."""
    app = visit(own.environment, "boards")
    stored = service().boards.made(board_from({"name": "Weekly", "cards": CARDS}))
    app = visit(own.environment, "boards", board=stored.board.id)
    return settled(app), stored.board.id


def service() -> Service:
    return cached_service.service()


def settled(app):
    """Draw until all answers are there, as the page does by itself in a browser."""
    end = time.monotonic() + 30
    while not all(job.is_over for job in service().jobs.running()) and time.monotonic() < end:
        time.sleep(0.2)
    return app.run()


def board_of(app):
    found = app.query_params["board"]
    return found if isinstance(found, str) else found[0]


def html_of(app):
    return "\n".join(str(each.value) for each in app.get("html"))


def test_a_board_opens_by_its_address(opened, own):
    """Its cards show the figures of their questions, its head who owns it, how fresh it is and that it is verified."""
    app, _ = opened
    assert not app.exception
    assert f'title="{len(own.rows):,}">{len(own.rows):,}</strong>' in html_of(app)
    assert ">VOICE<" in html_of(app)
    days, chart = app.get("vega_lite_chart")
    assert '"sparkline"' in days.proto.spec or "last" in days.proto.spec
    assert chart.proto.spec
    assert "No earlier period" in html_of(app)
    shown = texts(app)
    assert "All \\*of\\* them" in shown
    assert "Verified" in shown
    assert "As of" in shown


def test_a_board_that_is_not_there_is_said_without_more(visit, own):
    """The same words for one of another person and for none."""
    app = visit(own.environment, "boards", board="0123456789abcdef")
    assert not app.exception
    assert "no such board, or it is not shared with you" in texts(app)


def test_a_board_over_a_dataset_that_went_away_keeps_its_other_cards(visit, own):
    """The card says what it lacks and what to do; the others have their figures, and the card can be removed."""
    visit(own.environment, "boards")
    cards = [{"title": "Orders", "dataset": "orders", "show": "number"}, *CARDS[:1]]
    board_id = service().boards.made(board_from({"name": "Mixed", "cards": cards})).board.id
    app = settled(visit(own.environment, "boards", board=board_id))
    assert not app.exception
    assert "you have no dataset orders here." in texts(app)
    assert f">{len(own.rows):,}</strong>" in html_of(app)
    app.button(key="arrange").click().run()
    app.button(key="remove_0_0").click().run()
    app.button(key="save_draft").click().run()
    assert not app.exception
    assert service().boards.opened(board_id).board.datasets == ("contacts",)


def test_arranging_is_a_draft_until_it_is_saved_as_one_version(opened):
    """Title, width, order and removal change nothing that is stored; Save makes one version of all of them."""
    app, board_id = opened
    app.button(key="arrange").click().run()
    app.text_input(key="title_0_0").set_value("Contacts").run()
    app.selectbox(key="width_0_0").set_value("full").run()
    app.button(key="later_0_0").click().run()
    app.button(key="remove_2_1").click().run()
    assert not app.exception
    assert service().boards.opened(board_id).board.cards[0].title == "All *of* them"
    app.button(key="save_draft").click().run()
    assert not app.exception
    stored = service().boards.opened(board_id)
    assert [(card.title, card.width) for card in stored.board.cards] == [
        ("Per channel", "two-thirds"), ("Contacts", "full"),
    ]  # fmt: skip
    assert stored.version == 2


def test_days_of_a_card_become_those_of_the_board(opened):
    """Fixed dates give way to the board's period, or to one of the card's own that moves with today."""
    app, board_id = opened
    app.button(key="arrange").click().run()
    app.selectbox(key="preset_1_0").set_value("board").run()
    app.selectbox(key="preset_2_0").set_value("last_7_days").run()
    app.selectbox(key="draft_preset").set_value("this_year").run()
    app.button(key="save_draft").click().run()
    assert not app.exception
    board = service().boards.opened(board_id).board
    assert (board.preset, [card.preset for card in board.cards]) == ("this_year", [None, None, "last_7_days"])
    assert [card.start_date for card in board.cards] == [FIRST, None, None]


def test_two_tabs_lose_nothing(opened):
    """The second one to save sees who was first, keeps the draft, and may save a copy or a newer version."""
    app, board_id = opened
    app.button(key="arrange").click().run()
    app.button(key="remove_0_0").click().run()
    other = service().boards.opened(board_id)
    service().boards.saved(other.board.model_copy(update={"name": "Theirs"}), board_id, other.version)
    app.button(key="save_draft").click().run()
    assert "Saved meanwhile" in texts(app)
    assert service().boards.opened(board_id).board.name == "Theirs"
    app.button(key="conflict_over").click().run()
    stored = service().boards.opened(board_id)
    assert [card.title for card in stored.board.cards] == ["Per channel", "Per day"]
    assert [older.board.name for older in stored.past] == ["Theirs", "Weekly"]


def test_a_draft_in_conflict_becomes_a_copy(opened):
    """The other one's board stays as it is, and the address shows the copy."""
    app, board_id = opened
    app.button(key="arrange").click().run()
    app.button(key="remove_0_0").click().run()
    other = service().boards.opened(board_id)
    service().boards.saved(other.board.model_copy(update={"name": "Theirs"}), board_id, other.version)
    app.button(key="save_draft").click().run()
    app.button(key="conflict_copy").click().run()
    assert board_of(app) != board_id
    assert service().boards.opened(board_of(app)).board.cards == other.board.cards[1:]
    assert service().boards.opened(board_id).board.name == "Theirs"


def test_a_draft_outlives_its_board(opened):
    """The board is deleted in another tab: the draft can still be saved, as a board of the person's own."""
    app, board_id = opened
    app.button(key="arrange").click().run()
    app.button(key="remove_0_0").click().run()
    service().boards.deleted(board_id, 1)
    app.button(key="save_draft").click().run()
    assert "no such board" in texts(app)
    app.button(key="rescue_draft").click().run()
    assert not app.exception
    assert [card.title for card in service().boards.opened(board_of(app)).board.cards] == ["Per channel", "Per day"]


def test_the_overview_becomes_a_board(visit, own):
    """One click copies what the dataset file declares, over the last 30 days."""
    app = visit(own.environment, "boards")
    app.button(key="copy_overview").click().run()
    assert not app.exception
    board = service().boards.opened(board_of(app)).board
    assert (board.name, board.preset, len(board.cards)) == ("Contact centre: Overview", "last_30_days", 8)


def test_what_ran_on_explore_is_offered_to_a_board(visit, own):
    """The button stands above the result; the card has a title in the words of the dataset."""
    link = {"query": "group_by", "by": ["channel"], "startDate": "2026-01-01", "endDate": "2026-01-03"}
    app = visit(own.environment, "explore", **link)
    run_query(app)
    app.button(key="add_to_board_explore_contacts_group_by").click().run()
    assert not app.exception
    assert app.text_input(key="card_title").value == "Contacts by channel"
    assert "A new board" in app.selectbox(key="card_board").options


def test_a_card_that_reads_much_waits_for_a_click(opened, monkeypatch):
    """Opening a board costs little: an expensive card says its price and runs when asked to."""
    from dashboard.ui.boards import card_queries

    app, board_id = opened
    monkeypatch.setattr(card_queries, "AUTOMATIC_BYTES", 0)
    service().boards.saved(
        board_from({"name": "Dear", "cards": [{**CARDS[0], "filters": {"channel": ["CHAT"]}}]}), board_id, 1
    )
    app.run()
    assert "Reads at most" in texts(app)
    assert "dash-figure" not in html_of(app)
    app.button(key="run_card_0").click().run()
    assert "dash-figure" in html_of(settled(app))


def test_names_are_shown_as_they_are(visit, own):
    """Markup, script and Markdown in a name or a title are text: nothing of it is drawn or run."""
    hostile = "<script>x</script> ![i](//a.b/c) **b**"
    visit(own.environment, "boards")
    made = service().boards.made(board_from({"name": hostile, "cards": [{**CARDS[0], "title": hostile}]}))
    app = settled(visit(own.environment, "boards", board=made.board.id))
    assert not app.exception
    shown = "\n".join([texts(app), *(str(each.value) for each in app.title)])
    assert "<script>" not in html_of(app)
    assert shown.count("\\*\\*b\\*\\*") == 2
    assert "![" not in shown
    assert "**b**" not in shown.replace("\\*\\*b\\*\\*", "")
