"""What CloudWatch learns of a run from its log."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from dataset_model.records.manifest import DayRecord, Manifest
from exporter.run.reporting.metrics import data_through

ONE = {"start": "2026-02-16", "end": "2026-02-16"}
UTC = ZoneInfo("UTC")


def metrics(text: str) -> dict:
    """Return the one line of metrics in a log."""
    (line,) = [json.loads(line) for line in text.splitlines() if '"_aws"' in line]
    return line


def test_a_run_ends_with_its_metrics(scene, run):
    """Standard error has one line in the embedded metric format, a value and a unit for each."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("odd", "2026-02-16 at noon")
    done = run(table, "export", "--start", "2026-02-16", "--end", "2026-02-16")
    found = metrics(done.stderr)
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("DynamoDBReporting", [["dataset"]])
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == {
        "rows": "Count", "bytes": "Bytes", "seconds": "Seconds", "quarantined": "Count", "read_units": "Count",
        "failed": "Count", "data_through": "Seconds", "data_age": "Seconds",
    }  # fmt: skip
    assert (found["dataset"], found["rows"], found["quarantined"], found["failed"]) == ("rows", 1, 1, 0)
    assert found["data_through"] == dt.datetime(2026, 2, 17, tzinfo=dt.UTC).timestamp()
    assert found["_aws"]["Timestamp"] / 1000 - found["data_through"] - found["data_age"] < 2
    assert "_aws" not in done.stdout


def test_a_failed_run_has_metrics_too(scene, capsys):
    """A run that failed counts as one, and reports how old the published data is."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE)
    capsys.readouterr()
    table.job(**ONE, variables={"GSI_PK_VALUE": "TYPO"}).run()
    found = metrics(capsys.readouterr().err)
    assert (found["failed"], found["rows"]) == (1, 0)
    assert found["data_age"] == (3 * 24 + 9) * 3600


def test_nothing_is_written_on_a_terminal(scene, capsys, monkeypatch):
    """On a terminal the line is not written."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    table = scene()
    table.export(**ONE)
    assert "_aws" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("closed", "opened", "through"),
    [
        ([], [], None),
        ([16, 17, 18], [], "2026-02-19T00:00:00"),
        ([16, 18, 19], [], "2026-02-17T00:00:00"),
        ([16, 17], [18], "2026-02-18T09:30:00"),
        ([1, 16, 17], [], None),
        ([10, 17], [], "2026-02-11T00:00:00"),
        ([2, 10, 11, 12, 13, 14, 15, 16, 17], [], "2026-02-18T00:00:00"),
    ],
)
def test_data_is_complete_up_to_the_first_gap(closed, opened, through):
    """A day without a record stops the count, in the week before the latest day; an open day counts in part."""
    read_at = dt.datetime(2026, 2, 18, 9, 30, tzinfo=dt.UTC)
    days = {
        dt.date(2026, 2, number): DayRecord(
            day=dt.date(2026, 2, number), objects=(), state="open" if number in opened else "closed", read_at=read_at
        )
        for number in closed + opened
    }
    manifest = Manifest(dataset="d", location="s3://b/p/", time_zone="UTC", updated_at=read_at, days=days)
    found = data_through(manifest, UTC)
    assert found == (through and dt.datetime.fromisoformat(through).replace(tzinfo=dt.UTC))
    assert data_through(None, UTC) is None
