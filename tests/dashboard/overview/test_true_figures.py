"""Every figure that pages and API show, against an independent reading of the Parquet files with DuckDB."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import pytest
from duckdb_reading import Reading, is_close
from publishing import contact_rows, publish_rows
from serving import serving

from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.document.board import board_document, card_document
from dashboard.overview.document.chart import Scene
from dashboard.overview.drill_down import drill_down
from dashboard.overview.events import Part
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model import load_dataset

D = dt.date
ONE = dt.timedelta(days=1)


@dataclass
class Subject:
    """A dataset, how the dashboard serves it, and what is known of it without the dashboard."""

    name: str
    service: Service
    reading: Reading
    published: set[dt.date]
    still_open: set[dt.date]

    @property
    def whole(self) -> set[dt.date]:
        return self.published - self.still_open


AUCKLAND = """
dashboard:
  entity: contact_id
  agent: agent_name
  channel: channel
  initiation_method: initiation_method
  dimensions: [channel, agent_name, initiation_method, queue, is_recorded]
  cards:
    - {label: Rows, measure: rows}
    - {label: Contacts, measure: distinct, column: contact_id}
    - {label: Waiting, measure: sum, column: queue_duration}
    - {label: Mean wait, measure: mean, column: queue_duration}
    - {label: Score, measure: sum, column: sentiment_score}
    - {label: Mean score, measure: mean, column: sentiment_score}
  charts:
    - {title: Per day, kind: bar, by: day}
    - {title: Channels, kind: doughnut, by: channel}
    - {title: Agents, kind: bar, by: agent_name}
    - {title: Queues, kind: pie, by: queue}
    - {title: Recorded, kind: doughnut, by: is_recorded}
