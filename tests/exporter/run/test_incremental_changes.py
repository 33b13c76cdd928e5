"""Incremental exports name the days that have changed: with the next export, the table is the truth again."""

import datetime as dt
import json
import re

import boto3
import pytest

from exporter.errors import UsageError
from exporter.run.incremental import window_export
from exporter.run.incremental.job import ChangesJob
from exporter.run.incremental.outdated_days import Readings
from exporter.run.incremental.window_state import WindowRecord

from .nights import BEGIN, DAY, HOUR, MINUTE, Night, closed, expiring, states


@pytest.fixture
def night(scene, monkeypatch):
    """A night of a new table."""
    return Night(scene(), monkeypatch)


def test_changed_moved_late_and_deleted_items_open_their_days(night):
    """Each change opens the days that the item was on and is on, and no other; the log has both values."""
    closed(night)
    table = night.table
    table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    table.put("b", "2026-02-13T10:00:00Z", Note={"S": "0"})
    table.put("late", "2026-02-14T10:00:00Z", Amount={"N": "1.50"})
    table.delete("f")
    table.put("other", "2026-02-12T10:00:00Z", "C")  # of no partition value that is read
    table.put("early", "2026-01-01T10:00:00Z")  # of a day that was never exported
    night.later(HOUR)
    report = night.changes()
    (window,) = report.windows
    assert report.warnings == [
        "items of 2026-01-01 have changed, which were never exported and stay so; `exporter backfill` exports such days"
    ]
    assert [str(day) for day in window.owed] == [
        "2026-02-10", "2026-02-11", "2026-02-13", "2026-02-14", "2026-02-15",
    ]  # fmt: skip
    assert states(night) == [str(day) for day in window.owed]
    assert (window.items, window.unpublished, window.quarantined) == (5, 1, 0)
    lines = {(line["day"], line["change"], line["key"]["Id"]["S"]): line for line in night.log(window)}
    assert sorted(lines) == [
        ("2026-01-01", "added", "early"), ("2026-02-10", "changed", "a"), ("2026-02-11", "deleted", "b"),
        ("2026-02-13", "added", "b"), ("2026-02-14", "added", "late"), ("2026-02-15", "deleted", "f"),
    ]  # fmt: skip
    changed = lines["2026-02-10", "changed", "a"]
    assert (changed["old"], changed["new"]) == ({"Note": {"S": "0"}}, {"Note": {"S": "1"}})
    assert changed["at"] == "2026-02-16T06:18:00.000000Z"
    assert lines["2026-02-14", "added", "late"]["new"]["Amount"] == {"N": "1.50"}
    night.later(5 * MINUTE)
    entry = night.export()
    assert len(entry.partitions) == 3  # 11 and 15 February have become empty
    assert states(night) == []
    assert set(night.published()) == {"a", "b", "c", "d", "e", "late"}


def test_a_day_that_an_item_only_passed_through_is_read_again(night):
    """An item comes to a day, the day is read, the item leaves it: no image is on that day, and its row goes."""
    closed(night)
    night.table.put("a", "2026-02-12T10:00:00Z", Note={"S": "1"})
    night.later(MINUTE)
    night.export(start="2026-02-12", end="2026-02-12")
    night.later(10 * MINUTE)
    night.table.put("a", "2026-02-14T10:00:00Z", Note={"S": "2"})
    night.later(HOUR)
    (window,) = night.changes().windows
    assert [str(day) for day in window.owed] == ["2026-02-10", "2026-02-12", "2026-02-14"]


@pytest.mark.parametrize("others", [[], ["other"]], ids=["alone", "with others"])
def test_a_day_that_was_read_while_its_item_was_away_is_read_again(night, others):
    """An item is away while its day is read, and comes back as it was: its images do not differ, its row is missing."""
    closed(night)
    for other in others:
        night.table.put(other, "2026-02-10T10:00:00Z")
    night.later(HOUR)
    night.changes()
    night.table.put("a", "2026-02-14T10:00:00Z", Note={"S": "0"})
    night.later(6 * MINUTE)
    night.export(start="2026-02-10", end="2026-02-10", accept_empty=True)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "0"})
    assert "a" not in night.published()
    night.later(HOUR)
    night.changes()
    night.later(6 * MINUTE)
    night.export()
    assert night.published()["a"] == ("2026-02-10", "0")


