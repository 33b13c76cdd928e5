"""`exporter verify`: DynamoDB, manifest, objects and Athena compared, against the stand-in's own Athena.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import dataclasses
import datetime as dt
import io
import json

import pyarrow.parquet as pq
import pytest
from changing import event, item, write

from dataset_model.records.verification import Verification
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.cli.inspect.verify import verification_text
from exporter.errors import UsageError
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.sources.description import describe_source

from .verifying import FILE, MONDAY, NOW, RESULTS, UTC, WEEK, disagreeing, filled, verify


def test_what_was_just_exported_agrees_everywhere(scene):
    """Items, rows, Athena's rows and keys, the footers and the key hash are the same, per day and partition value."""
    table = filled(scene)
    table.export(**WEEK)
    found = verify(table)
    assert found.agrees, found
    assert (found.items, found.rows, found.withheld, found.unaccounted) == (3, 3, 0, 0)
    monday = next(day for day in found.days if day.day == MONDAY)
    assert (monday.items, monday.rows, monday.object_rows, monday.athena_rows, monday.athena_keys) == (2, 2, 2, 2, 2)
    assert monday.key_hash == monday.published_key_hash != ""
    assert {name: (value.items, value.rows, value.athena_rows) for name, value in monday.values.items()} == {
        "A": (1, 1, 1),
        "B": (1, 1, 1),
    }
    assert found.read_units > 0
    assert found.athena_bytes is not None


@pytest.mark.parametrize(
    ("source", "workers"), [("index", None), ("scan", None), ("scan", 1), ("table-export", None), ("table-export", 1)]
)
def test_what_every_way_has_read_is_verified(scene, monkeypatch, source, workers):
    """After each way the days agree, and an item that came since is found; what is held against them is the index."""
    monkeypatch.setattr("exporter.sources.table_export.exporting.POLL_SECONDS", 0.01)
    table = filled(scene)
    table.dynamodb.update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    settings = table.settings()
    week = Window(*map(dt.date.fromisoformat, WEEK.values()), settings.dataset.zone)
    request = BackfillRequest(week, source=source, workers=workers)
    assert Backfill(settings, request).run().error is None
    now = dt.datetime.now(UTC)
    found = verify(table, tuple(WEEK.values()), now=now)
    assert (found.agrees, found.items, found.rows, found.unaccounted) == (True, 3, 3, 0)
    table.put("late", "2026-02-16T10:00:00Z")
    assert list(disagreeing(verify(table, tuple(WEEK.values()), now=now))) == ["2026-02-16"]


def test_what_was_found_is_stored_and_marks_the_days(scene):
    """The comparison is stored under `_verify/`; days that agree have `verified_at`, and lose it when they disagree."""
    table = filled(scene)
    table.export(**WEEK)
    before = table.manifest()
    found = verify(table)
    (key,) = table.keys("_verify/")
    assert Verification.model_validate_json(table.read(key)) == found
    manifest = table.manifest()
    assert manifest.days[MONDAY].verified_at == NOW
    assert manifest.version == before.version + 1
    assert manifest.updated_at == before.updated_at
    table.put("late", "2026-02-16T12:00:00Z")
    verify(table, ("2026-02-16", "2026-02-16"))
    assert table.manifest().days[MONDAY].verified_at is None
    assert table.manifest().days[dt.date(2026, 2, 18)].verified_at == NOW


def test_a_late_item_is_found(scene):
    """An item that came after its day was published is a disagreement of that day and value, and of no other."""
    table = filled(scene)
    table.export(**WEEK)
    table.put("late", "2026-02-16T12:00:00Z", "B")
    assert disagreeing(verify(table)) == {
        "2026-02-16": (
            "DynamoDB holds 3 items, published are 2",
            "B: DynamoDB holds 2 items, published are 1",
        )
    }


def test_an_exchanged_item_is_found_by_the_hash_alone(scene):
    """As many items as before, one of them another: counts agree everywhere and the hash of the keys does not."""
    table = filled(scene)
    table.export(**WEEK)
    table.delete("1")
    table.put("other", "2026-02-16T09:58:00Z")
    assert disagreeing(verify(table)) == {
        "2026-02-16": ("as many items as are published, but not the same ones: their keys differ",)
    }


