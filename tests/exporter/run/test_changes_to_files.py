"""Incremental exports feed the change files: the view of the present state is the table, without another reading."""

import json

import boto3
import pytest
from changing import writer
from click.testing import CliRunner

from exporter.cli.backfill import backfill
from exporter.cli.sync import sync_catalog
from exporter.errors import SourceError
from exporter.estimates.changes_cost import changes_cost
from exporter.estimates.choice import choice
from exporter.estimates.cost import Assumptions
from exporter.estimates.estimator import estimate
from exporter.estimates.prices import GB
from exporter.run.incremental import change_feed, leftover_items
from exporter.run.incremental.item_log import ItemLog
from exporter.run.incremental.job import ChangesJob
from exporter.run.incremental.known_keys import KEYS_FOLDER
from exporter.run.incremental.window_state import LastWindow, WindowState
from exporter.run.request import request_from_options

from .nights import DAY, HOUR, MINUTE, Night, closed, expiring, live, stamped, states


@pytest.fixture
def night(scene, monkeypatch):
    """A night of a new table."""
    return Night(scene(), monkeypatch)


def passing(night, day="2026-02-12"):
    """Let an item come to a day, have the day read, and delete the item, all in one window."""
    night.table.put("ghost", f"{day}T11:00:00Z", Note={"S": "here"})
    night.later(6 * MINUTE)
    night.export(start=day, end=day)
    assert "ghost" in night.published()
    night.table.delete("ghost")


def test_the_view_shows_changed_moved_late_and_deleted_items_without_a_reading(night):
    """With `--keep-closed` no day is read again, and the view is what the table holds."""
    stamped(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.table.put("b", "2026-02-13T10:00:00Z", Note={"S": "2"})
    night.table.put("late", "2026-02-14T10:00:00Z", Note={"S": "3"})
    night.table.put("c", "2026-02-12T10:00:00Z", "C")  # leaves the index
    night.table.delete("f")
    night.later(HOUR)
    (window,) = night.changes(keeps_closed=True).windows
    assert (window.owed, window.rows, window.looked_up, states(night)) == ([], 6, 0, [])
    assert live(night) == {
        "a": ("2026-02-10", "1"), "b": ("2026-02-13", "2"), "d": ("2026-02-13", "0"), "e": ("2026-02-14", "0"),
        "late": ("2026-02-14", "3"),
    }  # fmt: skip
    assert set(night.published()) == {"a", "b", "c", "d", "e", "f"}  # the table stays as it was read


def test_days_without_stamps_are_opened_all_the_same(night):
    """A file from before there were changes cannot be corrected by them: its day is read again, once."""
    closed(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)
    (window,) = night.changes(keeps_closed=True).windows
    assert [str(day) for day in window.owed] == ["2026-02-10"]
    night.later(5 * MINUTE)
    night.export()
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "2"})
    night.later(HOUR)
    (window,) = night.changes(keeps_closed=True).windows
    assert (window.owed, live(night)["a"]) == ([], ("2026-02-10", "2"))


def test_an_item_that_came_and_went_in_a_window_leaves_its_day(night):
    """Created, read with its day and deleted in one window it has no line: the table is asked, its day read again."""
    stamped(night)
    passing(night)
    night.later(HOUR)
    (window,) = night.changes().windows
    assert ([str(day) for day in window.left_over], window.items) == (["2026-02-12"], 0)
    assert "ghost" not in live(night)
    assert states(night) == ["2026-02-12"]
    night.later(6 * MINUTE)
    night.export()
    assert "ghost" not in night.published()


def test_it_leaves_its_day_too_where_windows_feed_no_change_files(night):
    """Where a stream feeds them, the day's file is compared all the same, and the day read again."""
    writer(night.table, night.now).begin()  # as a stream does with its first batch
    closed(night)
    passing(night)
    night.later(HOUR)
    (window,) = night.changes().windows
    assert (window.rows, [str(day) for day in window.left_over]) == (None, ["2026-02-12"])
    assert "2026-02-12" in states(night)


def test_an_item_that_came_went_and_came_back_elsewhere_is_shown_once(night):
    """Deleted in its window and created on another day after it: the first day's row is a left-over one."""
    stamped(night)
    passing(night)
    night.later(HOUR)
    job, keep = night.job(), night.now
    night.table.put("ghost", "2026-02-14T11:00:00Z", Note={"S": "back"})  # before the window is read
    night.now = keep
    assert job.run().error is None
    night.later(2 * HOUR)
    night.changes()
    assert live(night)["ghost"] == ("2026-02-14", "back")


def test_an_item_that_was_there_only_when_it_was_asked_for_leaves_its_day(night):
    """It came and went in its window, and again in the next one, in between which it was asked for: no line at all."""
    stamped(night)
    passing(night)
    night.later(HOUR)
    job, end = night.job(), night.now
    night.later(5 * MINUTE)
    night.table.put("ghost", "2026-02-12T11:00:00Z", Note={"S": "again"})
    night.now = end
    (window,) = job.run().windows
    assert (window.looked_up, window.left_over) == (2, [])  # with `c`, which is there
    night.later(10 * MINUTE)
    night.table.delete("ghost")
    looked_up = []
    for _ in range(2):
        night.later(HOUR)
        looked_up += [window.looked_up for window in night.changes(keeps_closed=True).windows]
        assert "ghost" not in live(night)
    assert looked_up == [2, 0]


