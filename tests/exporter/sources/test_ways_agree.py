"""One truth, four ways: the same items through index, scan, table export and its converted files give equal tables."""

import dataclasses
import json
import random
import threading

import boto3
import pytest
from any_values import NAMES, NUMBERS, value_of

import exporter.run.table_export.conversion
import exporter.sources.table_export.converted_source
import exporter.sources.table_export.exporting
import exporter.sources.table_export.lines
from exporter.clients import Clients
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.run.table_export.export_conversion import Converter
from exporter.run.table_export.exporting import export_to_read


def fill(table, seed, count=60):
    """Items of every kind: dated, moved to the next day, unreadable, undated, of another partition value, poison."""
    chance = random.Random(seed)
    for number in range(count):
        at = f"2026-02-{chance.randint(15, 18)}T{chance.randint(0, 23):02}:00:00{chance.choice(('Z', '+05:30', ''))}"
        item = {"Id": {"S": f"{number:03}"}, "Kind": {"S": chance.choice("AABBC")}, "At": {"S": at}}
        item |= {name: value_of(chance) for name in chance.sample(NAMES, 4)}
        kind = chance.random()
        if kind < 0.05:
            item["At"] = {"S": chance.choice(("someday", "2026-02-30T00:00:00Z", "1999-01-01T00:00:00Z"))}
        elif kind < 0.1:
            del item["At"]
        elif kind < 0.15:
            item["Amount"] = {"S": "not a number"}
        else:
            item["Amount"] = {"N": chance.choice(NUMBERS)}
        table.dynamodb.put_item(TableName=table.table, Item=item)


def read_by(table, way, *, converted=False, **options):
    """Run one way and return rows by id, quarantine lines and what the manifest says of each day."""
    name = f"{way}-converted" if converted else way
    settings = table.settings(S3_PREFIX=f"{table.prefix}-{name}", ATHENA_TABLE=f"rows_{name.replace('-', '_')}")
    now = table.job(everything=True).clock()
    if converted:
        export = export_to_read(Clients(settings.region), settings, None, threading.Event())
        converter = Converter(settings, export)
        for file in converter.files:
            converter.convert(file)
        options |= {"export_arn": export.arn, "converted": True}
    request = dataclasses.replace(request_from_options(settings, now, everything=True), source=way, ranges=2, **options)
    entry = ExportJob(settings, request, clock=lambda: now).run()
    assert entry.status == "succeeded", entry.error
    view = type(table).__new__(type(table))
    view.__dict__ |= table.__dict__ | {"prefix": settings.prefix}
    quarantined = sorted(json.dumps(line, sort_keys=True) for line in view.quarantine())
    days = {
        str(day): (record.rows, record.key_hash, record.values, record.rows_by_partition_value)
        for day, record in view.manifest().days.items()
        if record.rows
    }
    return view.rows(), quarantined, days, (entry.items, entry.rows, entry.withheld)