def test_unreadable_dates_are_found_that_a_window_skips(scene):
    """An item with an unreadable date is on no day: only the whole key shows it, and quarantine accounts for it."""
    table = filled(scene)
    table.export(**WEEK)
    table.put("odd", "sometime in spring")
    assert verify(table, ("2026-02-13", "2026-02-19")).agrees
    found = verify(table)
    assert (found.agrees, found.items, found.rows, found.unaccounted) == (False, 4, 3, 1)
    assert "no readable date: 'sometime in spring'" in found.disagreements[0]
    table.export(everything=True)
    found = verify(table)
    assert (found.agrees, found.items, found.rows, found.withheld, found.unaccounted) == (True, 4, 3, 1, 0)


def test_a_full_export_sets_aside_every_unreadable_key_wherever_it_sorts(scene):
    """Keys without a date are before, between and after the ranges that an export cuts; none of them is lost."""
    table = scene(**RESULTS)
    for number in range(96):
        day = dt.date(2026, 1, 1) + dt.timedelta(days=number % 48)
        table.put(f"{number}", f"{day}T10:00:00Z", "AB"[number % 2], Padding={"S": "x" * 100_000})
    odd = ["0", "2026-01-00T", "2026-01-15T25:00:00Z", "2026-01-3", "2026-01-31Tz", "2026-01-32", "2026-02-3x", "zzz"]
    for number, at in enumerate(odd):
        table.put(f"odd-{number}", at)
    table.export(everything=True)
    found = verify(table)
    assert (found.agrees, found.withheld, found.rows) == (True, 8, 96), found.disagreements


def test_a_deleted_object_is_found(scene):
    """A removed object is named, together with Athena's lower count."""
    table = filled(scene)
    table.export(**WEEK)
    table.s3.delete_object(Bucket="reports", Key=f"{table.prefix}/{FILE}")
    assert disagreeing(verify(table)) == {
        "2026-02-16": (
            "data.parquet is not in the bucket",
            "Athena counts 0 rows, the manifest says 2",
            "A: Athena counts 0 rows, the manifest says 1",
            "B: Athena counts 0 rows, the manifest says 1",
        )
    }


def test_a_changed_object_is_found(scene):
    """An overwritten object has another ETag, and its footer shows how many rows it holds now."""
    table = filled(scene)
    table.export(**WEEK)
    rewritten = io.BytesIO()
    pq.write_table(table.table_of(FILE).slice(0, 1), rewritten)
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/{FILE}", Body=rewritten.getvalue())
    (monday,) = disagreeing(verify(table)).values()
    assert monday[:2] == (
        "data.parquet has changed since the manifest was written: another ETag",
        "data.parquet holds 1 rows, the manifest says 2",
    )
    assert "Athena counts 1 rows, the manifest says 2" in monday


def test_a_row_that_is_there_twice_is_found(scene):
    """A copy of the day's object is in no manifest; Athena counts its rows again and finds no new keys."""
    table = filled(scene)
    table.export(**WEEK)
    copy = FILE.replace("data.parquet", "data-copy.parquet")
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/{copy}", Body=table.read(FILE))
    (monday,) = disagreeing(verify(table)).values()
    assert "data-copy.parquet is not in the manifest" in monday
    assert "Athena counts 4 rows but 2 different keys" in monday


def test_a_forgotten_partition_value_is_found(scene, monkeypatch):
    """A value that the export did not read shows as items without rows; one that is not named shows as a note.

    The stand-in keeps no count of an index's items, so the test gives it.
    """
    from exporter.audit import verify as module

    def described(*arguments):
        return dataclasses.replace(describe_source(*arguments), items=3)

    monkeypatch.setattr(module, "describe_source", described)
    table = filled(scene)
    table.export(**WEEK, variables={"GSI_PK_VALUE": "A"})
    found = verify(table)
    assert "B: DynamoDB holds 1 items, published are 0" in disagreeing(found)["2026-02-16"]
    found = verify(table, variables={"GSI_PK_VALUE": "A"})
    assert found.agrees
    assert any("held 3 items" in note and "2 were found under A" in note for note in found.notes)


def test_open_days_are_distinguished(scene):
    """Today still changes after it was read: its items are shown; it neither disagrees nor counts as verified."""
    table = scene(**RESULTS)
    table.put("1", "2026-02-20T01:00:00Z")
    table.export(start="2026-02-20", end="2026-02-20")
    table.put("2", "2026-02-20T02:00:00Z")
    found = verify(table)
    (today,) = found.days
    assert (found.agrees, today.state, today.items, today.rows) == (True, "open", 2, 1)
    assert table.manifest().days[dt.date(2026, 2, 20)].verified_at is None
    assert any(note.startswith("1 open days") for note in found.notes)