def test_an_item_that_only_passed_through_is_shown_where_it_is(night):
    """It comes to a day, the day is read, it goes on to another: the view has it there alone, in one piece."""
    stamped(night)
    night.table.put("a", "2026-02-12T10:00:00Z", Note={"S": "1"})
    night.later(6 * MINUTE)
    night.export(start="2026-02-12", end="2026-02-12")
    night.table.put("a", "2026-02-14T10:00:00Z", Note={"S": "2"})
    night.later(HOUR)
    (window,) = night.changes(keeps_closed=True).windows
    assert [str(day) for day in window.left_over] == ["2026-02-12"]
    assert live(night)["a"] == ("2026-02-14", "2")


def test_usual_nights_look_up_no_item(night):
    """Items known from the window before need no look-up, on a new day as on one that is read again."""
    stamped(night)
    looked_up = []
    for number in range(4):
        today = night.now.date()
        for key in range(8):
            night.table.put(f"{number}-{key}", f"{today}T{10 + key}:00:00Z", Note={"S": "0"})
        night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": str(number)})
        night.later(24 * HOUR - 6 * MINUTE)
        looked_up += [window.looked_up for window in night.changes().windows]
        night.later(6 * MINUTE)
        night.export()  # yesterday, and the day of `a` again
    night.later(24 * HOUR)
    looked_up += [window.looked_up for window in night.changes().windows]
    assert len(looked_up) == 5
    assert looked_up == [0, 0, 0, 0, 0]
    assert len({key.split("/")[2] for key in night.table.keys(KEYS_FOLDER)}) <= 1  # of the last window alone


def test_a_killed_export_makes_later_windows_look_up_nothing(night):
    """What a run had published when it was killed counts as read for a day: its items are not asked for each night."""
    stamped(night)
    for key in night.table.keys("_runs/"):
        entry = json.loads(night.table.read(key))
        entry |= {"status": "running", "finished_at": None}
        night.table.s3.put_object(Bucket="reports", Key=f"{night.table.prefix}/{key}", Body=json.dumps(entry).encode())
    night.later(4 * DAY)
    looked_up = [window.looked_up for window in night.changes().windows]
    assert (len(looked_up), sum(looked_up[2:])) == (4, 0)


def test_a_run_that_waited_for_another_reads_its_window_no_second_time(night, monkeypatch):
    """Two runs have read the same lines: the second sees that the window is recorded, before it asks for any item."""
    stamped(night)
    passing(night)
    night.later(HOUR)
    first, second, store, asked = night.job(), night.job(), ItemLog.store, []

    def other_first(log, *arguments):
        monkeypatch.setattr(ItemLog, "store", store)
        asked.extend(window.looked_up for window in second.run().windows)
        return store(log, *arguments)

    monkeypatch.setattr(ItemLog, "store", other_first)
    monkeypatch.setattr(leftover_items.LeftoverSearch, "_gone", _counted(leftover_items.LeftoverSearch._gone, asked))
    report = first.run()
    assert (report.windows, "another run is newer" in str(report.error)) == ([], True)
    assert asked == [1, 2]  # one day, two items


def _counted(call, calls):
    def counted(*arguments):
        calls.append(1)
        return call(*arguments)

    return counted


def test_too_many_items_to_ask_for_are_named(night, monkeypatch):
    """More look-ups than the bound are not made; the report says of which days, and what compares them."""
    monkeypatch.setattr(leftover_items, "MOST_LOOKUPS", 0)
    stamped(night)
    passing(night)
    night.later(HOUR)
    report = night.changes()
    assert (report.windows[0].looked_up, report.windows[0].left_over) == (0, [])
    assert any("were not looked up" in warning and "exporter verify" in warning for warning in report.warnings)


def test_what_time_to_live_removes_is_no_tombstone(scene, monkeypatch, tmp_path):
    """Where items expire after four days, what leaves an older day stays in the view; a younger day loses its item."""
    table = expiring(scene(), tmp_path)
    night = Night(table, monkeypatch)
    stamped(night)
    table.delete("a", "d")  # of 10 and 13 February, on the 16th
    night.later(HOUR)
    night.changes(keeps_closed=True)
    assert {"a", "d"} & set(live(night)) == {"a"}


def test_items_without_a_day_are_quarantined_once(night):
    """An item without a readable date is withheld by the window that brings it, and leaves its old day."""
    stamped(night)
    item = {"Id": {"S": "a"}, "Kind": {"S": "A"}, "At": {"S": "someday"}}
    night.table.dynamodb.put_item(TableName=night.table.table, Item=item)
    night.later(HOUR)
    (window,) = night.changes(keeps_closed=True).windows
    assert (window.quarantined, [line["item"]["Id"]["S"] for line in night.table.quarantine()]) == (1, ["a"])
    assert "a" not in live(night)