@pytest.fixture
def recoverable(scene, monkeypatch):
    """A table with point-in-time recovery; bodies of a few kilobytes, so that every file has several."""
    monkeypatch.setattr(exporter.sources.table_export.exporting, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(exporter.sources.table_export.lines, "BODY_BYTES", 4000)
    # Days, streams and requests of converted files are small as well, so that every file has several of each.
    monkeypatch.setattr(exporter.run.table_export.conversion, "BATCH_BYTES", 3000)
    monkeypatch.setattr(exporter.run.table_export.conversion, "_LINES_BYTES", 500)
    monkeypatch.setattr(exporter.sources.table_export.converted_source, "GROUP_BYTES", 9000)
    monkeypatch.setattr(exporter.sources.table_export.converted_source, "READ_BYTES", 4000)

    def made(**variables):
        table = scene(**variables)
        boto3.client("dynamodb").update_continuous_backups(
            TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        return table

    return made


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_index_scan_and_table_export_agree(recoverable, seed):
    """Rows, columns, quarantine, key hashes and counts are equal."""
    table = recoverable()
    fill(table, seed)
    by_index = read_by(table, "index")
    assert by_index[3][0] > 30
    assert read_by(table, "scan") == by_index
    assert read_by(table, "table-export") == by_index
    assert read_by(table, "table-export", converted=True) == by_index


@pytest.mark.parametrize("seed", [4, 5])
def test_a_table_without_index_is_the_same_by_scan_and_export(recoverable, seed):
    """All 60 items are rows or withheld, by both ways alike."""
    table = recoverable(SOURCE_KIND="scan", DATE_ATTRIBUTE="At")
    for name in [name for name in table.variables if name.startswith("GSI_")]:
        del table.variables[name]
    fill(table, seed)
    by_scan = read_by(table, "scan")
    items, rows, withheld = by_scan[3]
    assert (items, rows + withheld) == (60, 60)
    assert withheld > 0
    assert read_by(table, "table-export") == by_scan
    assert read_by(table, "table-export", converted=True) == by_scan


EXPLODED = """\
name: messages
source: {{table: {table}, index: by-kind, partition_key: Kind, partition_values: [A, B], sort_key: At}}
explode: messages
undeclared: extra
columns:
  - {{name: id, attribute: Id, type: string}}
  - {{name: number, attribute: "messages[#]", type: bigint}}
  - {{name: role, attribute: "messages[*].role", type: string}}
  - {{name: seconds, attribute: "messages[*].seconds", type: double}}
"""


def message_of(chance):
    """A message with the members that are usual, or a value of any type."""
    if chance.random() < 0.15:
        return value_of(chance)
    seconds = {"N": chance.choice(NUMBERS)} if chance.random() < 0.8 else value_of(chance)
    return {"M": {"role": {"S": chance.choice(("user", "bot"))}, "seconds": seconds, '%b"': value_of(chance)}}


def test_the_ways_agree_on_the_elements_of_lists(recoverable, tmp_path):
    """Rows in their order, items by day, and quarantine; with lists that are missing, empty, or none."""
    table = recoverable()
    fill(table, 4)
    chance = random.Random(4)
    items = table.dynamodb.scan(TableName=table.table)["Items"]
    for item in sorted(items, key=lambda item: item["Id"]["S"]):
        listed = {"L": [message_of(chance) for _ in range(chance.randrange(5))]}
        if chance.random() < 0.9:
            item["messages"] = listed if chance.random() < 0.9 else value_of(chance)
        table.dynamodb.put_item(TableName=table.table, Item=item)
    file = tmp_path / "messages.yaml"
    file.write_text(EXPLODED.format(table=table.table), encoding="utf-8")
    found = {}
    for way in ("index", "scan", "table-export"):
        settings = table.settings(DATASET=str(file), S3_PREFIX=f"{table.prefix}-m-{way}", ATHENA_TABLE=f"m_{way[:5]}")
        now = table.job(everything=True).clock()
        request = dataclasses.replace(request_from_options(settings, now, everything=True), source=way, ranges=2)
        entry = ExportJob(settings, request, clock=lambda now=now: now).run()
        assert entry.status == "succeeded", entry.error
        view = type(table).__new__(type(table))
        view.__dict__ |= table.__dict__ | {"prefix": settings.prefix}
        rows = [(key, row) for key in view.keys("year=") for row in view.table_of(key).to_pylist()]
        for key, row in rows:  # an item's messages are together, and in their order
            of_item = [each["number"] for path, each in rows if path == key and each["id"] == row["id"]]
            assert of_item == list(range(1, len(of_item) + 1))
        quarantined = sorted(json.dumps(line, sort_keys=True) for line in view.quarantine())
        days = {day: record.items_by_partition_value for day, record in view.manifest().days.items() if record.rows}
        ordered = sorted(json.dumps([key, row], sort_keys=True) for key, row in rows)
        found[way] = (ordered, quarantined, days, entry.items, entry.withheld, entry.nulled)
    assert len(found["index"][0]) > 50
    assert found["scan"] == found["index"]
    assert found["table-export"] == found["index"]
