"""`python -m exporter` and the Lambda, as their callers see them: output, exit status, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import click
import pytest

from exporter.__main__ import cli
from exporter.errors import ExportError, UsageError
from exporter.lambda_handler import handler


def run(table, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        env=os.environ | table.variables | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_last_line_of_json_output_is_the_report(scene):
    """With --json standard output ends with the run report, field for field; logs stay on standard error."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    done = run(table, "export", "--start", "2026-02-16", "--end", "2026-02-16", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert list(report) == [
        "run_id", "dataset", "status", "window", "rows", "bytes", "quarantined", "partitions", "removed", "warnings",
        "read_units", "seconds",
    ]  # fmt: skip
    assert report["window"] == {"start": "2026-02-16", "end": "2026-02-16"}
    assert report["partitions"][0] == {
        "partition": "year=2026/month=02/day=16",
        "rows": 1,
        "bytes": report["bytes"],
        "uri": f"s3://reports/{table.prefix}/year=2026/month=02/day=16/data.parquet",
    }


def test_every_verb_and_option_is_documented(repository):
    """docs/exporter.md names each verb of the command line, and each option of its verbs."""
    text = (repository / "docs" / "exporter.md").read_text(encoding="utf-8")
    shared = {"--dataset", "--json", "--help"}
    context = click.Context(cli)
    for name in cli.list_commands(context):
        verb = cli.get_command(context, name)
        assert f"python -m exporter {name}" in text, name
        for command in getattr(verb, "commands", {"": verb}).values():
            given = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            assert {option for option in given - shared if option not in text} == set(), name


def test_a_failed_run_says_why_and_exits_with_1(scene):
    """An anticipated failure is one clear message, no traceback, and status 1."""
    table = scene()
    done = run(table, "export", "--all", DYNAMO_TABLE_NAME="no-such-table")
    assert done.returncode == 1
    assert "cannot read table no-such-table" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["export", "--all"], {"LOG_LEVEL": "DEBUG", "DATE_FORMAT": "HUMAN_READABLE"}),
        (["export", "--all"], {"GSI_NAME": "other"}),
        (["export", "--resume"], {}),
        (["backfill", "--start", "2026-02-16", "--end", "2026-02-17"], {}),
    ],
)
def test_off_a_terminal_every_line_of_a_runs_log_is_json(scene, arguments, variables):
    """A log collector gets one JSON object a line, whether the run succeeds, warns, fails or has nothing to do."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("odd", "no date")
    lines = run(table, *arguments, **variables).stderr.splitlines()
    assert lines
    for line in lines:
        entry = json.loads(line)
        assert "_aws" in entry or {"event", "level", "timestamp"} <= entry.keys(), line


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["export"], {"S3_BUCKET": "", "TIME_ZONE": "Mars"}, "S3_BUCKET: expected"),
        (["export"], {"TIME_ZONE": "Mars"}, "TIME_ZONE: expected an IANA time zone"),
        (["export", "--start", "2026-02-30", "--end", "2026-03-01"], {}, "--start: expected a day"),
        (["export", "--mode", "YESTERDAY"], {}, "YESTERDAY"),
        (["export", "--mode", "PREVIOUS_DAY", "--all"], {}, "--mode names a range of its own"),
        (["export", "--dataset", "nothing"], {}, "nothing"),
        (["expert"], {}, "expert"),
    ],
)
def test_wrong_settings_and_usage_exit_with_2(scene, arguments, variables, message):
    """Nothing is called where a setting or an option is wrong; the message names it."""
    done = run(scene(), *arguments, **variables)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_changes_nothing(scene):
    """--dry-run says which days and objects it is about, and neither reads nor writes any."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16")
    before = table.keys("")
    done = run(table, "export", "--start", "2026-02-15", "--end", "2026-02-16", "--dry-run", "--json")
    planned = json.loads(done.stdout)
    assert planned["days"] == ["2026-02-15", "2026-02-16"]
    assert planned["replaces"] == [f"{table.prefix}/year=2026/month=02/day=16/data.parquet"]
    assert table.keys("") == before


def test_sync_rebuilds_the_table(scene):
    """A dropped Glue table comes back from the published schema, with the same columns and years."""
    import boto3

    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", Agent={"S": "Ann"})
    table.export(start="2026-02-16", end="2026-02-16")
    glue = boto3.client("glue")
    before = glue.get_table(DatabaseName=table.database, Name="rows")["Table"]
    glue.delete_table(DatabaseName=table.database, Name="rows")
    done = run(table, "sync")
    assert "rebuilt, 4 columns, years 2026 to 2026" in done.stdout
    after = glue.get_table(DatabaseName=table.database, Name="rows")["Table"]
    assert after["StorageDescriptor"] == before["StorageDescriptor"]
    assert after["Parameters"] == before["Parameters"]


def test_runs_lists_the_ledger(scene):
    """`runs` shows the newest run first, with its outcome."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    entry = table.export(start="2026-02-16", end="2026-02-16")
    assert entry.run_id in run(table, "runs").stdout
    assert json.loads(run(table, "runs", "--json").stdout)["rows"] == 1


def test_the_lambda_returns_the_report(scene, monkeypatch):
    """The handler takes an event, runs the same job and returns the report as plain values."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    for name, value in table.variables.items():
        monkeypatch.setenv(name, value)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    report = handler({"startDate": "2026-02-16", "endDate": "2026-02-16"}, context)
    assert json.loads(json.dumps(report))["rows"] == 1
    assert handler({"all": True}, context)["rows"] == 1
    with pytest.raises(UsageError, match="come together"):
        handler({"startDate": "2026-02-16"}, context)
    monkeypatch.setenv("GSI_PK_VALUE", "UNKNOWN")
    with pytest.raises(ExportError, match="every partition value came back empty"):
        handler({"all": True}, context)


@pytest.mark.slow
def test_sigterm_ends_a_run_cleanly(scene):
    """A task that is stopped writes its ledger entry, says what it owes and exits with 1; no day is half published."""
    table = scene()
    for number in range(40):
        table.put(f"{number:03}", f"2026-02-16T10:00:{number % 60:02}Z", Padding={"S": "x" * 380_000})
    process = subprocess.Popen(
        [sys.executable, "-m", "exporter", "export", "--start", "2026-02-16", "--end", "2026-02-16"],
        env=os.environ | table.variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not table.keys("_runs/") and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    (entry,) = table.ledger()
    assert (process.returncode, entry.status) in {(1, "interrupted"), (0, "succeeded")}
    assert "Traceback" not in stderr
    if entry.status == "interrupted":
        assert [str(day) for day in entry.owed] == ["2026-02-16"]
        assert table.keys() == []


def test_changes_then_runs_the_scheduled_export(scene):
    """`changes --export` reports both; without point-in-time recovery it says how to get it, and exports anyway."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    off = run(table, "changes", "--export", "--json")
    report = json.loads(off.stdout.splitlines()[-1])
    assert (off.returncode, report["status"], report["export"]["status"]) == (1, "failed", "succeeded")
    assert "point-in-time recovery is off. Switch it on by `aws dynamodb" in report["error"]
    table.dynamodb.update_continuous_backups(
        TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    on = run(table, "changes", "--export", "--json")
    report = json.loads(on.stdout.splitlines()[-1])
    assert (on.returncode, report["status"], report["windows"]) == (0, "succeeded", [])
