"""`exporter plan`: what an export would cost, before anything is spent on it."""

import datetime as dt
import json

import boto3
import pytest

from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord
from exporter.cli.inspect.plan import estimate_text
from exporter.errors import SchemaConflict, SourceError
from exporter.estimates.cost import Assumptions, Cost, Estimate, costs, known_rows, table_costs
from exporter.estimates.estimator import estimate
from exporter.estimates.query_cost import query_cost
from exporter.run.request import request_from_options
from exporter.sources.description import SourceDescription, describe_source
from exporter.sources.table_export.recovery import table_is_recoverable

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
DAYS = {"start": "2026-02-16", "end": "2026-02-17"}


def plan(table, *, assumed=None, variables=None, **options):
    settings = table.settings(**(variables or {}))
    return estimate(settings, request_from_options(settings, NOW, **options), assumed or Assumptions(), NOW)


def filled(scene, **variables):
    table = scene(**variables)
    for number in range(12):
        table.put(f"{number}", f"2026-02-{15 + number % 4}T10:00:00Z", "AB"[number % 2])
    return table


def test_days_in_the_manifest_are_known_and_the_others_guessed_from_them(scene):
    """Published days count as published; a day that was never read counts as the mean of the known days near it."""
    table = filled(scene)
    table.export(start="2026-02-16", end="2026-02-16")
    table.export(start="2026-02-18", end="2026-02-18")
    found = plan(table, **DAYS)
    assert found.items == 6
    assert found.basis[:2] == ("1 days from the manifest", "1 days by the mean of the known days nearest to them")
    assert found.items_read == 12


def test_an_unknown_table_is_sampled(scene):
    """Before the first export a few small pages are read; where they hold everything, nothing is guessed."""
    found = plan(filled(scene), **DAYS)
    assert (found.items, found.items_read, found.sampled_pages) == (6, 12, 2)
    assert found.sampled_units > 0
    assert "the sampled pages held every item" in found.basis
    assert found.days == (dt.date(2026, 2, 16), dt.date(2026, 2, 17))


def test_a_large_table_is_guessed_from_the_density_of_its_ends(scene, monkeypatch):
    """Items per hour on the first and last page of a value, over the window's hours, stand for what is between."""
    from exporter.sources.partial_reads import sampler

    monkeypatch.setattr(sampler, "ITEMS_PER_PAGE", 5)
    table = scene(GSI_PK_VALUE="A")
    start = dt.datetime(2026, 2, 14, tzinfo=dt.UTC)
    for number in range(5 * 24):
        table.put(f"{number}", f"{start + dt.timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}")
    found = plan(table, **DAYS)
    assert (found.items, found.items_read) == (48, 96)
    assert found.basis[0].startswith("an estimate from 2 pages")


def test_everything_is_what_dynamodb_last_counted(scene):
    """--all takes DescribeTable's count, and says how old it may be."""
    found = plan(filled(scene), everything=True)
    assert (found.items, found.items_read, found.days) == (12, 12, None)
    assert "as DynamoDB last counted them, up to six hours ago" in found.basis[0]


def test_keys_that_do_not_sort_are_read_whole(scene):
    """HUMAN_READABLE: the whole key is read for one day, and the plan says so."""
    table = scene(DATE_FORMAT="HUMAN_READABLE")
    for day in range(10, 20):
        table.put(f"{day}", f"February {day}, 2026 10:00 AM")
    table.export(**DAYS)
    found = plan(table, start="2026-02-16", end="2026-02-16")
    assert (found.items, found.items_read) == (1, 10)
    assert any("the whole key is read" in warning for warning in found.warnings)


def test_text_keys_are_widened_and_numbers_are_not(scene):
    """Text keys may carry offsets, so neighbouring days are read as well; epoch numbers are read exactly."""
    text = plan(filled(scene), **DAYS)
    assert any("text keys may carry offsets" in warning for warning in text.warnings)
    table = scene(sort_type="N", DATE_FORMAT="EPOCH")
    table.put("1", "1771236000")
    table.put("2", "1771409000")
    numbers = plan(table, **DAYS)
    assert (numbers.items, numbers.items_read) == (1, 1)
    assert not any("offsets" in warning for warning in numbers.warnings)