def test_days_that_were_read_after_their_changes_stay_closed(night):
    """A day that was read five minutes after its last change, or later, is right already."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.table.put("b", "2026-02-11T10:00:00Z", Note={"S": "1"})
    night.later(6 * MINUTE)
    night.export(start="2026-02-10", end="2026-02-10")
    night.later(HOUR)
    (window,) = night.changes().windows
    assert [str(day) for day in window.owed] == ["2026-02-11"]


def test_missed_nights_are_windows_without_gap_or_overlap(night):
    """After 53 hours there are windows of 24, 24 and the rest, each from the end of the one before; then none."""
    closed(night)
    night.changes()
    first = night.state()["read_to"]
    night.later(53 * HOUR)
    windows = night.changes().windows
    ends = [first, *(window.end.isoformat().replace("+00:00", "Z") for window in windows)]
    assert [window.start.isoformat().replace("+00:00", "Z") for window in windows] == ends[:-1]
    assert [(window.end - window.start) / HOUR for window in windows] == [24, 24, 5]
    assert night.changes().windows == []
    night.later(14 * MINUTE)
    assert night.changes().windows == []
    assert night.table.keys("_exports/") == ["_exports/_windows.json"]  # what is read is removed


def test_a_run_of_changes_writes_its_metrics(night, capsys):
    """One line says how many days are open again, and how old the last change is that was read."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)
    night.changes()
    night.later(14 * MINUTE)  # too short for a window
    capsys.readouterr()
    night.changes()
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"_aws"' in line]
    found = {name: value for name, value in line.items() if name != "_aws"}
    assert found == {"dataset": "rows", "changes_days": 0, "changes_failed": 0, "changes_age": 14 * 60}


class Killed(BaseException):
    """A stop that nothing catches, as that of a process."""


@pytest.mark.parametrize("dies_at", ["started", "read"])
def test_a_run_that_dies_leaves_its_export_to_the_next(night, monkeypatch, dies_at):
    """Between start and record, or between reading and record: the next run finds the export and starts no second."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)
    replace = WindowRecord.replace

    def dying(record, state):
        is_now = state.pending.arn is not None if state.pending else dies_at == "read" and state.done_at
        if is_now and (dies_at == "started") == (state.pending is not None):
            raise Killed
        return replace(record, state)

    monkeypatch.setattr(WindowRecord, "replace", dying)
    with pytest.raises(Killed):
        night.job().run()
    monkeypatch.setattr(WindowRecord, "replace", replace)
    (arn,) = night.exports()
    monkeypatch.setattr(window_export, "start_incremental", None)  # a second start would fail
    (window,) = night.changes().windows
    assert (window.arn, [str(day) for day in window.owed]) == (arn, ["2026-02-10"])
    assert night.state()["pending"] is None


def test_an_export_that_does_not_end_is_waited_for_by_the_next_run(night, monkeypatch):
    """After the time to wait the run ends with the export's name, and the next one goes on with the same export."""
    closed(night)
    night.later(HOUR)
    with monkeypatch.context() as patched:
        patched.setattr("moto.dynamodb.models.table_export.TableExport.start", lambda _: None)
        report = night.job(wait_minutes=0.0).run()
    (arn,) = night.exports()
    assert report.error.startswith(f"export {arn} of 2026-02-16 06:03 to 2026-02-16 07:18 UTC is under way since")
    assert night.state()["pending"]["arn"] == arn
    from moto.dynamodb.models import dynamodb_backends

    dynamodb_backends["123456789012"]["us-east-1"].table_exports[arn].run()
    night.later(HOUR)
    windows = night.changes().windows
    assert [window.arn for window in windows] == night.exports()
    assert [(window.end - window.start) / MINUTE for window in windows] == [75, 60]


