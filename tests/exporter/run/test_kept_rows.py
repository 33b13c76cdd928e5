"""`keep_deleted`: rows of deleted items stay when their day is read again, and rows of moved items do not."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dataset_model.columns.types import DOUBLE
from dataset_model.records.table_schema import TableSchema
from exporter.errors import SourceError
from exporter.run.kept_rows import kept_rows
from exporter.sources.description import describe_source
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.object_store import Store

DAY, NEXT = "2026-02-16", "2026-02-17"
FIRST = dt.date(2026, 2, 16)
WINDOW = {"start": DAY, "end": NEXT}


by_both = pytest.mark.parametrize("keeping", ["index", "scan"], indirect=True)


@pytest.fixture
def keeping(scene, tmp_path, request):
    """A table with a dataset that keeps what is deleted; `a`, `b` and `c` are published on the first day."""
    made = scene()
    source = {"table": made.table, "date_format": "ISO", "time_zone": "UTC"}
    by_index = {"index": "by-kind", "partition_key": "Kind", "partition_values": ["A", "B"], "sort_key": "At"}
    by_scan = {"kind": "scan", "date_attribute": "At"}
    content = {
        "name": "keeping",
        "source": source | (by_scan if getattr(request, "param", "index") == "scan" else by_index),
        "target": {"prefix": made.prefix, "database": made.database, "table": "rows"},
        "retention": {"keep_deleted": True},
    }
    file = tmp_path / "keeping.yaml"
    file.write_text(yaml.safe_dump(content))
    made.variables = {"S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DATASET": str(file)}
    for identity in "abc":
        made.put(identity, f"{DAY}T10:00:00Z", Note={"S": f"note {identity}"})
    made.export(**WINDOW)
    return made


@by_both
def test_a_deleted_row_stays_where_another_item_has_come(keeping):
    """Three items before and three after: the day is compared by key, not counted."""
    keeping.delete("a")
    keeping.put("d", f"{DAY}T11:00:00Z")
    entry = keeping.export(**WINDOW)
    assert keeping.days() == {DAY: ["a", "b", "c", "d"]}
    assert keeping.rows()["a"]["note"] == "note a"
    assert f"{DAY}: 1 rows stay although their items are deleted (keep_deleted)" in entry.warnings
    record = keeping.manifest().days[FIRST]
    assert (record.rows, record.kept_rows) == (4, 1)


def test_a_day_with_fewer_items_takes_what_is_new(keeping):
    """Two items are gone and one has changed: the change arrives, and nothing is lost, in any later run."""
    keeping.delete("a", "b")
    keeping.put("c", f"{DAY}T10:00:00Z", Note={"S": "changed"}, Late={"N": "5"})
    for _ in range(2):
        entry = keeping.export(**WINDOW)
        found = {identity: (row["note"], row["late"]) for identity, row in keeping.rows().items()}
        assert found == {"a": ("note a", None), "b": ("note b", None), "c": ("changed", 5.0)}
        assert (entry.rows, entry.items) == (3, 1)


@by_both
def test_an_item_that_has_moved_is_published_once(keeping):
    """To a day of this run, and to a day of none: its old row goes, because the table still has the item."""
    keeping.put("a", f"{NEXT}T10:00:00Z")
    keeping.put("b", "2026-01-05T10:00:00Z")
    keeping.delete("c")
    keeping.put("d", f"{DAY}T11:00:00Z")
    keeping.export(**WINDOW)
    assert keeping.days() == {DAY: ["c", "d"], NEXT: ["a"]}


def test_a_deleted_item_that_comes_back_is_published_once(keeping):
    """Its new row takes the place of the one that was kept."""
    keeping.delete("a")
    keeping.export(**WINDOW)
    keeping.put("a", f"{DAY}T12:00:00Z", Note={"S": "again"})
    entry = keeping.export(**WINDOW)
    assert {identity: row["note"] for identity, row in keeping.rows().items()}["a"] == "again"
    assert (entry.rows, keeping.manifest().days[FIRST].kept_rows) == (3, 0)


def test_accept_empty_takes_deleted_rows_away(keeping):
    """The operator may decide that they go."""
    keeping.delete("a")
    keeping.export(**WINDOW, accept_empty=True)
    assert keeping.days() == {DAY: ["b", "c"]}


def test_records_and_rows_agree_after_rows_were_kept(keeping, run):
    """`verify` finds nothing: the source may hold less than a day of such a dataset."""
    keeping.delete("a")
    keeping.put("d", f"{DAY}T11:00:00Z", kind="B")
    keeping.export(**WINDOW)
    found = run(keeping, "verify", "--start", DAY, "--end", NEXT, ATHENA_RESULTS="s3://reports/results/")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "2 days: rows stay when their items are deleted (keep_deleted)" in found.stdout
    assert "expires_after_days" not in found.stdout


def test_a_table_that_cannot_be_asked_replaces_nothing(keeping, monkeypatch):
    """Without the right to look items up the run fails with its name, and the day stays as it is."""

    def refused(*_, **__):
        raise SourceError("The role needs dynamodb:BatchGetItem on the table.")

    monkeypatch.setattr("exporter.sources.partial_reads.item_lookup.ItemLookup.items", refused)
    keeping.delete("a")
    keeping.put("d", f"{DAY}T11:00:00Z")
    entry = keeping.job(**WINDOW).run()
    assert (entry.status, "dynamodb:BatchGetItem" in entry.error) == ("failed", True)
    assert keeping.days() == {DAY: ["a", "b", "c"]}


def test_a_key_that_a_file_does_not_hold_exactly_cannot_be_told(keeping, tmp_path):
    """A number in a DOUBLE column may stand for several keys: items of such a day are counted instead."""
    dataset, client, store = keeping.settings().dataset, keeping.dynamodb, Store(keeping.s3, "reports")
    schema = TableSchema.model_validate_json(keeping.read("_schema.json"))
    doubles = schema.model_copy(
        update={"columns": tuple(column.model_copy(update={"type": DOUBLE}) for column in schema.columns)}
    )
    objects = list(store.objects(f"{keeping.prefix}/year="))
    found = [
        kept_rows(
            dataset, describe_source(client, dataset), client, store, tmp_path, RateLimiter(1), lambda _: True
        ).can_tell(FIRST, objects, each)
        for each in (schema, doubles)
    ]
    assert found == [True, False]


def test_a_key_that_its_column_did_not_take_cannot_be_told(keeping, tmp_path):
    """A key is null where it contradicts its column: the table is not asked for such an item as if it had no key."""
    dataset, client, store = keeping.settings().dataset, keeping.dynamodb, Store(keeping.s3, "reports")
    schema = TableSchema.model_validate_json(keeping.read("_schema.json"))

    def can_tell():
        objects = list(store.objects(f"{keeping.prefix}/year="))
        source = describe_source(client, dataset)
        found = kept_rows(dataset, source, client, store, tmp_path, RateLimiter(1), lambda _: True)
        return found.can_tell(FIRST, objects, schema)

    assert can_tell()
    (key,) = keeping.keys()
    rows, file = keeping.table_of(key), tmp_path / "rows.parquet"
    pq.write_table(rows.set_column(0, "id", pa.array(["a", None, "c"])), file)
    keeping.s3.upload_file(str(file), "reports", f"{keeping.prefix}/{key}")
    assert not can_tell()
