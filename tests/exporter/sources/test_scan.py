"""A scan of the base table gives what the index gives: the same rows, quarantine and manifest."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.sources.item_bodies import ItemBodies, ItemKeys

DAYS = {"start": "2026-02-16", "end": "2026-02-19"}


def fill(table, sort_type="S"):
    """Items of every kind that the filter must decide about."""
    for number in range(40):
        at = f"2026-02-{16 + number % 4}T{number % 24:02}:00:00Z"
        kind = "AB"[number % 2]
        table.put(f"{number:02}", at, kind, Amount={"N": f"{number}.10"}, Note={"S": "x" * (number * 50)})
    table.put("other", "2026-02-17T09:00:00Z", "C")
    table.put("before", "2026-02-10T09:00:00Z")
    table.put("unreadable", "someday")
    table.put("odd", "2026-02-18T09:00:00Z", Amount={"S": "none"})
    # Neither is in the index: one lacks its sort key, one its partition key.
    table.dynamodb.put_item(TableName=table.table, Item={"Id": {"S": "undated"}, "Kind": {"S": "A"}})
    table.dynamodb.put_item(TableName=table.table, Item={"Id": {"S": "unkind"}, "At": {"S": "2026-02-18T09:00:00Z"}})


def outcome(table):
    """What an export has published, without what differs from run to run."""
    facts = {
        day: (record.rows, record.withheld, record.key_hash, record.values, record.rows_by_partition_value)
        for day, record in table.manifest().days.items()
        if record.rows
    }
    quarantined = sorted((line["reason"], msgspec.json.encode(line["item"])) for line in table.quarantine())
    return table.rows(), quarantined, facts, table.read("_schema.json")


@pytest.mark.parametrize("ranges", [1, 3])
def test_a_scan_publishes_what_the_index_publishes(scene, ranges):
    """Rows, columns, quarantine, key hashes and counts by partition value are equal; the ledger names the source."""
    by_index, by_scan = scene(), scene()
    for table in (by_index, by_scan):
        fill(table)
    by_index.export(everything=True)
    entry = scanned(by_scan, ranges, everything=True)
    assert entry.options["source"] == "scan"
    rows, quarantined, facts, _ = outcome(by_index)
    assert [reason for reason, _ in quarantined] == ["At: no readable date: 'someday'"]
    assert sorted(by_scan.days()) == ["2026-02-10", "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19"]
    assert outcome(by_scan)[:3] == (rows, quarantined, facts)


def scanned(table, ranges=3, **options):
    """Run a scan and require that it succeeds."""
    from dataclasses import replace

    job = table.job(**(options or DAYS))
    job.request = replace(job.request, source="scan", ranges=ranges)
    job.__post_init__()
    entry = job.run()
    assert entry.status == "succeeded", entry.error
    return entry


def test_rows_of_a_scanned_day_are_in_sort_key_order(scene, monkeypatch):
    """A scan has no order, so a day is sorted on disk, in several runs if it is large."""
    monkeypatch.setattr("exporter.targets.sorted_runs.RUN_BYTES", 2000)
    monkeypatch.setattr("exporter.targets.spool.BUFFER_BYTES", 4000)
    table = scene()
    for number in range(60):
        table.put(f"{number * 37 % 60:02}", f"2026-02-16T{number % 24:02}:{number:02}:00Z", "AB"[number % 2])
    scanned(table, start="2026-02-16", end="2026-02-16")
    keys = table.table_of("year=2026/month=02/day=16/data.parquet").column("at").to_pylist()
    assert len(keys) == 60
    assert keys == sorted(keys)


def test_an_index_with_a_projection_is_scanned_with_its_attributes_alone(scene):
    """An attribute that the index does not carry is not published, as from the index."""
    table = scene()
    table.dynamodb.update_table(
        TableName=table.table,
        AttributeDefinitions=[  # the table's key as well: moto forgets it otherwise, which DynamoDB does not
            {"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Kind", "At")
        ],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "narrow",
                    "KeySchema": [
                        {"AttributeName": "Kind", "KeyType": "HASH"},
                        {"AttributeName": "At", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Amount"]},
                }
            }
        ],
    )
    table.variables["GSI_NAME"] = "narrow"
    table.put("1", "2026-02-16T09:00:00Z", Amount={"N": "5"}, Secret={"S": "x"})
    scanned(table, start="2026-02-16", end="2026-02-16")
    assert list(table.rows()["1"]) == ["amount", "at", "id", "kind", "_day"]


def test_backfill_scans_once_for_all_days(scene, run):
    """`backfill --source scan` is one run over all days that are not closed; chunks make no sense for it."""
    table = scene()
    fill(table)
    done = run(table, "backfill", "--source", "scan", "--start", "2026-01-20", "--end", "2026-02-19", "--json")
    assert done.returncode == 0, done.stderr
    report = msgspec.json.decode(done.stdout.splitlines()[-1])
    assert (len(report["runs"]), report["rows"]) == (1, 42)
    refused = run(
        table, "backfill", "--source", "scan", "--chunk-days", "5", "--start", "2026-01-20", "--end", "2026-02-19"
    )
    assert refused.returncode == 2
    assert "leave out --chunk-days" in refused.stderr


def test_a_number_key_is_compared_as_a_number():
    """An item's 1.0 belongs to the value 1; the value's spelling is the dataset's."""
    bodies = ItemBodies(ItemKeys("kind", "N", ("1", "2"), "at", "N"))
    items = [msgspec.Raw(b'{"kind":{"N":"1.0"},"at":{"N":"5"}}'), msgspec.Raw(b'{"kind":{"N":"3"},"at":{"N":"5"}}')]
    assert bodies.split(items) == [("1", b'{"Items":[{"kind":{"N":"1.0"},"at":{"N":"5"}}]}')]


@given(
    st.lists(st.tuples(st.sampled_from(["A", "B", "C", None]), st.one_of(st.none(), st.integers(0, 50))), max_size=30)
)
def test_a_page_is_split_without_loss_and_in_order(entries):
    """Every item with a wanted value and a sort key is in exactly one body, by sort key."""
    items = [
        {
            "n": {"N": str(number)},
            **({"kind": {"S": kind}} if kind else {}),
            **({} if at is None else {"at": {"N": str(Decimal(at) / 10)}}),
        }
        for number, (kind, at) in enumerate(entries)
    ]
    bodies = ItemBodies(ItemKeys("kind", "S", ("A", "B"), "at", "N"))
    found = {
        value: msgspec.json.decode(body)["Items"]
        for value, body in bodies.split(msgspec.Raw(msgspec.json.encode(item)) for item in items)
    }
    for value in ("A", "B"):
        wanted = [item for item in items if item.get("kind") == {"S": value} and "at" in item]
        assert found.get(value, []) == sorted(wanted, key=lambda item: Decimal(item["at"]["N"]))


def test_a_scan_states_the_read_units_of_its_bytes(scene):
    """A hundred items of 2,000 bytes are 49 times 4 KB: 24.5 units, although half of them are of another kind.

    Types are those of the index: fifty items are 12.5 units; two questions about the empty value are half a unit each.
    """
    table = scene()
    for number in range(100):
        table.put(f"{number:03}", "2026-02-16T09:00:00Z", "AC"[number % 2], Note={"S": "x" * 1964})
    entry = scanned(table, ranges=1, start="2026-02-16", end="2026-02-16")
    assert (entry.rows, entry.read_units) == (50, 24.5 + 12.5 + 0.5 + 0.5)
