"""Days on which TTL has begun to remove items, in every state of the records."""

import datetime as dt
import json

import pytest

from exporter.sources.rate_limiter import RateLimiter

LATER = {"start": "2026-02-10", "end": "2026-02-10"}


@pytest.fixture
def expired(scene, tmp_path):
    """A day of ten items, published; seven have expired since."""
    table = scene(GSI_PK_VALUE="A")
    file = tmp_path / "dataset.yaml"
    file.write_text(
        f"name: rows\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, partition_values: [A], "
        "sort_key: At}\nretention: {expires_after_days: 5}\n"
    )
    table.variables |= {"DATASET": str(file)}
    for number in range(10):
        table.put(str(number), f"2026-02-10T0{number}:00:00Z")
    table.put("new", "2026-02-19T10:00:00Z")
    table.export(**LATER)
    table.delete(*(str(number) for number in range(7)))
    return table


def with_all_records(table) -> None:
    assert table.manifest().rows == 10


def without_manifest(table) -> None:
    table.s3.delete_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json")


def without_the_day(table) -> None:
    manifest = json.loads(table.read("_manifest.json"))
    del manifest["days"]["2026-02-10"]
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json", Body=json.dumps(manifest).encode())


def with_a_smaller_record(table) -> None:
    manifest = json.loads(table.read("_manifest.json"))
    manifest["days"]["2026-02-10"]["objects"][0] |= {"rows": 2, "etag": "0" * 32}
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json", Body=json.dumps(manifest).encode())


@pytest.mark.parametrize("change", [with_all_records, without_manifest, without_the_day, with_a_smaller_record])
@pytest.mark.parametrize("options", [LATER, {"everything": True}], ids=["the day", "everything"])
def test_an_expired_day_never_shrinks(expired, change, options):
    """Ten published rows stay ten, with a record, without one and with a wrong one; the run says why and fails."""
    change(expired)
    entry = expired.job(**options).run()
    assert (entry.status, "expires_after_days (5)" in (entry.error or "")) == ("failed", True)
    assert len(expired.days()["2026-02-10"]) == 10
    assert expired.job(**LATER, accept_empty=True).run().status == "succeeded"
    assert len(expired.days()["2026-02-10"]) == 3


@pytest.mark.parametrize("late", [7, 9], ids=["as many", "more"])
def test_late_rows_do_not_replace_as_many_expired_ones(expired, late):
    """Seven of ten have expired and seven or nine have come late: all are published, in this run and in the next."""
    for number in range(late):
        expired.put(f"late {number}", "2026-02-10T20:00:00Z")
    for _ in range(2):
        entry = expired.export(**LATER)
        assert sorted(expired.days()["2026-02-10"]) == [*"0123456789", *(f"late {number}" for number in range(late))]
        assert "2026-02-10: 7 rows stay although their items are deleted (expires_after_days 5)" in entry.warnings
    record = expired.manifest().days[dt.date(2026, 2, 10)]
    assert (record.rows, record.kept_rows) == (10 + late, 7)


def test_an_item_that_has_moved_off_an_expired_day_goes(expired):
    """Its row is stale, not expired: the table still has the item, under another day."""
    for number in range(8):
        expired.put(f"late {number}", "2026-02-10T20:00:00Z")
    expired.put("9", "2026-02-11T10:00:00Z")
    expired.export(start="2026-02-10", end="2026-02-11")
    assert "9" not in expired.days()["2026-02-10"]
    assert expired.days()["2026-02-11"] == ["9"]


def test_look_ups_are_counted(expired, monkeypatch):
    """Seven look-ups in one request at seven units: the run's read units are those of the pages, and seven."""
    for number in range(7):
        expired.put(f"late {number}", "2026-02-10T20:00:00Z")
    costs = {"pages": 0.0, "look-ups": 0.0}
    learn = RateLimiter.learn

    def learned(limiter, *, units, kind="pages", **others):
        costs[kind] += units
        learn(limiter, units=units, kind=kind, **others)

    monkeypatch.setattr(RateLimiter, "learn", learned)
    entry = expired.export(**LATER)
    assert costs["look-ups"] >= 0.5
    assert entry.read_units == round(sum(costs.values()), 1)