def test_the_three_ways_are_priced(scene):
    """Half a read unit per 4 KB: 1 GB of 1 KB items is 122,070 units; a scan and an export are of the whole table."""
    description = SourceDescription(
        ("S",), "S", ("Id",), None, items=1_000_000, bytes=1_000_000_000, table_bytes=4_000_000_000
    )
    query, scan, export = costs(1_000_000, 1000 / 8192, description, 2, Assumptions())
    assert (query.way, query.read_units, round(query.dollars, 4)) == ("index query", 122_070.3 + 256, 0.0153)
    assert (scan.way, scan.read_units, round(scan.dollars, 4)) == ("table scan", 488_281.2, 0.061)
    assert (export.way, export.read_units, round(export.dollars, 2)) == ("export to S3", 0.0, 0.4)
    assert export.minutes is None
    assert (query.arithmetic, export.arithmetic) == (
        "122,326.3 read units x $0.125 a million", "4.000 GB x $0.1 a GB",
    )  # fmt: skip
    assert [cost.loses.split(",")[0] for cost in (query, scan, export)] == ["when an item was deleted"] * 3
    assert "before the whole table has been read and sorted" in scan.loses
    assert "what was written after its time" in export.loses
    slow = costs(1_000_000, 1000 / 8192, description, 0, Assumptions(max_read_units=100))[0]
    assert slow.minutes == pytest.approx(122_070.3 / 100 / 60, abs=0.01)
    dear = costs(1_000_000, 1000 / 8192, description, 0, Assumptions(dollars_per_million_read_units=0.25))[0]
    assert dear.dollars == pytest.approx(0.0305, abs=0.0001)


def test_recovery_that_is_off_is_a_part_of_an_export_s_price():
    """4 GB: $0.40 for the export, $0.80 more for a month of recovery where it is off; a task takes 30 s."""
    description = SourceDescription(
        ("S",), "S", ("Id",), None, items=0, table_items=1_800_000, table_bytes=4_000_000_000
    )
    found = {state: table_costs(description, Assumptions(), is_recoverable=state)[1] for state in (None, True, False)}
    assert {state: round(cost.dollars, 2) for state, cost in found.items()} == {None: 0.4, True: 0.4, False: 1.2}
    assert found[False].arithmetic == "4.000 GB x $0.1 a GB + 4.000 GB x $0.2 for a month of recovery"
    assert found[False].remark.endswith("point-in-time recovery is off, and a month of it is counted")
    assert found[True].remark.endswith("point-in-time recovery is on")
    assert round(found[True].task_dollars, 6) == 0.000411
    assert round(found[True].total, 6) == 0.400411


def test_a_query_in_athena_is_priced_by_what_is_published():
    """10 million rows of 100 bytes are 1 GB: $5 x 1e9 / 2**40 = $0.004547. An item has 500 bytes in the table."""
    described = SourceDescription(("S",), "S", ("Id",), None, items=0, table_items=4, table_bytes=2000)
    written = ObjectRecord(key="k", etag="e", run_id="r", rows=50, bytes=5_000)
    day = DayRecord(day=dt.date(2026, 2, 16), objects=(written,), state="closed", read_at=NOW)
    manifest = Manifest(dataset="d", location="s3://b/d/", time_zone="UTC", updated_at=NOW, days={day.day: day})
    published = query_cost(10_000_000, described, manifest)
    assert published.arithmetic == "10,000,000 rows x 100.0 bytes a row as published x $5 a TB"
    assert round(published.dollars, 6) == 0.004547
    before = query_cost(10_000_000, described, None)
    assert before.arithmetic == "10,000,000 rows x 500.0 bytes an item, at most x $5 a TB"
    assert round(before.dollars, 6) == 0.022737
    few = query_cost(10, described, None)
    assert (few.arithmetic, round(few.dollars, 8)) == (
        "10 rows x 500.0 bytes an item, at most x $5 a TB, 10 MB at least", 0.00004768,
    )  # fmt: skip
    assert query_cost(10, SourceDescription(("S",), "S", ("Id",), None, items=0), None) is None


def test_provisioned_capacity_sets_the_hours():
    """1 TB is 134,217,728 read units: at 1,000 a second 37.3 h, at 500 74.6; 8,192 units of an index at 50 take 164 s.

    On demand the same scan takes 9.2 h, for 2 billion items at 60,000 a second.
    """
    size = {"table_items": 1_984_625_453, "table_bytes": 1 << 40}
    index = SourceDescription(
        ("S",), "S", ("Id",), None, items=0, provisioned_read_units=50, table_read_units=1000, **size
    )
    query, scan, _ = costs(65_536, 1 / 8, index, 0, Assumptions())
    assert (scan.read_units, round(scan.minutes / 60, 1)) == (134_217_728.0, 37.3)
    assert (query.read_units, query.minutes) == (8192.0, 2.73)
    limited = costs(65_536, 1 / 8, index, 0, Assumptions(max_read_units=500))[1]
    assert round(limited.minutes / 60, 1) == 74.6
    on_demand = SourceDescription(("S",), "S", ("Id",), None, items=0, **size)
    assert round(table_costs(on_demand, Assumptions())[0].minutes / 60, 1) == 9.2


