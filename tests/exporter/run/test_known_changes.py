"""From when on changes are known, and of what: beginnings, holes, and a stream before windows or after them."""

import pytest
from changing import event, writer

from exporter.sources.table_export.recovery import Recovery

from .nights import BEGIN, DAY, HOUR, MINUTE, Night, live, stamped


@pytest.fixture
def night(scene, monkeypatch):
    """A night of a new table."""
    return Night(scene(), monkeypatch)


def test_a_stream_takes_over_and_windows_do_not(night):
    """A stream's numbers are larger, so its changes win; from then on windows write no change file."""
    stamped(night)
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "window"})
    night.later(HOUR)
    night.changes(keeps_closed=True)
    old, new = ({"Id": {"S": "a"}, "Kind": {"S": "A"}, "At": {"S": "2026-02-10T10:00:00Z"}, "Note": {"S": note}}
                for note in ("window", "stream"))  # fmt: skip
    writer(night.table, night.now).write([event(300_000_000_000_000_000_000, night.now, new, old)])
    assert live(night)["a"] == ("2026-02-10", "stream")
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "later"})
    night.later(HOUR)
    (window,) = night.changes().windows
    assert (window.rows, [str(day) for day in window.owed]) == (None, ["2026-02-10"])


def test_change_files_of_a_stream_without_its_record_are_refused(night):
    """A stream's numbers are larger than every time: its old changes would hide those of windows for ever."""
    stamped(night)
    old, new = ({"Id": {"S": "a"}, "Kind": {"S": "A"}, "At": {"S": "2026-02-10T10:00:00Z"}, "Note": {"S": note}}
                for note in ("0", "stream"))  # fmt: skip
    writer(night.table, night.now).write([event(300_000_000_000_000_000_000, night.now, new, old)])
    night.table.s3.delete_object(Bucket="reports", Key=f"{night.table.prefix}/_changes/_stream.json")
    night.table.put("a", "2026-02-10T10:00:00Z", Note={"S": "window"})
    night.later(HOUR)
    report = night.job().run()
    assert (report.windows, "remove what is below" in str(report.error)) == ([], True)
    for key in night.table.keys("_changes/year="):
        night.table.s3.delete_object(Bucket="reports", Key=f"{night.table.prefix}/{key}")
    night.changes(keeps_closed=True)
    assert live(night)["a"] == ("2026-02-10", "window")


def test_days_that_were_read_before_changes_are_known_are_named_at_every_run(night):
    """A table export from before the first window is published after it: what was written in between is nowhere."""
    stamped(night)
    night.table.export(now=BEGIN - DAY, start="2026-02-08", end="2026-02-08")
    night.table.put("x", "2026-02-09T10:00:00Z", Note={"S": "0"})
    night.table.export(now=BEGIN - DAY, start="2026-02-09", end="2026-02-09")
    for _ in range(2):
        night.later(HOUR)
        (warning,) = [one for one in night.changes(keeps_closed=True).warnings if "shows nowhere" in one]
        assert warning.startswith("2026-02-08, 2026-02-09 were read before 2026-02-16 06:18 UTC")
        assert warning.endswith("from 06:18 UTC on, by `exporter backfill --force --start 2026-02-08 --end 2026-02-09`")
    night.export(start="2026-02-08", end="2026-02-09")
    night.later(HOUR)
    assert night.changes().warnings == []


def test_after_a_hole_days_with_change_files_that_were_never_exported_are_named(night):
    """More than 35 days were missed, the days are read again and the record is removed, as the refusal says."""
    stamped(night)
    night.table.put("x", "2026-02-08T10:00:00Z", Note={"S": "0"})  # of a day that was never exported
    night.later(HOUR)
    night.changes()
    night.table.delete("x")
    night.later(36 * DAY)
    night.monkeypatch.setattr(
        "exporter.run.incremental.job.recovery_of", lambda *_: Recovery(night.now - 35 * DAY, night.now)
    )
    refused = night.job().run().error
    assert "point-in-time recovery goes back no further" in refused
    assert "by `exporter backfill --force --start 2026-02-10 --end 2026-02-15`, then remove" in refused
    night.export(start="2026-02-10", end="2026-02-15")
    night.table.s3.delete_object(Bucket="reports", Key=f"{night.table.prefix}/_exports/_windows.json")
    night.later(10 * MINUTE)
    (warning,) = night.changes().warnings
    assert warning.startswith("2026-02-08 have change files from before")
    assert warning.endswith("by `exporter backfill --start 2026-02-08 --end 2026-02-08`")
    night.export(start="2026-02-08", end="2026-02-08")
    assert set(live(night)) == {"a", "b", "c", "d", "e", "f"}
