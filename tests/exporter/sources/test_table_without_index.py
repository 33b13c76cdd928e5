"""A dataset of kind `scan`: a table without an index by time is exported, verified, planned and discovered."""

import datetime as dt
import itertools
import json

import boto3
import pytest

from dataset_model import dataset_from_text
from exporter.audit.doctor import examine
from exporter.discovery.dataset_file import proposal_text
from exporter.discovery.discover import DiscoveryRequest, discover
from exporter.errors import UsageError

NOW_DAYS = {"start": "2026-02-16", "end": "2026-02-18"}
_tables = itertools.count(1)


@pytest.fixture
def plain(scene):
    """A scene with a table without an index; the time is in `Placed`, the key in `Id` and `Part`."""

    def made(**variables):
        table = scene(**({"SOURCE_KIND": "scan", "DATE_ATTRIBUTE": "Placed"} | variables))
        for name in [name for name in table.variables if name.startswith("GSI_")]:
            del table.variables[name]
        table.table = table.variables["DYNAMO_TABLE_NAME"] = f"plain-{next(_tables)}"
        boto3.client("dynamodb").create_table(
            TableName=table.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Part")],
            KeySchema=[
                {"AttributeName": "Id", "KeyType": "HASH"},
                {"AttributeName": "Part", "KeyType": "RANGE"},
            ],
        )
        return table

    return made


def put(table, identity, **attributes):
    """Put an item; attributes in DynamoDB's own form."""
    table.dynamodb.put_item(TableName=table.table, Item={"Id": {"S": identity}, "Part": {"S": "-"}, **attributes})


def filled(table):
    """Ten dated items on three days, one undated, one of another type, one unreadable."""
    for number in range(10):
        put(
            table, f"{number}", Placed={"S": f"2026-02-{16 + number % 3}T0{number}:00:00Z"}, Amount={"N": f"{number}.5"}
        )
    put(table, "undated", Amount={"N": "1"})
    put(table, "number", Placed={"N": "1771236000"})
    put(table, "someday", Placed={"S": "someday"})
    return table


def test_every_item_is_a_row_or_in_quarantine(plain):
    """Dated items are rows of their days; an undated one is withheld with its reason, and no day is made up for it."""
    table = filled(plain())
    entry = table.export(everything=True)
    assert table.days() == {
        "2026-02-16": ["0", "3", "6", "9"], "2026-02-17": ["1", "4", "7"], "2026-02-18": ["2", "5", "8"],
    }  # fmt: skip
    assert sorted((line["item"]["Id"]["S"], line["reason"]) for line in table.quarantine()) == [
        ("number", "Placed: expected S; found N"),
        ("someday", "Placed: no readable date: 'someday'"),
        ("undated", "Placed: expected S; found nothing"),
    ]
    assert (entry.items, entry.rows, entry.withheld) == (13, 10, 3)
    record = next(iter(table.manifest().days.values()))
    assert (record.partition_values, record.rows_by_partition_value) == ((), {})


def test_a_window_replaces_its_days_alone(plain):
    """A scan reads everything and publishes the days asked for."""
    table = filled(plain())
    table.export(start="2026-02-17", end="2026-02-17")
    assert table.days() == {"2026-02-17": ["1", "4", "7"]}


def test_an_epoch_attribute_is_a_number_by_default(plain):
    """EPOCH is read from N; `date_type` says otherwise where it is stored as text."""
    table = plain(DATE_FORMAT="EPOCH")
    put(table, "1", Placed={"N": "1771236000"})
    put(table, "2", Placed={"S": "1771236000"})
    table.export(everything=True)
    assert table.days() == {"2026-02-16": ["1"]}
    assert [line["reason"] for line in table.quarantine()] == ["Placed: expected N; found S"]


def test_a_key_of_another_type_is_refused(plain):
    """Where the date attribute is a key of the table, its type is known before anything is read."""
    table = plain(DATE_FORMAT="EPOCH", DATE_ATTRIBUTE="Part")
    entry = table.job(everything=True).run()
    assert entry.error == (
        f"attribute Part of table {table.table} is a key of type S, and the dataset reads it as N. Set "
        "source.date_type or DATE_FORMAT accordingly."
    )


def test_a_wrong_date_attribute_is_refused_before_days_are_emptied(plain):
    """No item has the attribute: the run fails with the reason and removes no day that was published before."""
    table = filled(plain())
    table.export(everything=True)
    for number in range(10):
        put(table, f"{number}", Other={"S": "x"})
    failed = table.job(**NOW_DAYS).run()
    assert failed.status == "failed"
    assert "no item of table" in failed.error
    assert len(table.days()) == 3


