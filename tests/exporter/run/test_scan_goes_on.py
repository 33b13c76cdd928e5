"""A scan by workers goes on where it stopped: no segment is read twice, and nothing is lost or doubled."""

import datetime as dt
import os
import random
import threading
from collections import Counter

import boto3
import pytest

from exporter.errors import CatalogError, Interrupted
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.run.reporting.progress import Quiet
from exporter.run.table_export.conversion import Conversion
from exporter.sources.table_scan import TableScan

from .death import Death, Killed

KILLS = int(os.environ.get("SCAN_KILLS", "2"))
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
SEGMENTS = 6
CALLS = 106
"""That the scan of the table below makes, from the first to the removal of what was converted."""


class Pages:
    """Counts the first pages of segments, and dies before one of them."""

    def __init__(self, monkeypatch, dies_at=None):
        self.read = Counter()
        self.dies_at = dies_at
        page = TableScan.page

        def counted(scan, segment, segments, cursor=None):
            if cursor is None:
                if self.dies_at is not None and sum(self.read.values()) >= self.dies_at:
                    raise Killed
                self.read[segment] += 1
            return page(scan, segment, segments, cursor)

        monkeypatch.setattr(TableScan, "page", counted)


@pytest.fixture
def filled(scene):
    """Forty items over four days, one of them without a readable day."""
    table = scene()
    chance = random.Random(1)
    for number in range(40):
        note = {"Note": {"S": "x"}} if number % 3 else {"Amount": {"N": str(number)}}
        table.put(f"{number:02}", f"2026-02-{chance.randint(10, 13)}T10:00:00Z", chance.choice("ABC"), **note)
    table.put("undated", "someday")
    return table


def backfill(table, *, now=NOW, stop=None, progress=None, **more):
    """Return a backfill by workers, two segments at a time."""
    settings = table.settings()
    window = Window(dt.date(2026, 2, 10), dt.date(2026, 2, 13), settings.dataset.zone)
    request = BackfillRequest(window, source="scan", segments=SEGMENTS, workers=2, **more)
    return Backfill(settings, request, clock=lambda: now, stop=stop, progress=progress)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_scan_goes_on_with_the_segments_that_are_left(filled, monkeypatch, seed):
    """Killed at any call, before or after it, the same command reads the segments that are left, and is the index."""
    chance, death, pages = random.Random(seed), Death(monkeypatch), Pages(monkeypatch)
    assert death.killed(backfill(filled).run, chance.randint(1, CALLS), before=chance.random() < 0.5)
    kept = {key for key in filled.keys("_exports/_converted/") if key.endswith(".json")}
    done = {int(key.rpartition("-")[2].removesuffix(".json")) for key in kept}
    left = set() if "_manifest.json" in filled.keys("_manifest") else set(range(SEGMENTS)) - done
    pages.read.clear()
    report = backfill(filled, now=NOW + dt.timedelta(hours=5)).run()
    assert report.error is None
    assert set(pages.read) == left
    by_scan, withheld = filled.rows(), filled.quarantine()
    withheld = [line for place, line in enumerate(withheld) if line not in withheld[:place]]  # of both runs
    filled.prefix = filled.variables["S3_PREFIX"] = f"{filled.prefix}-index"
    filled.variables["ATHENA_TABLE"] = "by_index"
    filled.export(everything=True)
    assert by_scan == filled.rows()
    assert withheld == filled.quarantine()


def test_what_is_published_is_as_of_the_begin_and_nothing_stays(filled, monkeypatch):
    """Days count as read when the scan began, units are those of all segments read, and the parts are removed."""
    pages = Pages(monkeypatch, dies_at=3)
    with pytest.raises(Killed):
        backfill(filled).run()
    pages.dies_at = None
    report = backfill(filled, now=NOW + dt.timedelta(hours=5)).run()
    assert {record.read_at for record in filled.manifest().days.values()} == {NOW}
    assert report.plain()["read_units"] > 0
    assert filled.keys("_exports/") == []


def test_a_scan_begins_again_where_its_rows_would_be_too_old(filled, monkeypatch):
    """After a week, or where a wanted day was read since, no segment of the old scan is used."""
    for later, exports in ((dt.timedelta(hours=5), True), (dt.timedelta(days=8), False)):
        pages = Pages(monkeypatch, dies_at=3)
        with pytest.raises(Killed):
            backfill(filled, force=True).run()
        if exports:
            filled.export(now=NOW + dt.timedelta(hours=1), start="2026-02-11", end="2026-02-11")
        pages.dies_at = None
        pages.read.clear()
        assert backfill(filled, now=NOW + later, force=True).run().error is None
        assert set(pages.read) == set(range(SEGMENTS))


def test_a_stop_keeps_what_is_converted(filled, monkeypatch):
    """After a signal the command says how many segments are left, and that the same command goes on with them."""
    stop = threading.Event()
    convert = Conversion.convert

    def stopping(conversion, part):
        record = convert(conversion, part)
        stop.set()
        return record

    with monkeypatch.context() as patched:
        patched.setattr(Conversion, "convert", stopping)
        with pytest.raises(Interrupted, match=r"stopped while the table was scanned.*the same command goes on"):
            backfill(filled, stop=stop, progress=Quiet()).run()
    assert filled.keys("year=") == []
    assert backfill(filled).run().error is None
    assert len(filled.rows()) > 20


def test_what_prevents_the_run_is_said_ahead_of_the_scan(filled, monkeypatch):
    """A Glue table of somebody else: the backfill, and the scan for many tasks, end before a segment is read."""
    pages, settings = Pages(monkeypatch), filled.settings()
    dataset = settings.dataset
    boto3.client("glue").create_database(DatabaseInput={"Name": dataset.target.database})
    boto3.client("glue").create_table(
        DatabaseName=dataset.target.database,
        TableInput={"Name": dataset.target.table, "StorageDescriptor": {"Location": "s3://other/place/"}},
    )
    for begun in (backfill(filled).run, backfill(filled).begin_scan):
        with pytest.raises(CatalogError, match="reads s3://other/place/"):
            begun()
    assert (pages.read, filled.keys("_exports/")) == (Counter(), [])
