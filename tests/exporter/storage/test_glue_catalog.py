"""The Glue table while other programs change it: its years are only ever widened."""

import datetime as dt
from typing import Any

import boto3
import pytest
from conftest import NOW
from faults import Response, first

import exporter.clients
from exporter.cli.sync import sync_catalog
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records


def later(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def years(table: Any) -> str:
    found = boto3.client("glue").get_table(DatabaseName=table.database, Name="rows")["Table"]
    return found["Parameters"]["projection.year.range"]


def test_sync_beside_an_export_hides_no_year(scene, monkeypatch):
    """An export publishes a new year between sync's look and its change: the range stays wide."""
    table, done = scene(), []
    table.put("0", "2025-12-31T10:00:00Z")
    table.put("1", "2026-01-01T10:00:00Z")
    table.export(start="2025-12-31", end="2025-12-31")
    publish = Catalog.publish

    def between(self, schema, years):
        if not done:
            done.append(1)
            table.export(start="2025-12-31", end="2026-01-01", now=later(1))
        return publish(self, schema, years)

    monkeypatch.setattr(Catalog, "publish", between)
    sync_catalog(table.settings())
    assert years(table) == "2025,2026"


@pytest.mark.parametrize("moment", ["before the object", "after the object"])
def test_a_range_that_is_narrowed_while_a_run_works_is_wide_at_its_end(scene, monkeypatch, moment):
    """Whatever another program does to the table meanwhile, the run looks again before a new year and at its end."""
    table = scene()
    table.put("0", "2025-12-31T10:00:00Z")
    table.put("1", "2026-01-01T10:00:00Z")
    table.export(start="2025-12-31", end="2025-12-31")
    original = Store.replace_with_file

    def narrowed():
        glue = boto3.client("glue")
        current = glue.get_table(DatabaseName=table.database, Name="rows")["Table"]
        wanted = {
            name: current[name] for name in ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
        }
        wanted["Parameters"] = wanted["Parameters"] | {"projection.year.range": "2025,2025"}
        glue.update_table(DatabaseName=table.database, TableInput=wanted)

    def put(self, key, *arguments, **options):
        if moment == "before the object" and "year=2025" in key:
            narrowed()
        if moment == "after the object" and "year=2026" in key:
            narrowed()
        if moment == "before the object" and "year=2026" in key:
            assert years(table) == "2025,2026"
        return original(self, key, *arguments, **options)

    monkeypatch.setattr(Store, "replace_with_file", put)
    table.export(start="2025-12-31", end="2026-01-01", now=later(1))
    assert years(table) == "2025,2026"


def test_a_change_of_the_table_is_made_to_the_version_that_was_read(scene, faults):
    """Glue refuses a change of another version; the exporter then reads the table again and widens what it finds."""
    table = scene()
    table.put("0", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16")
    refusals = []

    def rule(request, forward):
        if request.operation == "UpdateTable" and not refusals:
            refusals.append(request)
            return Response(
                400,
                {"content-type": "application/x-amz-json-1.1"},
                b'{"__type": "ConcurrentModificationException", "Message": "changed"}',
            )
        return forward()

    faults.rule = rule
    settings = table.settings()
    schema = Records(table.job()._store, settings.prefix).schema()
    catalog = Catalog(boto3.client("glue", endpoint_url=faults.url), settings.dataset, settings.location)
    assert catalog.publish(schema, (2024, 2024)) is True
    assert years(table) == "2024,2026"
    assert len(refusals) == 1
    assert faults.count("GetTable") == 2


@pytest.mark.parametrize("torn_answers", [2, 1000])
def test_an_answer_that_is_cut_short_is_no_table(scene, faults, monkeypatch, torn_answers):
    """A body cut short is asked for again; where it never arrives whole, the run fails without a traceback."""
    table = scene()
    table.put("0", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16")
    monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 1})
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", faults.url)
    empty = Response(200, {"content-type": "application/x-amz-json-1.1"}, b'{"Tab')
    faults.rule = first(torn_answers, "GetTable", lambda _: empty)
    entry = table.job(start="2026-02-16", end="2026-02-16", now=later(1)).run()
    assert (entry.error is None) == (torn_answers == 2)
    assert entry.error is None or "arrived damaged in every attempt" in entry.error
