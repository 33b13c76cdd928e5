"""One truth, five ways: after the same history of writes, every way gives the same table and the same quarantine.

Index, scan and table export read the items as they are at the end. Changes and a stream add to what was read before,
and the days that incremental exports name are then read again. An item's puts, moves and deletes are
one history, and a play has that of each of its items. `WAYS=10` is the long form: ten plays of 1,000 items, and each
way's filter is widened, and removed where a way can do without one; here only that of the scan is.
"""

import dataclasses
import datetime as dt
import json
import os
import random

import boto3
import pytest
from any_values import HOSTILE, NAMES, NUMBERS, value_of
from changing import TTL, ask, event, item
from msgspec.json import decode, encode

from exporter.changes.writer import ChangeWriter
from exporter.clients import Clients
from exporter.run.incremental.job import ChangesJob
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options

SEEDS = range(int(os.environ.get("WAYS", "1")))
ITEMS = 1000 if len(SEEDS) > 1 else 40
FILTERED = ("index", "scan", "table-export", "changes", "stream")
WIDENED, REMOVED = (FILTERED, FILTERED[1:]) if len(SEEDS) > 1 else ((), FILTERED[1:2])
BEGIN = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)

DATASET = """\
name: truth
source: {source}
undeclared: extra
columns:
  - {{name: id, attribute: Id, type: string}}
  - {{name: at, attribute: At, type: timestamp}}
  - {{name: amount, attribute: Amount, type: double}}
  - {{name: plain, attribute: plain, type: string}}
  - {{name: spaced, attribute: with space, type: json}}
  - {{name: whole, attribute: Ümlaut, type: bigint}}
  - {{name: exact, attribute: 'quo"te', type: "decimal(38,8)"}}
"""
BY_INDEX = "{{table: {{table}}, index: by-kind, partition_key: Kind, partition_values: [{values}], sort_key: At}}"
SOURCES = {
    "as it is": BY_INDEX.format(values="A, B"),
    "widened": BY_INDEX.format(values="A, B, C"),
    "removed": "{kind: scan, table: {table}, date_attribute: At}",
}
COLUMNS = "day, id, at, amount, plain, spaced, whole, exact, extra"


class Writes:
    """Random writes of a table, each with the record that its stream gives."""

    def __init__(self, table, seed, clock):
        self.table, self.clock, self.chance = table, clock, random.Random(seed)
        self.items, self.events = {}, []

    def some(self, count):
        """Make so many writes."""
        for _ in range(count):
            key = f"{self.chance.randrange(ITEMS):02}"
            if key in self.items and self.chance.random() < 0.15:
                self.write(key, None)
            else:
                self.write(key, self._item(key))

    def _item(self, key):
        chance = self.chance
        at = f"2026-02-{chance.randint(15, 18)}T{chance.randint(0, 23):02}:00:00{chance.choice(('Z', '+05:30', ''))}"
        made = {"Id": {"S": key}, "Kind": {"S": chance.choice("AABBC")}, "At": {"S": at}}
        made |= {name: value_of(chance) for name in chance.sample(NAMES, 4)}
        made["Amount"] = {"N": chance.choice(NUMBERS)} if chance.random() < 0.8 else {"S": chance.choice(HOSTILE)}
        if chance.random() < 0.08:
            made["At"] = {"S": chance.choice(("someday", "2026-02-30T00:00:00Z", "1999-01-01T00:00:00Z"))}
        elif chance.random() < 0.05:
            del made[chance.choice(("At", "Kind"))]
        return made

    def write(self, key, new):
        """Put an item, or delete it."""
        dynamodb, name = self.table.dynamodb, self.table.table
        old = self.items.get(key)
        by_ttl = {"userIdentity": TTL} if new is None and self.chance.random() < 0.5 else {}
        if new is None:
            dynamodb.delete_item(TableName=name, Key={"Id": {"S": key}})
            del self.items[key]
        else:
            dynamodb.put_item(TableName=name, Item=new)
            self.items[key] = new
        self.events.append(event(len(self.events), self.clock(), new, old, **by_ttl))


