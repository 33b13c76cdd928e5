"""What a run learns about published days reaches the records: nothing is lost, doubled or reported wrongly."""

import datetime as dt
from typing import Any

import pytest
from conftest import NOW
from faults import s3_refused

from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.run.job import ExportJob
from exporter.run.request import ExportRequest
from exporter.storage.records import Records
from exporter.targets.spool import Spool

DAYS = {"start": "2026-02-16", "end": "2026-02-17"}


def later(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def two_days(scene: Any, **variables: str) -> Any:
    table = scene(**variables)
    for day in (16, 17):
        for kind in "AB":
            table.put(f"{day}{kind}", f"2026-02-{day}T10:00:00Z", kind)
    return table


def backfilled(table: Any, first: int, last: int, **variables: str) -> list[str]:
    """Return the days that a backfill has read."""
    settings = table.settings(**variables)
    window = Window(dt.date(2026, 2, first), dt.date(2026, 2, last), settings.dataset.zone)
    done = Backfill(settings, BackfillRequest(window), clock=lambda: later(30)).run()
    assert done.error is None
    return [partition.partition[-2:] for entry in done.entries for partition in entry.partitions]


def test_a_refused_week_is_published_by_the_next(scene, faults, monkeypatch):
    """PREVIOUS_WEEK: the Monday's run is refused by the bucket's lease, the next Monday's publishes both weeks."""
    table = scene(DATE_RANGE_MODE="PREVIOUS_WEEK")
    for day in (3, 10, 17):
        table.put(f"{day:02}", f"2026-02-{day:02}T10:00:00Z")
    table.export(now=dt.datetime(2026, 2, 9, 3, tzinfo=dt.UTC))
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    faults.rule = lambda request, forward: (
        s3_refused("AccessDenied", 403) if request.method == "PUT" and "_lease" in request.path else forward()
    )
    refused = table.job(now=dt.datetime(2026, 2, 16, 3, tzinfo=dt.UTC)).run()
    assert (refused.status, len(refused.owed)) == ("failed", 7)
    faults.rule = lambda _, forward: forward()
    entry = table.export(now=dt.datetime(2026, 2, 23, 3, 0, 5, tzinfo=dt.UTC))
    assert (str(entry.window.start), str(entry.window.end)) == ("2026-02-09", "2026-02-22")
    assert table.days() == {"2026-02-03": ["03"], "2026-02-10": ["10"], "2026-02-17": ["17"]}
    assert str(table.manifest().scheduled_from) == "2026-02-02"


def test_emptied_days_outside_the_index_are_owed_where_they_cannot_be_removed(scene, faults, monkeypatch):
    """`--all` settles every published day: one that may not be deleted is owed, and `--resume` removes it."""
    table = two_days(scene)
    table.export(everything=True)
    table.delete("17A", "17B")
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    faults.rule = lambda request, forward: (
        s3_refused("AccessDenied", 403)
        if request.operation == "DeleteObject" and "/year" in request.path
        else forward()
    )
    failed = table.job(everything=True, now=later(1)).run()
    assert (failed.status, [str(day) for day in failed.owed]) == ("failed", ["2026-02-17"])
    faults.rule = lambda _, forward: forward()
    assert table.export(resume=True, now=later(2)).removed == ("year=2026/month=02/day=17",)


def losing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the spool lose the rows of B on the second day, as a fault of its own would."""
    add = Spool.add

    def lossy(self, rows, partition_value, order):
        if partition_value != "B":
            add(self, rows, partition_value, order)

    monkeypatch.setattr(Spool, "add", lossy)


def test_no_run_succeeds_with_rows_that_are_in_no_file(scene, monkeypatch):
    """Rows read are compared with the files' footers, day by day; a difference fails the run and reopens the day."""
    table = two_days(scene)
    losing(monkeypatch)
    failed = table.job(**DAYS).run()
    assert failed.status == "failed"
    assert "2026-02-16: 2 read, 1 in its file; 2026-02-17: 2 read, 1 in its file" in failed.error
    assert [str(day) for day in failed.owed] == ["2026-02-16", "2026-02-17"]
    assert {record.state for record in table.manifest().days.values()} == {"open"}
    monkeypatch.undo()


def test_a_file_with_fewer_rows_than_were_spooled_is_not_published(scene, monkeypatch):
    """A footer that contradicts the spool stops the day before its object is replaced."""
    table = two_days(scene)
    table.export(**DAYS)
    etags = {day: record.objects[0].etag for day, record in table.manifest().days.items()}
    table.put("16C", "2026-02-16T11:00:00Z")
    monkeypatch.setattr("exporter.targets.formats.parquet.ParquetFormat.row_count", lambda *_: 2)
    failed = table.job(**DAYS, now=later(1)).run()
    assert "2026-02-16: 3 read, 2 in its file" in failed.error
    assert {day: record.objects[0].etag for day, record in table.manifest().days.items()} == etags


@pytest.mark.parametrize("way", ["resume", "scheduled", "backfill"])
def test_a_day_that_was_published_incomplete_is_read_again(scene, monkeypatch, way):
    """After any finding of a run: `--resume`, the next scheduled run and `backfill` each publish the whole day."""
    table = two_days(scene)
    with pytest.MonkeyPatch.context() as patch:
        losing(patch)
        table.job(**DAYS).run()
    assert table.days() == {"2026-02-16": ["16A"], "2026-02-17": ["17A"]}
    if way == "backfill":
        assert backfilled(table, 16, 17) == ["16", "17"]
    else:
        table.export(now=later(5), **({"resume": True} if way == "resume" else {}))
    assert table.days() == {"2026-02-16": ["16A", "16B"], "2026-02-17": ["17A", "17B"]}
    assert {str(day): record.state for day, record in table.manifest().days.items() if record.objects} == {
        "2026-02-16": "closed",
        "2026-02-17": "closed",
    }


def test_the_ledger_alone_makes_an_incomplete_day_owed(scene, monkeypatch):
    """Where the manifest could not be changed, `backfill` and `--resume` still read the day: the ledger names it."""
    table = two_days(scene)
    with pytest.MonkeyPatch.context() as patch:
        losing(patch)
        patch.setattr("exporter.targets.manifest_writer.ManifestWriter.reopen", lambda *_: None)
        table.job(**DAYS).run()
    assert {record.state for record in table.manifest().days.values()} == {"closed"}
    assert backfilled(table, 16, 17) == ["16", "17"]


def paused(monkeypatch: pytest.MonkeyPatch, number: int, meanwhile) -> None:
    """Let another run go between the last look at the lease and the manifest's change of that number."""
    change, calls = Records.change_manifest, []

    def changed(self, make):
        calls.append(1)
        if len(calls) == number:
            monkeypatch.setattr(Records, "change_manifest", change)
            meanwhile()
        return change(self, make)

    monkeypatch.setattr(Records, "change_manifest", changed)


def test_a_paused_run_does_not_overwrite_a_newer_record(scene, monkeypatch):
    """The run found day 16 empty and was paused for minutes; meanwhile another published it: that record stays."""
    table, now = scene(), {"now": NOW}
    table.put("0", "2026-02-15T10:00:00Z")
    settings = table.settings()
    request = ExportRequest(Window(dt.date(2026, 2, 15), dt.date(2026, 2, 16), settings.dataset.zone))

    def newer():
        now["now"] = later(5)
        table.put("1", "2026-02-16T10:00:00Z")
        table.export(now=later(5), start="2026-02-15", end="2026-02-16")

    paused(monkeypatch, 2, newer)
    entry = ExportJob(settings, request, clock=lambda: now["now"]).run()
    assert entry.status == "failed"
    record = table.manifest().days[dt.date(2026, 2, 16)]
    assert (record.rows, record.read_at) == (1, later(5))


def test_a_later_reading_wins_also_where_the_lease_did_not_end(scene, monkeypatch):
    """Records are compared by the time of their reading, so a run with a late clock keeps a newer record, too."""
    table = scene()
    table.put("0", "2026-02-15T10:00:00Z")
    table.export(start="2026-02-15", end="2026-02-16", now=later(5))
    entry = table.job(start="2026-02-15", end="2026-02-16", now=NOW).run()
    assert (entry.status, "a run that began later has recorded 2026-02-15" in entry.error) == ("failed", True)
    record = table.manifest().days[dt.date(2026, 2, 15)]
    assert (record.read_at, record.state) == (later(5), "open")  # its object is the late run's, so it is read again


def test_a_value_that_is_added_later_is_owed(scene):
    """Days published without it are named with the value; the last week's are read again at once, older by backfill."""
    table = scene(GSI_PK_VALUE="A")
    for day in (10, 17, 18):
        for kind in "AB":
            table.put(f"{day}{kind}", f"2026-02-{day}T10:00:00Z", kind)
    assert table.export(start="2026-02-10", end="2026-02-18").warnings == ()
    both = {"GSI_PK_VALUE": "A,B"}
    entry = table.job(now=NOW, variables=both).run()
    assert entry.status == "succeeded"
    assert table.days() == {
        "2026-02-10": ["10A"],
        "2026-02-17": ["17A", "17B"],
        "2026-02-18": ["18A", "18B"],
    }
    (warning,) = entry.warnings
    assert warning == (
        "partition value B was added after 9 days from 2026-02-10 to 2026-02-18 had been published, so 2026-02-10, "
        "2026-02-11, 2026-02-12 still lack its items; run `exporter backfill --start 2026-02-10 --end 2026-02-12`"
    )
    assert backfilled(table, 10, 18, **both) == ["10"]
    assert table.job(now=later(60), variables=both).run().warnings == ()


def test_a_value_that_was_added_is_named_also_where_its_days_are_read_at_once(scene):
    """A report names the value and the days, although nothing is left to do."""
    table = scene(GSI_PK_VALUE="A")
    for kind in "AB":
        table.put(kind, "2026-02-18T10:00:00Z", kind)
    table.export(start="2026-02-18", end="2026-02-18")
    entry = table.job(variables={"GSI_PK_VALUE": "A,B"}).run()
    assert entry.warnings == (
        "partition value B was added after 2026-02-18 had been published; this run has read its items",
    )
    assert table.days() == {"2026-02-18": ["A", "B"]}