def test_a_failed_export_is_started_again_and_then_reported(night, monkeypatch):
    """A failed export gets a second one in the same run; if that fails too, the reason is said and the window stays."""
    closed(night)
    night.later(HOUR)
    run = "moto.dynamodb.models.table_export.TableExport.run"

    def failing(export):
        export.status, export.failure_code, export.failure_message = "FAILED", "S3AccessDenied", "no access"

    with monkeypatch.context() as patched:
        patched.setattr(run, failing)
        report = night.job().run()
    assert len(night.exports()) == 2
    assert "FAILED: no access (S3AccessDenied). The window stays to be read" in report.error
    (window,) = night.changes().windows
    assert len(night.exports()) == 3
    assert window.start == BEGIN + 3 * MINUTE


@pytest.mark.parametrize("folder", ["data/", ""], ids=["data", "manifests"])
def test_an_export_that_is_not_there_any_more_is_made_again(night, monkeypatch, folder):
    """Its files were removed before they were read: the run says so, and the next one starts another export."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.later(25 * HOUR)  # the next window is the same one
    read = ChangesJob._read

    def removed(job, *arguments):
        for key in night.table.keys("_exports/_changes/"):
            if ("/data/" in key) == bool(folder):
                night.table.s3.delete_object(Bucket="reports", Key=f"{night.table.prefix}/{key}")
        return read(job, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(ChangesJob, "_read", removed)
        report = night.job().run()
    assert report.error.endswith("Start another export: the next run of `exporter changes` does so")
    windows = night.changes().windows
    assert [str(day) for day in windows[0].owed] == ["2026-02-10"]
    assert night.state()["unusable"] == []


def test_undated_items_are_quarantined_and_leave_their_day(night):
    """An item that has lost its readable day is withheld, whole and with its reason, and its old day is open."""
    closed(night)
    item = {"Id": {"S": "a"}, "Kind": {"S": "A"}, "At": {"S": "someday"}, "Note": {"S": "1"}}
    night.table.dynamodb.put_item(TableName=night.table.table, Item=item)
    night.later(HOUR)
    (window,) = night.changes().windows
    (line,) = night.table.quarantine()
    assert (line["item"], line["day"], window.quarantined) == (item, None, 1)
    assert [str(day) for day in window.owed] == ["2026-02-10"]


def test_what_time_to_live_removes_is_no_change(scene, monkeypatch, tmp_path):
    """Where items expire after four days, older days stay closed whatever leaves them, and are not in the log."""
    table = expiring(scene(), tmp_path)
    night = Night(table, monkeypatch)
    closed(night)
    table.delete("a", "d")  # of 10 and 13 February, on the 16th
    night.later(HOUR)
    (window,) = night.changes().windows
    assert [str(day) for day in window.owed] == ["2026-02-13"]
    assert [line["key"]["Id"]["S"] for line in night.log(window)] == ["d"]


def test_what_cannot_be_exported_any_more_is_refused(night):
    """Changes from before the recovery period are a hole: it is named, with the way to fill it; nothing is skipped."""
    closed(night)
    night.changes()
    backups = boto3.client("dynamodb").update_continuous_backups
    off, on = ({"PointInTimeRecoveryEnabled": value} for value in (False, True))
    backups(TableName=night.table.table, PointInTimeRecoverySpecification=off)
    assert re.search(r"point-in-time recovery is off.*or leave `changes` out", night.job().run().error)
    night.later(HOUR)
    backups(TableName=night.table.table, PointInTimeRecoverySpecification=on)
    hole = "the changes from 2026-02-16 06:18 to 2026-02-16 07:18 UTC cannot be exported any more"
    assert night.job().run().error.startswith(hole)


def test_days_that_were_read_before_the_recovery_began_are_named(scene, monkeypatch):
    """The first run begins at the oldest reading, or where recovery begins; days from before that are named once."""
    table = scene()
    table.put("a", "2026-02-10T10:00:00Z")
    table.export(now=BEGIN - HOUR, start="2026-02-10", end="2026-02-10")
    night = Night(table, monkeypatch)
    report = night.changes()
    assert "nothing was read: the next window ends at 06:16 UTC or later" in report.text()
    (warning,) = report.warnings
    assert warning == (
        "2026-02-10 were read before 2026-02-16 06:06 UTC, and changes are known from 06:01 on. Read them again once, "
        "from 06:06 UTC on, by `exporter backfill --force --start 2026-02-10 --end 2026-02-10`, "
        "or leave them as they are"
    )
    night.later(HOUR)
    assert night.changes().warnings == []


def test_datasets_without_days_to_read_again_are_refused(scene, monkeypatch):
    """In APPEND a day cannot be read again."""
    night = Night(scene(OVERWRITE_MODE="APPEND"), monkeypatch)
    with pytest.raises(UsageError, match="in overwrite mode APPEND"):
        night.job()


def test_a_table_without_an_index_has_changed_days_too(scene, monkeypatch):
    """A dataset that scans its table reads the days again that its items were on and are on."""
    table = scene(SOURCE_KIND="scan", DATE_ATTRIBUTE="At")
    for name in [name for name in table.variables if name.startswith("GSI_")]:
        del table.variables[name]
    night = Night(table, monkeypatch)
    closed(night)
    table.put("a", "2026-02-12T10:00:00Z", "C", Note={"S": "1"})
    table.dynamodb.put_item(TableName=table.table, Item={"Id": {"S": "b"}, "Note": {"S": "no date"}})
    night.later(HOUR)
    (window,) = night.changes().windows
    assert [str(day) for day in window.owed] == ["2026-02-10", "2026-02-11", "2026-02-12"]
    assert window.quarantined == 1
    night.later(MINUTE)
    night.export()
    assert {key: day for key, (day, _) in night.published().items()} == {
        "a": "2026-02-12", "c": "2026-02-12", "d": "2026-02-13", "e": "2026-02-14", "f": "2026-02-15",
    }  # fmt: skip


def test_two_runs_at_once_read_a_window_once(night, monkeypatch):
    """The second finds the window recorded as read: it says so, and opens no day for a second time."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)
    first, second = night.job(), night.job()
    read = ChangesJob._read
    reports = []

    def meanwhile(job, *arguments):
        if job is first:
            reports.append(second.run())
        return read(job, *arguments)

    monkeypatch.setattr(ChangesJob, "_read", meanwhile)
    reports.append(first.run())
    assert [len(report.windows) for report in reports] == [1, 0]
    assert (reports[0].error, len(night.exports())) == (None, 1)
    assert states(night) == ["2026-02-10"]