def test_a_window_read_twice_counts_once(night, monkeypatch):
    """A run that dies when its rows are stored leaves the window to the next one, which writes the same files."""
    stamped(night)
    night.table.put("a", "2026-02-12T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)

    def dying(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("exporter.run.incremental.days_of_window.DaysOfWindow.keep_known", dying)
        with pytest.raises(KeyboardInterrupt):
            night.job().run()
    files = night.table.keys("_changes/year=")
    night.changes(keeps_closed=True)
    assert set(files) <= set(night.table.keys("_changes/year=")) | set(files)
    assert live(night)["a"] == ("2026-02-12", "1")


def test_a_late_item_of_a_year_that_was_never_exported_stays_in_the_view(night):
    """Its year is in the tables after the window, after exports of other years, and when the tables are rebuilt."""
    stamped(night)
    night.table.put("old", "2019-03-04T10:00:00Z", Note={"S": "0"})
    night.later(HOUR)
    night.changes()
    assert live(night)["old"] == ("2019-03-04", "0")
    night.export(start="2026-02-10", end="2026-02-10")
    assert "old" in live(night)
    glue = boto3.client("glue")
    for found in glue.get_tables(DatabaseName=night.table.database)["TableList"]:
        glue.delete_table(DatabaseName=night.table.database, Name=found["Name"])
    sync_catalog(night.table.settings())
    assert "old" in live(night)


def test_many_items_are_written_in_batches(night, monkeypatch):
    """Batches end anywhere between items: rows, tombstones and left-over items are those of one batch."""
    monkeypatch.setattr(change_feed, "AT_ONCE", 1)
    stamped(night)
    night.table.put("a", "2026-02-12T10:00:00Z", Note={"S": "1"})
    night.table.put("b", "2026-02-12T10:00:00Z", Note={"S": "1"})
    night.later(6 * MINUTE)
    night.export(start="2026-02-12", end="2026-02-12")
    for number, key in enumerate("abc"):
        night.table.put(key, f"2026-02-{13 + number}T10:00:00Z", Note={"S": "2"})
    night.later(HOUR)
    night.changes(keeps_closed=True)
    found = {key: day for key, (day, note) in live(night).items() if note == "2"}
    assert found == {"a": "2026-02-13", "b": "2026-02-14", "c": "2026-02-15"}


def test_a_backfill_by_changes_reads_the_closed_days_that_have_changed(night, monkeypatch):
    """`backfill --source changes` exports what has changed, then reads those days of the range, and no other."""
    stamped(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "1"})
    night.table.put("e", "2026-02-14T10:00:00Z", Note={"S": "1"})
    night.later(HOUR)
    for name, value in night.table.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "exporter.cli.backfill.ChangesJob",
        lambda settings, stop, **options: ChangesJob(settings, stop=stop, clock=lambda: night.now, **options),
    )

    def backfilled(*more):
        return CliRunner().invoke(backfill, ["--source", "changes", "--start", "2026-02-10", *more])

    done = backfilled("--end", "2026-02-12", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert ([run["window"]["start"] for run in found["runs"]], found["skipped_days"]) == (["2026-02-10"], 2)
    assert night.published()["a"] == ("2026-02-10", "1")
    assert states(night) == ["2026-02-14"]  # outside the range: the next scheduled run reads it
    for refused in (
        backfilled("--end", "2026-02-12", "--force"),
        CliRunner().invoke(backfill, ["--source", "changes"]),
    ):
        assert refused.exit_code != 0
    with monkeypatch.context() as patched:
        patched.setattr("exporter.run.incremental.job.recovery_of", _failing)
        failed = backfilled("--end", "2026-02-12")
    assert (failed.exit_code, "recovery is off" in failed.output) == (1, True)


def _failing(*_):
    raise SourceError("recovery is off")


def test_a_plan_says_what_changes_of_closed_days_cost(night):
    """For days that are closed the plan names the price of changes, from when on they are read, and its least."""
    stamped(night)
    night.later(53 * HOUR)
    settings = night.table.settings()
    request = request_from_options(settings, night.now, start="2026-02-10", end="2026-02-20")
    cost = estimate(settings, request, Assumptions(), night.now).costs[-1]
    assert (cost.way, cost.total, cost.is_ready) == ("changes", None, True)
    assert cost.remark.startswith(
        "what has changed in the 6 closed days since 2026-02-16 07:34 UTC: $0.1 a GB of changes"
    )
    assert (
        "$0.001 at least each of 3 windows (the last one: 6 items, 0.000 GB in 1.4 hours, so no more is" in cost.remark
    )
    busy = LastWindow(hours=2.0, items=5_000_000, bytes=4 * GB)
    state = WindowState(dataset="rows", table="t", read_to=night.now - 10 * HOUR, last=busy)
    cost = changes_cost(6, state, night.now, Assumptions(), is_recoverable=True)
    assert (
        "(the last one: 5,000,000 items, 4.000 GB in 2.0 hours; 10.0 hours x 2.0000 GB x $0.1 = $2.00)" in cost.remark
    )
    assert choice(estimate(settings, request, Assumptions(), night.now)).source is None  # never by itself
