"""The board document against the rows themselves, and the drill-down of each of its parts."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal

import pytest
from publishing import Published, picking

from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.document.board import board_document, picked_of
from dashboard.overview.document.chart import Scene, chart_document
from dashboard.overview.drill_down import drill_down
from dashboard.overview.events import Part, board_request_from
from dashboard.overview.figures import ValueCount
from dashboard.overview.measured import Cell, Measured
from dashboard.quality.freshness import freshness_badges
from dashboard.results.downloads import csv_bytes
from dashboard.services.service import Service
from dataset_model.dashboard.section import Chart, Noun

CONTACTS = ("channel", "agent_name", "initiation_method")
NOW = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
JANUARY = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 31))


def scene_of(service: Service, picked: Filters) -> Scene:
    overview = service.overview("contacts", picked.with_days(picked.days or JANUARY))
    unbrushed = service.overview("contacts", picked.with_days(JANUARY))
    model = service.model("contacts")
    choices = {column: service.choices("contacts", column) or () for column in model.dimensions}
    return Scene(model, picked, overview, unbrushed, choices)


def january(published: Published) -> list[dict]:
    return [row for row in published.rows if row["day"] in JANUARY]


def test_one_document_holds_everything_that_is_read(service: Service, published: Published):
    """Cards, charts and their texts are plain JSON, small enough to be sent with every click."""
    document = board_document(scene_of(service, Filters()), ())
    text = json.dumps(document)
    assert len(text) < 16_000
    assert json.loads(text) == document
    assert [card["label"] for card in document["cards"]] == ["Total rows", "Unique contacts", "Channels", "Agents"]
    assert [len(card["series"]) for card in document["cards"]] == [31] * 4
    assert document["charts"][1]["total"] == f"{len(january(published)):,}"


def test_the_message_of_a_board_is_its_document(service: Service):
    """Also where it is made from a kept text: badges of now, a file where one is asked for; equal choices share it."""
    kept = service.board("contacts", Filters(), JANUARY)
    badges = freshness_badges(service.dataset("contacts"), service.manifest("contacts"), {}, NOW)
    for _ in range(2):
        assert json.loads(kept.message(badges)) == board_document(kept.scene, badges)
    file = {"name": "a.csv", "text": 'day,"\ud800"\n'}
    assert json.loads(kept.message((), file)) == {**board_document(kept.scene, ()), "file": file}
    assert service.board("contacts", Filters(), Days(JANUARY.first, JANUARY.last)) is kept
    assert service.board("contacts", picking(channel=("CHAT",)), JANUARY) is not kept
    service.forget()
    assert service.board("contacts", Filters(), JANUARY) is not kept


def test_the_brushed_chart_keeps_the_days_outside_its_brush(service: Service):
    """All of January stays to be brushed again, the brushed days marked; a chip names them."""
    days = Days(dt.date(2026, 1, 8), dt.date(2026, 1, 12))
    document = board_document(scene_of(service, Filters(days)), ())
    marks = document["charts"][0]["marks"]
    assert len(marks) == 31
    assert [mark["key"][-2:] for mark in marks if mark["picked"]] == ["08", "09", "10", "11", "12"]
    assert document["chips"] == [{"dimension": "days", "key": "", "text": "8 \N{EN DASH} 12 Jan 2026"}]


def test_shares_are_of_all_rows_and_values_count_as_on_the_cards(service: Service):
    """Twelve bars of twenty stand for their part of everything; rows without a value are no value."""
    scene = scene_of(service, Filters())
    agents = (*(ValueCount(f"Agent {number:02}", 10) for number in range(19)), ValueCount(None, 10))
    scene = dataclasses.replace(scene, overview=dataclasses.replace(scene.overview, counts={"agent_name": agents}))
    (chart,) = (found for found in board_document(scene, ())["charts"] if found["dimension"] == "agent_name")
    assert {mark["share"] for mark in chart["marks"]} == {"5.0%"}
    assert (len(chart["marks"]), chart["cut"]) == (12, "11 of 19 and (none)")


def test_days_that_are_not_published_are_in_no_file_and_no_course(service: Service, published: Published):
    """A table of days holds figures, and a sparkline ends where they end."""
    window = Days(dt.date(2026, 1, 25), dt.date(2026, 2, 10))
    overview = service.overview("contacts", Filters(window))
    scene = Scene(service.model("contacts"), Filters(), overview, overview, {})
    assert [len(card["series"]) for card in board_document(scene, ())["cards"]] == [9] * 4
    for part in (Part("card", 0), Part("chart", 0)):
        found = drill_down(scene, window, part)
        assert found.figures["day"].to_pylist() == list(Days(dt.date(2026, 1, 25), dt.date(2026, 2, 2)))
        assert sum(found.figures.column(1).to_pylist()) == len(published.on(*window))


def test_nothing_is_drawn_where_nothing_matches(service: Service):
    """No bare zeros: chips lead out, and the page says what is published."""
    document = board_document(scene_of(service, picking(channel=("nothing like it",))), ())
    assert (document["cards"], document["charts"], document["foot"]) == ([], [], "")
    assert len(document["chips"]) == 1


def test_badges_say_as_of_when_and_how_sure(service: Service, published: Published):
    """Moment of the export and state of its days, each with a sentence about what that means."""
    manifest = service.manifest("contacts")
    known = service.day_statuses("contacts")
    badges = freshness_badges(published.dataset, manifest, known, dt.datetime(2026, 2, 3, 6, tzinfo=dt.UTC))
    assert [badge.text.split(" ")[0] for badge in badges] == ["As", "Verified"]
    assert badges[0].help == "Published 2 hours ago. Days are days in UTC."
    # One of them names the zone, and so do neither the page's caption nor the other.
    assert [badge.text.count("UTC") for badge in badges] == [1, 0]


def test_a_choice_comes_back_as_it_went():
    """What the document says is picked is what the browser says to pick it again; null, empty and tilde apart."""
    picked = picking(JANUARY, channel=("~x", None, "VOICE"), agent_name=("",), initiation_method=("~",))
    assert board_request_from({"picked": picked_of(picked, CONTACTS)}).picked == picked


@pytest.mark.parametrize(
    "said",
    [
        None,
        "clear",
        {},
        {"picked": ["VOICE"]},
        {"picked": {"channel": "VOICE"}},
        {"picked": {"channel": [1]}},
        {"picked": {"channel": ["x" * 5000]}},
        {"picked": {"channel": ["x"] * 5000}},
        {"picked": {"channel": ["~others"]}},
        {"picked": {f"column_{number}": ["x"] for number in range(500)}},
        {"picked": {7: ["x"]}},
        {"wish": "rows"},
        {"wish": "drop", "part": {"kind": "card", "place": 0}},
        {"wish": "rows", "part": {"kind": "page", "place": 0}},
        {"wish": "rows", "part": {"kind": "card", "place": -1}},
        {"wish": "rows", "part": {"kind": "card", "place": True}},
    ],
)
def test_words_that_the_board_does_not_say_ask_nothing(said: object):
    """A made-up message changes nothing and breaks nothing."""
    assert board_request_from(said) is None


@pytest.mark.parametrize("days", [["2026-01-12", "2026-01-08"], ["2026-01-08", "2026-01-12"]])
def test_a_brush_may_go_backwards(days: list[str]):
    """From right to left is the same run of days."""
    asked = board_request_from({"picked": {"days": days}})
    assert asked.picked.days == Days(dt.date(2026, 1, 8), dt.date(2026, 1, 12))


@pytest.mark.parametrize("days", [["2026-01-08"], ["2026-01-08", "soon"], ["2026-01-08", 7], "2026-01-08"])
def test_days_that_cannot_be_read_are_no_brush(days: object):
    """As an old link, they leave the rest of the choice as it is."""
    assert board_request_from({"picked": {"days": days, "channel": ["VOICE"]}}).picked == picking(channel=("VOICE",))


def test_behind_a_card_stand_the_rows_that_it_counts(service: Service):
    """Its SQL is the one that counted it, its rows those under every filter, its figures those of the line."""
    found = drill_down(scene_of(service, picking(channel=("VOICE",))), JANUARY, Part("card", 0))
    assert found.filters == picking(JANUARY, channel=("VOICE",))
    assert len(found.statements) == 1
    assert found.figures.column_names == ["day", "Total rows"]
    assert sum(found.figures["Total rows"].to_pylist()) == service.overview("contacts", found.filters).total_rows
    assert found.rows == service.overview("contacts", found.filters).total_rows


def test_behind_a_chart_its_own_filter_is_open(service: Service, published: Published):
    """A chart of channels counts every channel also while one is picked, and so do its rows, its SQL and its file."""
    scene = scene_of(service, picking(channel=("VOICE",)))
    found = drill_down(scene, JANUARY, Part("chart", 1))
    assert found.filters == Filters(JANUARY)
    assert found.statements == scene.overview.statements[1:]
    assert sum(found.figures["contacts"].to_pylist()) == found.rows == len(january(published))
    assert drill_down(scene, JANUARY, Part("chart", 2)).filters == picking(JANUARY, channel=("VOICE",))


def test_behind_the_days_the_brush_is_open(service: Service):
    """The chart of days shows the days outside its brush, and its file holds them."""
    scene = scene_of(service, Filters(Days(dt.date(2026, 1, 8), dt.date(2026, 1, 12))))
    found = drill_down(scene, JANUARY, Part("chart", 0))
    assert found.filters == Filters(JANUARY)
    assert csv_bytes(found.figures).splitlines()[:2] == [b"day,contacts", b"2026-01-01,26"]
    assert found.figures.num_rows == 31
    assert found.rows == service.overview("contacts", Filters(JANUARY)).total_rows


def test_a_file_holds_every_digit(service: Service):
    """Decimals among whole numbers stay decimals; days without a figure stay empty."""
    scene = scene_of(service, Filters(Days(dt.date(2026, 1, 8), dt.date(2026, 1, 10))))
    big = dataclasses.replace(scene.overview.cards[0], series=(Decimal("12345678901234567890.10"), 0, None))
    scene = dataclasses.replace(scene, overview=dataclasses.replace(scene.overview, cards=(big,)))
    found = drill_down(scene, JANUARY, Part("card", 0))
    assert csv_bytes(found.figures).splitlines()[1:] == [
        b"2026-01-08,12345678901234567890.10",
        b"2026-01-09,0.00",
        b"2026-01-10,",
    ]


@pytest.mark.parametrize("part", [Part("card", 4), Part("chart", 4)])
def test_behind_no_part_stands_nothing(service: Service, part: Part):
    """A place that the board does not have is no fault of the page."""
    assert drill_down(scene_of(service, Filters()), JANUARY, part) is None


@pytest.mark.parametrize(
    ("previous", "compared", "delta", "trend"),
    [
        (248, 42, "83.1%", "down"),
        (0, 500, "500", "up"),
        (-50, 500, "550", "up"),
        (-400, -500, "100", "down"),
        (500, -500, "200.0%", "down"),
        (500, 500, "No change", ""),
        (None, None, "No earlier period", ""),
    ],
)
def test_a_change_of_nothing_or_less_is_no_percentage(service: Service, previous, compared, delta, trend):
    """From 0, or from a negative sum, the change is the difference: a percentage would be missing or upside down."""
    scene = scene_of(service, Filters())
    card = dataclasses.replace(scene.overview.cards[0], value=compared, compared=compared, previous=previous)
    scene = dataclasses.replace(scene, overview=dataclasses.replace(scene.overview, cards=(card,)))
    (drawn,) = board_document(scene, ())["cards"]
    assert (drawn["delta"], drawn["trend"]) == (delta, trend)


@pytest.mark.parametrize(
    ("style", "previous", "compared", "delta"),
    [
        ({"unit": "%", "format": "number"}, 1.97, -4.1, "6.1 points"),
        ({"format": "currency", "unit": "EUR"}, Decimal("62.75"), Decimal("61.65"), "€1.10"),
        ({"format": "currency", "unit": "EUR"}, Decimal("61.654"), Decimal("61.653"), "No change"),
        ({"format": "duration"}, 62.5, 31.5, "31 s"),
        ({"unit": "km"}, 5, 7, "2 km"),
        ({"format": "currency", "unit": "EUR"}, Decimal(200), Decimal(100), "50.0%"),
    ],
)
def test_a_small_change_has_the_unit_of_its_figure(service: Service, style, previous, compared, delta):
    """€61.65 after €62.75 is €1.10 less, not 1.1; what would read as nothing is no change."""
    scene = scene_of(service, Filters())
    first = scene.overview.cards[0]
    written = dataclasses.replace(first.written, **style)
    card = dataclasses.replace(first, written=written, value=compared, compared=compared, previous=previous)
    scene = dataclasses.replace(scene, overview=dataclasses.replace(scene.overview, cards=(card,)))
    (drawn,) = board_document(scene, ())["cards"]
    assert drawn["delta"] == delta


def heat_of(service: Service, parts: list[Cell], **chart: str) -> dict:
    """A heat map of contacts with these figures."""
    scene = scene_of(service, Filters())
    bins = [Cell(value, None, 1, 1, None) for value in dict.fromkeys(part.value for part in parts)]
    overview = dataclasses.replace(scene.overview, measured={0: Measured(tuple(bins), tuple(parts))})
    drawn = Chart.model_validate({"kind": "heatmap", "title": "Heat", **chart})
    model = dataclasses.replace(scene.model, charts=(drawn,))
    return chart_document(dataclasses.replace(scene, model=model, overview=overview), 0, drawn)


def test_cells_of_a_heat_map_are_apart(service: Service):
    """Values with blanks: no cell has the name of another, which the browser finds it by."""
    parts = [Cell("a b", "c", 1, 1, None), Cell("a", "b c", 2, 2, None)]
    drawn = heat_of(service, parts, by="channel", split="agent_name")
    assert len({mark["key"] for mark in drawn["marks"]}) == len(drawn["marks"]) == 4
    assert sorted(mark["count"] for mark in drawn["marks"]) == [0, 0, 1, 2]


def test_a_heat_map_says_of_how_many_values_it_shows_some(service: Service):
    """31 of 40 columns and 12 of 20 rows, the largest ones; there is no column of others without figures."""
    parts = [Cell(f"v{place % 20:02}", f"agent {place:02}", 100 - place, 100 - place, None) for place in range(40)]
    drawn = heat_of(service, parts, by="channel", split="agent_name")
    assert drawn["cut"] == "12 of 20 values of channel, 31 of 40 values of agent name"
    assert [column["label"] for column in drawn["columns"]] == [f"agent {place:02}" for place in range(31)]


def test_rows_without_an_hour_have_a_column(service: Service):
    """They are in the total, and not lost between the hours."""
    drawn = heat_of(service, [Cell("1", "08", 2, 2, None), Cell("1", None, 3, 3, None)], by="weekday", split="hour")
    assert [column["label"] for column in drawn["columns"]][-2:] == ["23", "(none)"]
    assert sum(mark["count"] or 0 for mark in drawn["marks"]) == 5
    assert drawn["cut"] == ""


def test_the_middle_of_a_ring_has_the_dataset_s_noun(service: Service):
    """Orders are counted as orders."""
    scene = scene_of(service, Filters())
    words = dataclasses.replace(scene.model.words, rows=Noun(one="order", many="orders"))
    scene = dataclasses.replace(scene, model=dataclasses.replace(scene.model, words=words))
    (ring,) = [chart for chart in board_document(scene, ())["charts"] if chart["kind"] == "doughnut"]
    assert ring["unit"] == "orders"
