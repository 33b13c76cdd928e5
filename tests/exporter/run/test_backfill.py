"""`exporter backfill`: a long stretch of days in chunks, oldest first, that can be stopped and gone on with.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt
import json
import threading

import pytest

from exporter.errors import UsageError
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest, chunks

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


def request_for(table, start, end, **options):
    zone = table.settings().dataset.zone
    return BackfillRequest(Window(dt.date.fromisoformat(start), dt.date.fromisoformat(end), zone), **options)


def backfill(table, start, end, *, on_run=lambda *_: None, stop=None, **options):
    request = request_for(table, start, end, **options)
    return Backfill(table.settings(), request, stop=stop, clock=lambda: NOW).run(on_run)


def filled(scene, **variables):
    table = scene(**variables)
    for month in (11, 12):
        table.put(f"2025-{month}", f"2025-{month}-10T12:00:00Z")
    table.put("2026-01", "2026-01-31T23:59:59Z")
    table.put("2026-02", "2026-02-01T00:00:00Z")
    return table


def windows_of(report):
    return [(str(entry.window.start), str(entry.window.end)) for entry in report.entries]


def test_months_are_runs_of_their_own_oldest_first(scene):
    """Each calendar month is one run in the ledger; the first and the last may be parts of one."""
    table = filled(scene)
    found = backfill(table, "2025-11-05", "2026-02-10")
    assert windows_of(found) == [
        ("2025-11-05", "2025-11-30"),
        ("2025-12-01", "2025-12-31"),
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-10"),
    ]
    assert [entry.rows for entry in found.entries] == [1, 1, 1, 1]
    assert len(table.ledger()) == 4
    assert (found.error, found.remaining, found.skipped_days) == (None, [], 0)
    assert found.plain()["status"] == "succeeded"


def test_a_key_that_does_not_sort_is_read_once(scene):
    """Every run over such a key reads all of it, so that four months are one run; chunks that are asked for stay."""
    table = scene(DATE_FORMAT="HUMAN_READABLE")
    for month, name in (("11", "Nov"), ("12", "Dec")):
        table.put(month, f"{name} 10, 2025 12:00:00 PM UTC")
    found = backfill(table, "2025-11-05", "2026-02-10")
    assert windows_of(found) == [("2025-11-05", "2026-02-10")]
    assert table.days() == {"2025-11-10": ["11"], "2025-12-10": ["12"]}
    chunked = backfill(table, "2025-11-05", "2025-12-14", force=True, chunk_days=20)
    assert windows_of(chunked) == [("2025-11-05", "2025-11-24"), ("2025-11-25", "2025-12-14")]


def test_closed_days_are_skipped_and_open_ones_are_not(scene):
    """A second backfill reads what the manifest does not have as closed, and nothing else, unless it is forced to."""
    table = filled(scene)
    backfill(table, "2025-12-01", "2025-12-31")
    found = backfill(table, "2025-11-20", "2026-01-05")
    assert windows_of(found) == [("2025-11-20", "2025-11-30"), ("2026-01-01", "2026-01-05")]
    assert found.skipped_days == 31
    assert backfill(table, "2025-11-20", "2026-01-05").entries == []
    assert len(backfill(table, "2025-12-01", "2025-12-31", force=True).entries) == 1
    assert windows_of(backfill(table, "2026-02-20", "2026-02-20")) == [("2026-02-20", "2026-02-20")]
    assert windows_of(backfill(table, "2026-02-20", "2026-02-20")) == [("2026-02-20", "2026-02-20")]


def test_a_stop_between_runs_is_gone_on_with(scene):
    """A stopped backfill says what remains, and the same command does that and no more."""
    table = filled(scene)
    stop = threading.Event()
    found = backfill(table, "2025-11-01", "2026-01-31", stop=stop, on_run=lambda *_: stop.set())
    assert windows_of(found) == [("2025-11-01", "2025-11-30")]
    assert [(str(window.first), str(window.last)) for window in found.remaining] == [
        ("2025-12-01", "2025-12-31"),
        ("2026-01-01", "2026-01-31"),
    ]
    assert found.plain()["status"] == "interrupted"
    assert "2025-12-01 to 2026-01-31 remain; run the same command again to continue" in found.text()
    assert windows_of(backfill(table, "2025-11-01", "2026-01-31")) == [
        ("2025-12-01", "2025-12-31"),
        ("2026-01-01", "2026-01-31"),
    ]
    assert len(table.days()) == 3


def test_a_failed_run_ends_the_backfill(scene):
    """After a run that fails nothing newer is tried; what it was about remains."""
    table = filled(scene)
    lease = {"owner": "another", "host": "elsewhere", "expires_at": (NOW + dt.timedelta(minutes=1)).isoformat()}
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_lease.json", Body=json.dumps(lease).encode())
    found = backfill(table, "2025-11-01", "2025-12-31")
    assert len(found.entries) == 1
    assert "another" in found.error
    assert len(found.remaining) == 2


def test_chunks_may_be_days(scene):
    """--chunk-days cuts by length instead of by month; days between two spans are no part of a chunk."""
    table = scene()
    request = request_for(table, "2026-01-28", "2026-02-05", chunk_days=3)
    days = set(request.window.days()) - {dt.date(2026, 1, 31)}
    assert [(window.first.day, window.last.day) for window in chunks(days, request)] == [(28, 30), (1, 3), (4, 5)]


def test_what_makes_no_sense_is_refused(scene):
    """Days in the future, and --force where a day would be added twice, are usage errors."""
    table = scene()
    with pytest.raises(UsageError, match="in the future; today is 2026-02-20"):
        backfill(table, "2026-02-01", "2026-02-21")
    appending = scene(OVERWRITE_MODE="APPEND")
    with pytest.raises(UsageError, match="a second time"):
        backfill(appending, "2026-02-01", "2026-02-02", force=True)


def test_the_command_tells_of_each_run(scene, run):
    """Each run is a line on standard error as it ends; standard output has the sum, or JSON."""
    table = filled(scene)
    done = run(table, "backfill", "--start", "2025-11-01", "--end", "2025-12-31")
    assert done.returncode == 0, done.stderr
    assert "1 of 2: 2025-11-01 to 2025-11-30 succeeded, 1 rows in 1 days" in done.stderr
    assert "2 rows in 2 days, 2 of 2 runs; 0 days were closed already" in done.stdout
    done = run(table, "backfill", "--start", "2025-11-01", "--end", "2025-12-31", "--json")
    assert json.loads(done.stdout)["skipped_days"] == 61
    assert run(table, "backfill").returncode == 2