"""
FIRST, LAST = D(2026, 3, 16), D(2026, 4, 14)
HOLES = {D(2026, 3, 27), D(2026, 4, 2), D(2026, 4, 3), D(2026, 4, 10)}
"""Never exported. Clocks in Auckland go back on 5 April 2026."""


@pytest.fixture(scope="module")
def auckland(standin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """30 days in Pacific/Auckland: four holes, an open last day, 27 queues, rows without a value."""
    folder = tmp_path_factory.mktemp("auckland")
    text = Path("datasets/contacts.yaml").read_text()
    file = folder / "contacts.yaml"
    file.write_text(text[: text.index("\ndashboard:")] + AUCKLAND)
    name = f"auckland-{os.getpid()}-{os.urandom(3).hex()}"
    variables = {
        "DATASET": str(file),
        "TIME_ZONE": "Pacific/Auckland",
        "S3_BUCKET": name,
        "S3_PREFIX": "exports",
        "ATHENA_DATABASE": name.replace("-", "_"),
        "ATHENA_TABLE": "contacts",
        "ATHENA_RESULTS": f"s3://{name}/results/",
    }
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    dataset = load_dataset(str(file), variables)
    rows = [row for row in contact_rows(FIRST, LAST, 30) if row["day"] not in HOLES]
    for place, row in enumerate(rows):
        row["queue"] = None if place % 31 == 0 else f"queue {place * place % 27:02}"
        row["queue_duration"] = None if place % 50 == 0 else row["queue_duration"]
        row["is_recorded"] = None if place % 17 == 0 else row["is_recorded"]
    rows = [row for row in rows if row["day"] != LAST or not row["contact_id"].endswith("5")]
    publish_rows(standin_url, name, dataset, rows, Days(FIRST, LAST))
    manifest = json.loads(client.get_object(Bucket=name, Key="exports/_manifest.json")["Body"].read())
    manifest["days"][LAST.isoformat()]["state"] = "open"
    client.put_object(Bucket=name, Key="exports/_manifest.json", Body=json.dumps(manifest).encode())
    service = Service(settings_from_environment(variables))
    published = set(Days(FIRST, LAST)) - HOLES
    yield Subject("contacts", service, Reading(name, "exports", folder / "data"), published, {LAST})
    service.close()


@pytest.fixture(scope="module")
def demo(standin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """The sample contacts of the demo, seeded and exported as `make demo` does, today among them."""
    name = f"demo-{os.getpid()}-{os.urandom(3).hex()}"
    variables = {
        "DATASET": "contacts",
        "S3_BUCKET": name,
        "ATHENA_DATABASE": name.replace("-", "_"),
        "ATHENA_TABLE": "contacts",
        "ATHENA_RESULTS": f"s3://{name}/results/",
    }
    boto3.client("s3").create_bucket(Bucket=name)
    environment = os.environ | variables | {"AWS_ENDPOINT_URL": standin_url}
    for command in (
        ["local", "seed", "--items", "3000", "--endpoint-url", standin_url],
        ["exporter", "export", "--all"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    service = Service(settings_from_environment(variables))
    prefix = service.dataset("contacts").target.prefix
    body = boto3.client("s3").get_object(Bucket=name, Key=f"{prefix}/_manifest.json")["Body"].read()
    still_open = {D.fromisoformat(day) for day, record in json.loads(body)["days"].items() if record["state"] == "open"}
    reading = Reading(name, prefix, tmp_path_factory.mktemp("demo"))
    yield Subject("contacts", service, reading, reading.days(), still_open)
    service.close()


def windows(subject: Subject) -> list[Days]:
    """Spans that hold the open day, holes on either side, days to come, and nothing before them."""
    first, last = min(subject.published), max(subject.published)
    return [
        Days(last - 6 * ONE, last),
        Days(last - 13 * ONE, last - 1 * ONE),
        Days(last - 9 * ONE, last + 4 * ONE),
        Days(last, last),
        Days(first, last),
    ]


def scene_of(subject: Subject, window: Days, picks: dict) -> Scene:
    picked = Filters(None, tuple(picks.items()))
    overview = subject.service.overview(subject.name, picked.with_days(window))
    model = subject.service.model(subject.name)
    choices = {column: subject.service.choices(subject.name, column) or () for column in model.dimensions}
    return Scene(model, picked, overview, overview, choices)


def compared_days(subject: Subject, window: Days) -> tuple[list[dt.date], list[dt.date]]:
    """Days whole on both sides, and those in their places before; none where the days before begin too early."""
    length = len(window) * ONE
    if window.first - length < min(subject.published):
        return [], []
    now = [day for day in window if {day, day - length} <= subject.whole]
    return now, [day - length for day in now]


def check_cards(subject: Subject, scene: Scene, document: dict, window: Days, picks: dict) -> None:
    read, (now, before) = subject.reading, compared_days(subject, window)
    for card, drawn in zip(scene.overview.cards, document["cards"], strict=True):
        about = (card.measure, card.column)
        assert is_close(card.value, read.figure(*about, window, picks)), card
        for day, value in zip(window, card.series, strict=True):
            if day in subject.published and (value or read.figure("rows", None, [day], picks)):
                assert is_close(value, read.figure(*about, [day], picks)), (card.label, day)
        sparkline = dict(zip(window, drawn["series"], strict=False))
        assert {day for day, value in sparkline.items() if value is not None} <= subject.whole
        if not now:
            assert (card.compared, card.previous, drawn["trend"]) == (None, None, "")
            continue
        one, other = read.figure(*about, now, picks), read.figure(*about, before, picks)
        assert is_close(card.compared, one), card
        assert is_close(card.previous, other), card
        if one is None or other is None:
            continue
        assert drawn["trend"] in {"", "up" if one > other else "down" if one < other else ""}
        if drawn["delta"].endswith("%"):
            assert drawn["delta"] == f"{abs(one - other) / other:,.1%}"
        if len(now) < len(window):
            assert f"on {len(now)} whole day" in drawn["from"]
    means = [card for card in scene.overview.cards if card.measure == "mean"]
    for card in means:
        total = read.figure("rows", None, window, picks)
        with_value = total - read.counts(card.column, window, picks).get(None, 0)
        assert card.counted == with_value


def check_charts(subject: Subject, scene: Scene, document: dict, window: Days, picks: dict) -> None:
    read = subject.reading
    for place, (chart, drawn) in enumerate(zip(scene.model.charts, document["charts"], strict=True)):
        marks = {mark["key"]: mark for mark in drawn["marks"]}
        if chart.by == "day":
            for day in window:
                rows = read.figure("rows", None, [day], picks)
                text = f"{rows:,}" if day in subject.whole else "not published"
                assert marks[day.isoformat()]["text"] == (f"{rows:,} so far" if day in subject.still_open else text)
            continue
        opened = {column: values for column, values in picks.items() if column != chart.by}
        counts = read.counts(chart.by, window, opened)
        total = sum(counts.values())
        largest = sorted(counts.values(), reverse=True)
        if chart.kind == "bar":
            assert [mark["count"] for mark in drawn["marks"]] == largest[:12]
        elif len(counts) <= 8:
            assert sorted(marks) == sorted("~" if value is None else value for value in counts)
        else:
            assert [mark["count"] for mark in drawn["marks"]] == [*largest[:7], sum(largest[7:])]
        for key, mark in marks.items():
            value = None if key == "~" else key
            if key != "~others":
                assert mark["count"] == counts[value], (chart.title, key)
            assert mark["share"] == f"{mark['count'] / total:.1%}"
        if chart.kind != "bar":
            assert len({mark["colour"] for mark in marks.values()}) == len(marks) <= 8
        table = drill_down(scene, window, Part("chart", place)).figures.to_pylist()
        assert {row[chart.by]: row["contacts"] for row in table} == counts


def check(subject: Subject, place: int, picks: dict) -> None:
    window = windows(subject)[place]
    scene = scene_of(subject, window, picks)
    document = board_document(scene, ())
    assert document["badges"] == []
    if not scene.overview.total_rows:
        assert (document["cards"], subject.reading.figure("rows", None, window, picks)) == ([], 0)
        return
    check_cards(subject, scene, document, window, picks)
    check_charts(subject, scene, document, window, picks)


VOICE_AND_CHAT = {"channel": ("VOICE", "CHAT")}
WITHOUT_AGENT = {"agent_name": (None,), "initiation_method": ("INBOUND", "API")}


@pytest.mark.parametrize(
    ("place", "picks"),
    [
        *((place, {}) for place in range(5)),
        (1, VOICE_AND_CHAT),
        (2, WITHOUT_AGENT),
        (3, WITHOUT_AGENT),
        (0, {"is_recorded": ("true", None)}),
        (4, {"is_recorded": ("false",), "channel": ("VOICE",)}),
        (1, {"queue": ("queue 04", None)}),
    ],
)
def test_every_card_and_chart_with_holes_and_an_open_day_is_true(auckland: Subject, place: int, picks: dict):
    """In Pacific/Auckland: cards, lines, changes, bars and slices, under filters of text and of other types."""
    check(auckland, place, picks)


@pytest.mark.parametrize(
    ("place", "picks"),
    [*((place, {}) for place in range(5)), (1, VOICE_AND_CHAT), (4, WITHOUT_AGENT)],
)
def test_every_card_and_chart_of_the_demo_is_true(demo: Subject, place: int, picks: dict):
    """The demo's own cards and charts, in each window and under filters."""
    check(demo, place, picks)