def test_days_that_were_being_read_in_a_window_are_compared(night):
    """A run counts until it ended; one that was killed, or that the ledger's newest entries lack, for a day."""
    closed(night)
    manifest = night.table.manifest()
    (entry,) = night.table.ledger()
    read, first = entry.started_at, dt.date(2026, 2, 11)
    over = [entry.model_copy(update={"finished_at": read + 3 * HOUR})]
    dead = [entry.model_copy(update={"finished_at": None})]

    def compared(runs, start):
        return len(Readings(manifest, runs).within(start, start + DAY, first))

    assert (compared(over, read + 3 * HOUR), compared(over, read + 4 * HOUR)) == (5, 0)
    assert (compared(dead, read + 23 * HOUR), compared(dead, read + 25 * HOUR)) == (5, 0)
    assert (compared([], read + 23 * HOUR), compared([], read + 25 * HOUR)) == (5, 0)


def test_a_reading_is_over_by_a_windows_end_if_it_is_so_by_every_clock(night):
    """A run that ended up to five minutes before a window's end may have read what is later than the window."""
    closed(night)
    manifest, (entry,) = night.table.manifest(), night.table.ledger()
    record, over = manifest.days[dt.date(2026, 2, 10)], entry.started_at + 3 * HOUR
    readings = Readings(manifest, [entry.model_copy(update={"finished_at": over})])
    assert [readings.is_over(record, over + step * MINUTE) for step in (1, 5, 6)] == [False, False, True]
