"""Runs that ended too soon, and the runs that take over what they owe."""

import datetime as dt
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from faults import Faults

from exporter.errors import ExportError
from exporter.lambda_handler import handler
from exporter.runtime.workspace import STALE_SECONDS, workspace
from exporter.targets.publisher import Publisher

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
WEEK = {"start": "2026-02-13", "end": "2026-02-19"}


def later(hours: float) -> dt.datetime:
    return NOW + dt.timedelta(hours=hours)


def dated(days) -> list[str]:
    return [str(day) for day in days]


def stopped(table, after_items: int, **options):
    """Return a run that was asked to stop as soon as it had read so many items."""
    job = table.job(**options)
    job._limiter.most = 1

    class Stopping:
        seen = 0

        def plan(self, days, items=None):
            pass

        def read(self, *, items, units):  # noqa: ARG002 - the protocol has it
            self.seen += items
            if self.seen >= after_items:
                job.stop.set()

        def published(self, days):
            pass

    job.progress = Stopping()
    return job.run()


@pytest.fixture
def week(scene):
    """Seven days of which two fill a page, so that they are read one after the other; the last one has two items."""
    table = scene(GSI_PK_VALUE="A")
    for day in range(13, 20):
        table.put(f"{day}", f"2026-02-{day}T10:00:00Z", Padding={"S": "x" * 390_000})
    table.put("19b", "2026-02-19T12:00:00Z", Padding={"S": "x" * 390_000})
    return table


def test_a_stopped_run_says_what_remains(week):
    """Days that were complete are published; the others are owed, in the ledger and in the message."""
    entry = stopped(week, 7, **WEEK)
    assert entry.status == "interrupted"
    assert len(entry.partitions) >= 1
    assert sorted(week.days()) + dated(entry.owed) == [f"2026-02-{day}" for day in range(13, 20)]
    assert "remain; run `export --resume` to continue with them" in entry.error
    assert str(entry.owed[-1]) in entry.error


def test_a_stop_amid_many_small_days_finishes_one(scene, monkeypatch):
    """Days that were read together are published one by one: the one under way is finished, the rest is owed."""
    table = scene(GSI_PK_VALUE="A")
    for day in range(13, 20):
        table.put(f"{day}", f"2026-02-{day}T10:00:00Z")
    job = table.job(**WEEK)
    publish_day = Publisher._publish_day

    def stopping(publisher, day, *more):
        if day == dt.date(2026, 2, 15):
            job.stop.set()
        return publish_day(publisher, day, *more)

    monkeypatch.setattr(Publisher, "_publish_day", stopping)
    entry = job.run()
    assert entry.status == "interrupted"
    assert sorted(table.days()) == [f"2026-02-{day}" for day in (13, 14, 15)]
    assert dated(entry.owed) == [f"2026-02-{day}" for day in range(16, 20)]
    monkeypatch.setattr(Publisher, "_publish_day", publish_day)
    table.export(resume=True, now=later(1))
    assert len(table.days()) == 7


def test_resume_reads_what_the_stopped_run_owes_and_nothing_else(week):
    """--resume takes the days of the newest unfinished run; a second --resume finds nothing to do and reads nothing."""
    first = stopped(week, 7, **WEEK)
    week.put("13-late", "2026-02-13T11:00:00Z")
    entry = week.export(resume=True, now=later(1))
    assert [partition.partition[-2:] for partition in entry.partitions] == [str(day)[-2:] for day in first.owed]
    assert week.days()["2026-02-13"] == ["13"]
    assert len(week.days()) == 7
    idle = week.export(resume=True, now=later(2))
    assert (idle.items, idle.read_units, idle.window) == (0, 0, None)
    assert "nothing to resume" in idle.warnings[0]


