"""A board on paper: its figures, what is said about them, and texts that are no markup."""

import datetime as dt
import re

import pytest

from dashboard.boards.answers import CardAnswer
from dashboard.boards.board_answers import Answered, answered
from dashboard.boards.drawings import fitted
from dashboard.boards.number_cards import Figure
from dashboard.boards.pdf import pdf_of, story_of
from dashboard.boards.pictures import pictures_of
from dashboard.boards.sheet import Sheet, sheet_of
from dashboard.boards.sheet_text import markup_of
from dashboard.errors import ServiceError
from dashboard.model.boards.board import board_from, card_from
from dashboard.model.selection.filters import Days, Filters

DATED = {"dataset": "contacts", "startDate": "2026-01-20", "endDate": "2026-02-02"}
BOARD = board_from(
    {
        "name": "Weekly <b>look</b>",
        "cards": [
            {**DATED, "title": "Contacts", "show": "number", "width": "third"},
            {**DATED, "title": "Voice alone", "show": "number", "width": "third", "filters": {"channel": ["VOICE"]}},
            {**DATED, "title": "Per channel", "by": ["channel"], "width": "third"},
            {**DATED, "title": "Per day", "show": "line", "by": ["day"], "width": "full"},
            {**DATED, "title": "Rows", "query": "by_date", "limit": 60},
            {"dataset": "contacts", "title": "Gone", "by": ["no_such_column"]},
        ],
    }
)


@pytest.fixture(scope="module")
def sheet(one_service):
    return sheet_of(one_service, BOARD, None, answered(one_service, BOARD, None, ""))


def words_of(story):
    """Every text of a story, in order."""
    found = []
    for part in story:
        for cells in getattr(part, "_cellvalues", []):
            for cell in cells:
                inside = getattr(cell, "_content", cell)
                found += words_of(inside if isinstance(inside, list) else [inside])
        if hasattr(part, "getPlainText"):
            found.append(part.getPlainText())
    return found


def sheets_in(content):
    return len(re.findall(rb"/Type /Page\b", content))


def test_the_figures_on_paper_are_those_of_the_page(one_service, sheet):
    """Every number, every cell and every row of the board is in the PDF as it reads on the page."""
    words = words_of(story_of(one_service, sheet, 527))
    overview = one_service.overview("contacts", Filters(Days(dt.date(2026, 1, 20), dt.date(2026, 2, 2))))
    channels = {count.value: count.rows for count in overview.by("channel")}
    assert words[words.index("Contacts") + 2] == f"{overview.total_rows:,}"
    assert words[words.index("Voice alone") + 2] == f"{channels['VOICE']:,}"
    for channel, rows in channels.items():
        assert words[words.index(channel) + 1] == f"{rows:,}"
    assert sum(word.startswith("c-7") for word in words) >= 60


def test_paper_says_days_filters_and_what_is_missing(one_service, sheet):
    """A card has its days and filters under its title, one without an answer its reason, a cut table its cut."""
    words = words_of(story_of(one_service, sheet, 527))
    days = "20 Jan \N{EN DASH} 2 Feb 2026"
    assert words[words.index("Voice alone") + 1] == f"{days} · Channel: VOICE"
    assert any("expected some of day" in word for word in words)
    assert any(re.search(r"the first \d+ of \d+ columns", word) for word in words)
    assert [text.split(":")[0] for text in sheet.foot] == ["Contact centre", "Filters"]
    assert "As of" in sheet.foot[0]
    assert "erified" in sheet.foot[0]
    assert sheet.foot[1].startswith(f"Filters: Contacts ({days}), Voice alone ({days} · Channel: VOICE), ")


def test_a_board_becomes_sheets_of_a4_and_letter(one_service, sheet):
    """Tables go on over the edge of a sheet, drawings do not; each sheet has the size that was asked for."""
    for paper, size in (("A4", b"0 0 595.2756 841.8898"), ("Letter", b"0 0 612 792")):
        content = pdf_of(one_service, sheet, paper)
        assert content.startswith(b"%PDF-")
        assert sheets_in(content) >= 2
        assert content.count(b"/MediaBox [ " + size) == sheets_in(content)
        assert content.count(b"/Subtype /Image") >= 1


HOSTILE = [
    '<img src="http://elsewhere.example/x.png"/>',
    "<font color=\"[[[getattr(pow, 'x')]]]\">x</font>",
    "</para><para>",
    "&lt;b&gt; & <",
    "a\u202eb",
    "日本 Ж é \U0001f600",
    "x" * 5_000,
    "\x00\x08",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_markup(one_service, text):
    """Names, titles, values and reasons are drawn as they are: nothing is fetched, run or lost but unknown glyphs."""
    card = card_from({"title": "t", "dataset": "contacts"}).model_copy(update={"title": text})
    cards = (Answered(card, None, CardAnswer(Figure(text, text), notes=(text,))), Answered(card, None, reason=text))
    content = pdf_of(one_service, Sheet(text, text, (text,), cards))
    assert sheets_in(content) >= 1
    assert b"/Subtype /Image" not in content
    assert b"/URI" not in content


def test_characters_without_a_glyph_are_seen_to_be_missing():
    """Latin stays in the sheet's typeface, others in a wide one, and what neither has is a question mark."""
    assert markup_of("Şahin & é") == "Şahin &amp; é"
    assert markup_of("a日本") == 'a<font name="STSong-Light">日本</font>'
    assert markup_of("ok \U0001f600") == "ok ?"


def test_a_picture_asks_no_address():
    """A specification that names data elsewhere gives an error, never a request."""
    spec = {"data": {"url": "http://127.0.0.1:1/x.json"}, "mark": "bar", "width": 10, "height": 10, "encoding": {}}
    with pytest.raises(ServiceError, match="could not be made"):
        pictures_of([spec])


def drawing_of_card(service, **fields):
    card = card_from({**DATED, "title": "t", **fields})
    (found,) = answered(service, board_from({"name": "b", "cards": [card.document()]}), None, "")
    return found.answer.drawing


def test_a_narrow_drawing_keeps_its_labels_and_its_slices(one_service):
    """In a third of a sheet each bar has room for its label, and the legend of a ring stands below it."""
    bars = fitted(drawing_of_card(one_service, show="bar", by=["agent_name"]), 240, 150)
    named = len(bars["encoding"]["y"]["sort"])
    assert bars["height"] == 17 * named + 60 > 150
    ring = fitted(drawing_of_card(one_service, show="doughnut", by=["channel"]), 240, 150)
    assert ring["encoding"]["color"]["legend"]["orient"] == "bottom"
    assert ring["height"] == 170 + 17 * len(ring["encoding"]["color"]["legend"]["values"]) + 17
    wide = fitted(drawing_of_card(one_service, show="doughnut", by=["channel"]), 600, 250)
    assert (wide["encoding"]["color"]["legend"]["orient"], wide["height"]) == ("right", 250)
