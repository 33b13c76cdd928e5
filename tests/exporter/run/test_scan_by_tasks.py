"""A scan by many tasks: begun once, converted segment by segment wherever it is, merged by a last run."""

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from exporter.__main__ import cli
from exporter.clients import Clients
from exporter.errors import SourceError, UsageError
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.run.table_export.scan_conversion import conversion_under_way
from exporter.sources.rate_limiter import RateLimiter

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
SEGMENTS = 5
DAYS = ("--start", "2026-02-10", "--end", "2026-02-13")


@pytest.fixture
def filled(scene):
    """Twenty items over four days, six of another partition value, and one without a readable day."""
    table = scene()
    for number in range(20):
        table.put(f"{number:02}", f"2026-02-{10 + number % 4}T10:00:00Z", "ABC"[number % 3], Note={"S": str(number)})
    table.put("undated", "someday")
    return table


def backfill(table, *, now=NOW, workers=None):
    """Return a backfill of the four days by a scan."""
    settings = table.settings()
    window = Window(dt.date(2026, 2, 10), dt.date(2026, 2, 13), settings.dataset.zone)
    request = BackfillRequest(window, source="scan", segments=SEGMENTS, workers=workers)
    return Backfill(settings, request, clock=lambda: now)


def task(table, scan):
    """Return what a task has to convert segments."""
    settings = table.settings()
    return conversion_under_way(settings, Clients(settings.region), scan, RateLimiter(1, None), threading.Event())


def test_tasks_convert_the_segments_and_a_last_one_merges_them(filled):
    """Each segment by a task of its own, some by two at once: rows and quarantine are those of the index, once each."""
    record = backfill(filled).begin_scan()
    lines = [json.loads(line) for line in filled.read("_exports/_segments.jsonl").splitlines()]
    assert lines == [{"scan": record.scan, "part": f"segment-0000{number}"} for number in range(SEGMENTS)]
    tasks = [task(filled, record.scan) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        work = [(tasks[n % 4], line["part"]) for n, line in enumerate([*lines, *lines[:3]])]
        list(pool.map(lambda one: one[0].convert(one[0].named([one[1]])[0]), work))
    assert task(filled, record.scan).missing() == []
    report = backfill(filled, now=NOW + dt.timedelta(hours=5), workers=1).run()
    assert (report.error, report.plain()["rows"]) == (None, 14)
    assert {record.read_at for record in filled.manifest().days.values()} == {NOW}
    assert filled.keys("_exports/") == []
    by_scan, withheld = filled.rows(), filled.quarantine()
    filled.prefix = filled.variables["S3_PREFIX"] = f"{filled.prefix}-index"
    filled.variables["ATHENA_TABLE"] = "by_index"
    filled.export(everything=True)
    assert by_scan == filled.rows()
    assert withheld == filled.quarantine()


def test_what_no_task_has_converted_the_last_run_reads_itself(filled):
    """With two of five segments converted, the run that merges reads the other three, and nothing is lost."""
    record = backfill(filled).begin_scan()
    first = task(filled, record.scan)
    for part in first.named(["segment-00001", "segment-00003"]):
        first.convert(part)
    assert [file.key for file in first.missing()] == ["segment-00000", "segment-00002", "segment-00004"]
    assert backfill(filled, workers=1).run().plain()["rows"] == 14


def test_a_scan_that_is_begun_twice_is_one(filled):
    """A repeated first step goes on with the scan that is under way, so no segment is read for two scans."""
    record = backfill(filled).begin_scan()
    assert backfill(filled, now=NOW + dt.timedelta(hours=1)).begin_scan() == record


def test_a_task_of_another_scan_is_refused(filled):
    """A late task of a scan that was published or begun again ends with its name, and writes nothing."""
    record = backfill(filled).begin_scan()
    with pytest.raises(SourceError, match=f"scan {record.scan} has no segment segment-00005; it has 5"):
        task(filled, record.scan).named(["segment-00005"])
    with pytest.raises(SourceError, match=rf"scan scan-old is not under way in .*: {record.scan} is, begun at 2026-02"):
        task(filled, "scan-old")
    assert backfill(filled, workers=1).run().error is None
    with pytest.raises(SourceError, match=rf"scan {record.scan} is not under way in .*: none is"):
        task(filled, record.scan)
    assert filled.keys("_exports/") == []


def test_nothing_is_begun_where_every_day_is_closed(filled):
    """A scan of closed days alone would be paid for nothing, so it is refused before anything is written."""
    assert backfill(filled, workers=1).run().error is None
    with pytest.raises(UsageError, match="all days from 2026-02-10 to 2026-02-13 are closed"):
        backfill(filled).begin_scan()
    assert filled.keys("_exports/") == []


def test_the_commands_of_a_scan_by_tasks(filled, run):
    """`scan-segments` begins, `convert --scan` takes segments by name, and both say what they have done."""
    begun = run(filled, "scan-segments", *DAYS, "--segments", "3", "--json")
    found = json.loads(begun.stdout)
    assert found["segments"] == 3, begun.stderr
    some = run(filled, "convert", "--scan", found["scan"], "--files", '["segment-00000", "segment-00002"]', "--json")
    assert json.loads(some.stdout)["files"] == 2, some.stderr
    rest = run(filled, "convert", "--scan", found["scan"], "--max-read-units", "100")
    assert rest.stdout.endswith("items of 1 segments converted\n"), rest.stderr


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), "give --export-arn or --scan"),
        (("--export-arn", "arn", "--scan", "name"), "give --export-arn or --scan"),
        (("--export-arn", "arn", "--max-read-units", "5"), "--max-read-units belongs to --scan"),
    ],
)
def test_parts_belong_to_one_thing(options, shown):
    """Neither, both, or a ceiling for an export is refused by name, before anything is asked for."""
    with pytest.raises(UsageError, match=shown):
        CliRunner().invoke(cli, ["convert", *options], catch_exceptions=False)