def test_changes_count_whole_days_alone(auckland: Subject):
    """The last seven days hold an open day and a hole, the seven before two holes: what is compared is named."""
    document = board_document(scene_of(auckland, Days(D(2026, 4, 8), D(2026, 4, 14)), {}), ())
    assert document["cards"][0]["from"].endswith("on 4 whole days")
    assert document["foot"].endswith(
        "not compared: 2 Apr 2026 (not published), 3 Apr 2026 (not published), 10 Apr 2026 (not published) and 1 more"
    )
    alone = board_document(scene_of(auckland, Days(D(2026, 4, 14), D(2026, 4, 14)), {}), ())
    assert {card["delta"] for card in alone["cards"]} == {"No whole days to compare"}


@pytest.mark.parametrize(("compared", "words"), [(5, "from 4 to 5 on 4 whole days"), (4, "from 4 on 4 whole days")])
def test_both_figures_are_named_where_they_differ(auckland: Subject, compared: int, words: str):
    """A card without a change says its earlier figure once."""
    scene = scene_of(auckland, Days(D(2026, 4, 8), D(2026, 4, 14)), {})
    card = replace(scene.overview.cards[0], compared=compared, previous=4)
    assert card_document(card, scene.overview, scene.model.words.rows)["from"] == words


def test_a_mean_names_the_rows_that_it_is_over(auckland: Subject):
    """Each fiftieth contact has no time in the queue; the cards that are no mean, or of all rows, have no note."""
    document = board_document(scene_of(auckland, Days(FIRST, LAST), {}), ())
    rows = auckland.reading.figure("rows", None, auckland.published, {})
    missing = auckland.reading.counts("queue_duration", auckland.published, {})[None]
    over = f"over {rows - missing:,} of {rows:,} contacts"
    assert [card["note"] for card in document["cards"]] == ["", "", "", over, "", ""]
    assert missing > 10


@pytest.mark.parametrize("which", ["auckland", "demo"])
def test_every_figure_of_the_api_is_true(which: str, request: pytest.FixtureRequest):
    """/api/stats and /api/daily, day by day and value by value; null where nothing is published."""
    subject: Subject = request.getfixturevalue(which)
    read, every = subject.reading, sorted(subject.published)
    with serving(lambda: subject.service) as client:
        stats = client.get("/api/stats").json()
        around = Days(every[0] - 3 * ONE, every[-1] + 3 * ONE)
        daily = client.get(f"/api/daily?from={around.first}&to={around.last}").json()
    assert stats["totalRows"] == read.figure("rows", None, every, {})
    assert stats["uniqueContacts"] == read.figure("distinct", "contact_id", every, {})
    assert stats["channels"] == read.figure("distinct", "channel", every, {})
    assert stats["agents"] == read.figure("distinct", "agent_name", every, {})
    for field, name, column in (
        ("byChannel", "channel", "channel"),
        ("byAgent", "agent", "agent_name"),
        ("byInitiationMethod", "initiationMethod", "initiation_method"),
    ):
        assert {each[name]: each["contacts"] for each in stats[field]} == read.counts(column, every, {})

    def expected(day: dt.date) -> dict:
        is_published = day in subject.published
        body = {
            "day": day.isoformat(),
            "contacts": read.figure("rows", None, [day], {}) if is_published else None,
            "published": is_published,
        }
        return body | ({"open": True} if day in subject.still_open else {})

    assert daily["days"] == [expected(day) for day in around]
    assert stats["byDay"] == [expected(day) for day in Days(every[0], every[-1])]
    assert stats["differences"] == daily["differences"] == []