def test_what_a_table_has_provisioned_is_described(scene):
    """The capacities of table and index are separate, since a scan takes that of the table."""
    table = scene()
    change = {"ReadCapacityUnits": 30, "WriteCapacityUnits": 5}
    index = {"IndexName": table.settings().dataset.index_source.index, "ProvisionedThroughput": change}
    more = {"ReadCapacityUnits": 70, "WriteCapacityUnits": 5}
    table.dynamodb.update_table(
        TableName=table.table, BillingMode="PROVISIONED", ProvisionedThroughput=more,
        GlobalSecondaryIndexUpdates=[{"Update": index}],
    )  # fmt: skip
    found = describe_source(table.dynamodb, table.settings().dataset)
    assert (found.provisioned_read_units, found.table_read_units) == (30, 70)


def test_the_cheapest_way_counts_the_task_that_decodes():
    """An index of few bytes and many items is read for less, but decoded for more, than a table of few items."""
    dear = Cost("index query", 1.0, 0.01, 1.0, "", task_dollars=0.03)
    cheap = Cost("table scan", 1.0, 0.02, 1.0, "", task_dollars=0.01)
    unknown = Cost("export to S3", None, None, None, "")
    found = Estimate("rows", "t/i", (), None, 1, 1, (), 0, 0.0, (dear, cheap, unknown))
    assert found.cheapest is cheap
    assert found.plain()["cheapest"] == "table scan"


def test_whether_recovery_is_on_is_asked_and_may_be_unknown(scene):
    """Off, on, and None where DynamoDB does not say: a plan never fails for it."""
    table = filled(scene)
    assert table_is_recoverable(table.dynamodb, table.table) is False
    table.dynamodb.update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert table_is_recoverable(table.dynamodb, table.table) is True
    assert table_is_recoverable(table.dynamodb, "nowhere") is None


def test_a_measured_index_needs_no_sample(scene, monkeypatch):
    """Where DescribeTable knows items and bytes, no page is sampled for --all.

    Before the first export the plan still asks three small questions about wrong settings, half a unit each: one item
    of each value, and the first items of one value.
    """
    from exporter.run import preflight

    described = SourceDescription(("S",), "S", ("Id",), None, items=4096, bytes=4096 * 2048, table_bytes=8192 * 5000)
    monkeypatch.setattr(preflight, "describe_source", lambda *_: described)
    found = plan(filled(scene), everything=True)
    assert (found.items, found.sampled_pages, found.sampled_units) == (4096, 0, 1.5)
    assert [cost.read_units for cost in found.costs] == [1024.0 + 256, 5000.0, 0.0]


def test_a_plan_refuses_what_an_export_would_refuse(scene):
    """A missing table and a changed source are reported before anything is read."""
    table = filled(scene)
    with pytest.raises(SourceError, match="cannot read table nowhere"):
        plan(table, variables={"DYNAMO_TABLE_NAME": "nowhere"}, **DAYS)
    table.export(**DAYS)
    with pytest.raises(SchemaConflict, match="time zone"):
        plan(table, variables={"TIME_ZONE": "Europe/Berlin"}, **DAYS)


def test_an_index_that_lacks_attributes_is_named(scene):
    """KEYS_ONLY: the plan says what the index carries; with a declared attribute beyond that it refuses."""
    table = scene()
    boto3.client("dynamodb").update_table(
        TableName=table.table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Kind", "At")],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "keys",
                    "KeySchema": [
                        {"AttributeName": "Kind", "KeyType": "HASH"},
                        {"AttributeName": "At", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )
    found = plan(table, variables={"GSI_NAME": "keys"}, **DAYS)
    assert "index keys carries only At, Id, Kind; other attributes are not exported" in found.warnings


def test_a_plan_changes_nothing(scene):
    """Nothing is written: no ledger entry, no schema, no object."""
    table = filled(scene)
    plan(table, **DAYS)
    assert table.keys("") == []


def test_no_days_known_means_no_mean():
    """Without a manifest there is nothing to take a mean of."""
    assert known_rows([dt.date(2026, 2, 16)], None).mean is None


def test_people_see_the_comparison_and_what_it_rests_on(scene):
    """The text names items, units, price and time, the three ways, and what the estimate itself has cost."""
    text = estimate_text(plan(filled(scene), **DAYS))
    for expected in ("items       about 6", "index query", "table scan", "export to S3", "us-east-1, November 2024"):
        assert expected in text
    assert "  index query does not show when an item was deleted" in text
    assert "  cheapest of the ways with a price: index query; every way gives the same rows" in text
    assert "this estimate read 2 pages" in text
    assert "Athena" not in text
    assert "the other ways cannot be priced" in text  # the stand-in measures no table


def test_the_command_prints_json_or_text(scene, run):
    """`plan --json` is one line with every figure; wrong usage exits with 2."""
    table = filled(scene)
    done = run(table, "plan", "--start", "2026-02-16", "--end", "2026-02-17", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["items"], found["costs"][0]["way"]) == (6, "index query")
    assert run(table, "plan", "--mode", "PREVIOUS_DAY", "--all").returncode == 2