def test_a_source_of_kind_scan_has_no_index_to_read(plain):
    """--source index is refused by name."""
    from dataclasses import replace

    from exporter.run.job import ExportJob
    from exporter.run.request import request_from_options

    table = plain()
    request = request_from_options(table.settings(), table.job(everything=True).clock(), everything=True)
    with pytest.raises(UsageError, match="--source index: dataset rows declares no index"):
        ExportJob(table.settings(), replace(request, source="index"))


def test_another_source_on_the_same_prefix_is_refused(plain, scene):
    """A prefix that was filled from an index is not overwritten by a scan of another table."""
    by_index = scene()
    by_index.put("1", "2026-02-16T09:00:00Z")
    by_index.export(everything=True)
    by_scan = filled(plain(S3_PREFIX=by_index.prefix))
    assert by_scan.job(everything=True).run().status == "failed"
    assert by_index.days() == {"2026-02-16": ["1"]}


def test_verify_agrees_and_finds_what_changed(plain, run):
    """`verify` counts by a scan for the keys; an item that is deleted afterwards is a disagreement of its day."""
    table = filled(plain())
    table.export(everything=True)
    done = run(table, "verify", "--json", "--no-athena")
    found = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert (found["items"], found["rows"], found["withheld"], found["unaccounted"]) == (13, 10, 3, 0)
    table.dynamodb.delete_item(TableName=table.table, Key={"Id": {"S": "4"}, "Part": {"S": "-"}})
    assert run(table, "verify", "--no-athena").returncode == 1


def test_plan_dry_run_and_doctor_know_a_table_without_index(plain, run):
    """A plan has the scan first and no index query; a dry run names the table; doctor finds the quarantine alone."""
    table = filled(plain())
    planned = run(table, "plan", "--all", "--json")
    assert planned.returncode == 0, planned.stderr
    found = json.loads(planned.stdout)
    assert ([cost["way"] for cost in found["costs"]], found["items"]) == (["table scan", "export to S3"], 13)
    dry = run(table, "export", "--dry-run", "--all")
    assert dry.stdout.startswith(f"rows: would read every day from {table.table}\n")
    assert "\n  scans the whole table\n" in dry.stdout
    table.export(everything=True)
    now = dt.datetime(2026, 2, 20, 9, tzinfo=dt.UTC)
    assert [finding.kind for finding in examine(table.settings(), now)] == ["quarantine"]


def test_discover_proposes_a_scan_that_the_exporter_reads(plain):
    """With --date-attribute the proposal is of kind scan, with the attribute's type and format as sampled."""
    table = filled(plain())
    with pytest.raises(UsageError, match="--date-attribute"):
        discover(DiscoveryRequest("us-east-1", table.table, None), table.job(everything=True).clock())
    request = DiscoveryRequest("us-east-1", table.table, None, date_attribute="Placed")
    found = discover(request, table.job(everything=True).clock())
    source = dataset_from_text(proposal_text(found.proposal, "s.json"), "d.yaml").source
    assert (source.base, source.table, source.sort_key, source.date_format) == ("scan", table.table, "Placed", "ISO")
    with pytest.raises(UsageError, match="has a text or a number in Nothing; it has: Amount, Id, Part, Placed"):
        discover(
            DiscoveryRequest("us-east-1", table.table, None, date_attribute="Nothing"), table.job(**NOW_DAYS).clock()
        )


def test_discover_keeps_to_the_kind_of_an_existing_file(plain, run, tmp_path):
    """A file of kind scan is sampled by its own date attribute; --index, which fits another kind, is refused."""
    table, file = filled(plain()), tmp_path / "orders.yaml"
    file.write_text(
        f"name: orders\nsource: {{kind: scan, table: {table.table}, date_attribute: Placed}}\n"
        "columns:\n  - {name: amount, attribute: Amount, type: bigint}\n"
    )
    found = run(table, "discover", "--dataset", str(file))
    assert found.returncode == 0, found.stderr
    assert '+  - {name: amount, attribute: Amount, type: "decimal(38,2)"}' in found.stdout
    refused = run(table, "discover", "--dataset", str(file), "--index", "by-kind")
    assert refused.returncode == 2
    assert "declares a source of kind scan, which --index does not fit" in refused.stderr


def test_a_table_that_is_not_there_is_named(plain):
    """A missing table is an error with its name, not an empty export."""
    table = plain(DYNAMO_TABLE_NAME="nowhere")
    table.variables["DYNAMO_TABLE_NAME"] = "nowhere"
    entry = table.job(everything=True).run()
    assert entry.status == "failed"
    assert entry.error.startswith("cannot read table nowhere")