def test_resume_of_a_run_over_everything_that_never_began(week):
    """A run over everything that failed before it knew its days is resumed as a run over everything."""
    failed = week.job(everything=True, variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    assert (failed.status, failed.owed) == ("failed", ())
    entry = week.export(resume=True, now=later(1))
    assert len(entry.partitions) == 7
    assert entry.options["scope"] == "all"


def test_a_scheduled_run_takes_over_days_that_were_published_before(scene):
    """A run that failed over days published before owes them all the same; the next scheduled run reads them."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**WEEK)
    table.put("2", "2026-02-16T11:00:00Z")
    failed = table.job(
        start="2026-02-16", end="2026-02-17", now=later(1), variables={"GSI_PK_ATTRIBUTE": "Other"}
    ).run()
    assert dated(failed.owed) == ["2026-02-16", "2026-02-17"]
    entry = table.export(now=later(2))
    assert table.days() == {"2026-02-16": ["1", "2"]}
    assert (entry.window.start, entry.window.end) == (dt.date(2026, 2, 16), dt.date(2026, 2, 19))
    assert table.export(now=later(3)).window.start == dt.date(2026, 2, 19)


def test_a_long_backfill_that_failed_is_no_surprise_for_the_schedule(scene):
    """Of a failed run over years a scheduled one takes over the last week alone; the rest waits for --resume."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**WEEK)
    table.job(start="2024-01-01", end="2026-02-19", now=later(1), variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    assert table.export(now=later(2)).window.start == dt.date(2026, 2, 13)
    entry = table.export(resume=True, now=later(3))
    assert (entry.window.start, entry.window.end) == (dt.date(2024, 1, 1), dt.date(2026, 2, 12))


def test_a_dead_run_is_named_and_its_days_are_read(scene):
    """An entry that says running although its lease has run out becomes died, and its days are owed."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**WEEK)
    table.put("2", "2026-02-16T11:00:00Z")
    dead = table.job(start="2026-02-16", end="2026-02-16", now=later(1))
    dead._records.write_run(dead._account.entry("running"))
    dead._lease._take(0)
    assert "is exporting" in table.job(now=later(1)).run().error
    entry = table.export(now=later(2))
    assert table.days() == {"2026-02-16": ["1", "2"]}
    found = next(found for found in table.ledger() if found.run_id == dead.run_id)
    assert (found.status, dated(found.owed)) == ("died", ["2026-02-16"])
    assert entry.window.start == dt.date(2026, 2, 16)


def test_days_kept_on_purpose_are_not_owed(scene, tmp_path):
    """A day that stays because its source has begun to expire is not read again and again."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-16T11:00:00Z")
    file = tmp_path / "d.yaml"
    file.write_text("name: d\nretention: {expires_after_days: 3}\n")
    variables = {"DATASET": str(file)}
    table.export(start="2026-02-16", end="2026-02-16", variables=variables)
    table.delete("2")
    entry = table.job(start="2026-02-16", end="2026-02-16", now=later(1), variables=variables).run()
    assert (entry.status, entry.owed) == ("failed", ())


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.slow
def test_a_signal_lets_the_day_in_hand_be_published(week, aws, number):
    """The process publishes what is complete, exits with 1 and says how to go on; nothing is lost by going on."""
    import signal

    with Faults(aws.url) as faults:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "exporter",
                "export",
                "--ranges",
                "1",
                "--start",
                "2026-02-13",
                "--end",
                "2026-02-19",
            ],
            env=os.environ | week.variables | {"AWS_ENDPOINT_URL": faults.url},
            stderr=subprocess.PIPE,
            text=True,
        )

        reads = []

        def rule(request, forward):
            answer = forward()
            if request.operation == "Query" and b"2026-02-18" in answer.body:
                reads.append(request)
                if len(reads) == 1:
                    process.send_signal(getattr(signal, number))
                    time.sleep(0.5)  # the signal is there before the page is
            return answer

        faults.rule = rule
        _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    assert "export --resume" in stderr
    assert "Traceback" not in stderr
    (entry,) = week.ledger()
    assert (entry.status, week.keys("_lease.json")) == ("interrupted", [])
    assert 1 <= len(week.days()) < 7
    week.export(resume=True, now=dt.datetime.now(dt.UTC))
    assert len(week.days()) == 7


@pytest.mark.slow
def test_a_lambda_near_its_limit_stops_in_time(week, aws, monkeypatch):
    """Before the function's time is up the run stops, writes its ledger entry and fails, saying how to go on."""
    for name, value in week.variables.items():
        monkeypatch.setenv(name, value)

    def rule(request, forward):
        if request.operation == "Query" and b"BETWEEN" in request.body:
            time.sleep(1.2)  # longer than the time that is left
        return forward()

    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 20_500)
    with Faults(aws.url, rule) as faults:
        monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
        with pytest.raises(
            ExportError, match=r"export interrupted: .* remain; run `export --resume` to continue with them"
        ):
            handler({"startDate": "2026-02-13", "endDate": "2026-02-19"}, context)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    (entry,) = week.ledger()
    assert (entry.status, week.keys("_lease.json")) == ("interrupted", [])
    context.get_remaining_time_in_millis = lambda: 600_000
    assert len(handler({"resume": True}, context)["partitions"]) == len(entry.owed)
    assert len(week.days()) == 7


def test_working_folders_of_dead_runs_are_cleared_away(tmp_path, monkeypatch):
    """A folder that a dead run left more than a day ago goes; living runs' folders and other people's stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = {name: tmp_path / f"export-{name}" for name in ("dead", "fresh", "foreign")}
    for name, folder in names.items():
        folder.mkdir()
        (folder / ("notes.txt" if name == "foreign" else ".exporter")).touch()
    old = time.time() - STALE_SECONDS - 60
    for name in ("dead", "foreign"):
        os.utime(names[name], (old, old))
    with workspace() as living:
        os.utime(living, (old, old))
        with workspace():
            assert living.is_dir()
            assert not names["dead"].exists()
            assert names["fresh"].is_dir()
            assert names["foreign"].is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export-foreign", "export-fresh"]