class Ways:
    """One table and what each way publishes of it, with a clock."""

    def __init__(self, table, folder):
        self.table, self.now = table, BEGIN
        self.odd, self.how = "", ""
        self.files = {how: folder / f"{how}.yaml" for how in SOURCES}
        for how, file in self.files.items():
            source = SOURCES[how].replace("{table}", table.table)
            file.write_text(DATASET.format(source=source), encoding="utf-8")

    def clock(self):
        """Return the time."""
        return self.now

    def seconds(self):
        """Return the time as seconds since 1970."""
        return self.now.timestamp()

    def settings(self, way):
        """Return the settings of one way, with a prefix and a table of its own."""
        name = way.replace("-", "_")
        file = self.files[self.how if way == self.odd else "as it is"]
        return self.table.settings(
            DATASET=str(file), S3_PREFIX=f"{self.table.prefix}-{name}", ATHENA_TABLE=f"rows_{name}"
        )

    def export(self, way, source=None, **options):
        """Run an export of one way and require that it succeeds."""
        settings = self.settings(way)
        request = dataclasses.replace(request_from_options(settings, self.now, **options), source=source)
        entry = ExportJob(settings, request, clock=self.clock).run()
        assert entry.status == "succeeded", entry.error

    def view(self, way):
        """Return the table of one way, as it is published."""
        seen = type(self.table).__new__(type(self.table))
        seen.__dict__ |= self.table.__dict__ | {"prefix": self.settings(way).prefix}
        return seen

    def rows(self, way, suffix=""):
        """Return the rows as Athena gives them; the members of JSON objects have no order."""
        table = f"rows_{way.replace('-', '_')}{suffix}"
        rows = ask(self.table, f"SELECT {COLUMNS} FROM {table} WHERE year = 2026 AND month = 2")
        return sorted((*row[:-1], _sorted(row[-1])) for row in rows)

    def quarantined(self, way, items):
        """Return the quarantine of the items as they are: reasons of versions that are gone are history."""
        now = {key: json.dumps(_plain(item), sort_keys=True) for key, item in items.items()}
        found = set()
        for line in self.view(way).quarantine():
            text = json.dumps(line["item"], sort_keys=True)
            if now.get(line["item"].get("Id", {}).get("S")) == text:
                found.add((line["reason"], line["attribute"], line["day"], text))
        return found


def _sorted(text):
    return text and json.dumps(json.loads(text, parse_float=str, parse_int=str), sort_keys=True)


def _plain(item):
    """Return an item as DynamoDB JSON has it: bytes are base64."""
    return decode(encode(item))


@pytest.fixture
def ways(scene, monkeypatch, tmp_path):
    """A table with point-in-time recovery."""
    table = scene()
    table.variables = {name: value for name, value in table.variables.items() if not name.startswith(("DYNAMO", "GSI"))}
    made = Ways(table, tmp_path)
    monkeypatch.setattr("local.dynamodb.write_history.clock", made.seconds)
    monkeypatch.setattr("local.dynamodb.write_history.RESTORABLE_LAG", 0)
    monkeypatch.setattr("exporter.sources.table_export.exporting.POLL_SECONDS", 0.01)
    boto3.client("dynamodb").update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_five_ways_give_one_truth(ways, seed):
    """Every type, mixed types, hostile names; moved, deleted, expired, late, undated items, and a poison record."""
    play(ways, seed)


@pytest.mark.parametrize(
    ("way", "how"), [*((way, "widened") for way in WIDENED), *((way, "removed") for way in REMOVED)]
)
def test_a_way_that_lets_more_through_is_found(ways, way, how):
    """With one way's filter widened by a third value, or without it, its table is not that of the others."""
    ways.odd, ways.how = way, how
    with pytest.raises(AssertionError, match="scan" if way == "index" else way):
        play(ways, 0)
    others = set(ways.rows("scan" if way == "index" else "index"))
    assert set(ways.rows(way, "_live" if way == "stream" else "")) > others


def play(ways, seed):
    """Let one history be read by all ways, and require that their tables and quarantines are equal."""
    writes = Writes(ways.table, seed, ways.clock)
    ways.now += dt.timedelta(minutes=2)
    writes.write("anchor", item("anchor", "2026-02-14T10:00:00Z"))  # so that every way has this day from the first
    writes.some(ITEMS * 9 // 8)
    before = len(writes.events)
    stream = ChangeWriter(ways.settings("stream"), Clients("us-east-1"), ways.clock)
    stream.begin()  # from now on the days' files say since when changes count
    assert (
        ChangesJob(ways.settings("changes"), clock=ways.clock).run().error is None
    )  # and those of incremental exports
    for way in ("changes", "stream"):
        ways.export(way, everything=True)
    ways.now += dt.timedelta(minutes=10)
    for _ in range(3):
        writes.some(ITEMS * 3 // 10)
        ways.now += dt.timedelta(minutes=7)
    for way, source in (("index", "index"), ("scan", "scan"), ("table-export", "table-export")):
        ways.export(way, source, everything=True)
    report = ChangesJob(ways.settings("changes"), clock=ways.clock).run()
    assert (report.error, len(report.windows)) == (None, 1)
    shown, withheld = ways.rows("changes", "_live"), ways.quarantined("changes", writes.items)
    ways.now += dt.timedelta(minutes=1)
    ways.export("changes")
    records = writes.events[before:]
    chance = random.Random(seed)
    for _ in range(2):  # every record twice, in batches of other bounds
        at = 0
        while at < len(records):
            size = chance.randint(1, ITEMS // 2)
            stream.write([*records[at : at + size], {"poison": at}])
            at += size
    truth = ways.rows("index")
    assert len(truth) > ITEMS // 3
    quarantine = ways.quarantined("index", writes.items)
    assert quarantine
    assert (shown, withheld) == (truth, quarantine), "changes, without a day being read again"
    for way in ("scan", "table-export", "changes", "stream"):
        assert ways.rows(way, "_live" if way == "stream" else "") == truth, way
        assert ways.quarantined(way, writes.items) == quarantine, way