def test_a_day_that_was_never_exported_is_found_once_it_is_due(scene):
    """Items of a past day without a record disagree; those of today have not been due yet."""
    table = filled(scene)
    table.export(start="2026-02-16", end="2026-02-16")
    table.put("4", "2026-02-20T08:00:00Z")
    found = verify(table)
    assert disagreeing(found) == {"2026-02-18": ("DynamoDB holds 1 items of a day that was never exported",)}
    assert "1 of 2 days agree" in verification_text(found, all_days=False)


def test_expired_days_may_have_lost_items(scene):
    """Where TTL has removed items of a day, DynamoDB may hold less than is published, and never more."""
    table = filled(scene)
    table.export(**WEEK)
    settings = table.settings()
    dataset = settings.dataset.model_copy(
        update={"retention": settings.dataset.retention.model_copy(update={"expires_after_days": 3})}
    )
    table.delete("1")
    request = VerifyRequest(None)
    found = Verifier(dataclasses.replace(settings, dataset=dataset), request, clock=lambda: NOW).run()
    assert (found.agrees, {str(day.day): day.state for day in found.days if day.rows}) == (
        True,
        {"2026-02-16": "expired", "2026-02-18": "closed"},
    )


def test_offsets_and_numbers_are_placed_as_the_export_places_them(scene):
    """A window of text keys with offsets, and of epoch numbers, finds the items of its days and no others."""
    table = scene(**RESULTS, TIME_ZONE="Europe/Berlin")
    table.put("east", "2026-02-17T04:00:00+09:00")
    table.put("west", "2026-02-15T20:00:00-05:00")
    table.put("next", "2026-02-16T23:30:00Z")
    table.export(start="2026-02-15", end="2026-02-17")
    found = verify(table, ("2026-02-16", "2026-02-16"))
    assert (found.agrees, found.items, found.rows) == (True, 2, 2)
    numbers = scene(sort_type="N", DATE_FORMAT="EPOCH", **RESULTS)
    numbers.put("1", "1771200000")
    numbers.put("2", "1771286400")
    numbers.export(**WEEK)
    found = verify(numbers, ("2026-02-16", "2026-02-16"))
    assert (found.agrees, found.items) == (True, 1)


def test_nothing_published_is_said(scene):
    """Before the first export there is nothing to compare, and the message says so."""
    with pytest.raises(UsageError, match="run an export first"):
        verify(scene(**RESULTS))


def test_people_see_what_disagrees_and_the_totals(scene):
    """The table shows days that do not agree, all of them on request, and what was compared at which cost."""
    table = filled(scene)
    table.export(**WEEK)
    found = verify(table)
    text = verification_text(found, all_days=False)
    assert "2026-02-16" not in text
    assert "7 of 7 days agree" in text
    assert "the whole key, partition values A, B" in text
    assert "read units, as Select=COUNT" in text
    assert "2026-02-16  closed" in verification_text(found, all_days=True)
    table.put("late", "2026-02-16T12:00:00Z")
    assert "DynamoDB holds 3 items, published are 2" in verification_text(verify(table), all_days=False)


def test_the_exit_status_says_whether_all_agree(scene, run):
    """0 where everything agrees, 1 where it does not, 2 for wrong usage; JSON is one line."""
    table = scene(**RESULTS)
    day = (dt.datetime.now(UTC) - dt.timedelta(days=2)).date().isoformat()
    table.put("1", f"{day}T10:00:00Z")

    assert run(table, "export", "--all").returncode == 0
    done = run(table, "verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["agrees"]) == (0, True), done.stderr
    table.put("2", f"{day}T11:00:00Z")
    done = run(table, "verify", "--start", day, "--end", day)
    assert done.returncode == 1
    assert "NOT everything agrees" in done.stdout
    assert run(table, "verify", "--start", day).returncode == 2


def test_days_with_later_changes_are_not_called_complete_without_a_note(scene):
    """What agrees is the table as it was read; the days that the live view shows differently are named."""
    table = filled(scene)
    write(table, event(1, NOW - dt.timedelta(hours=2), item("1", "2026-02-16T09:58:00Z"), None))
    table.export(**WEEK)
    assert not [note for note in verify(table, athena=False).notes if "_live" in note]
    write(table, event(2, NOW + dt.timedelta(minutes=1), item("4", "2026-02-17T09:58:00Z"), None))
    assert verify(table, athena=False).notes[-1] == (
        "1 days from 2026-02-17 to 2026-02-17 have changed since they were read: what is verified is table rows as of "
        "its readings; view rows_live shows the changes and is not compared; "
        "`exporter backfill --force --start 2026-02-17 --end 2026-02-17` puts them into the table"
    )
