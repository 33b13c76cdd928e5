"""A dataset of `kind: files`: a file of JSON lines a day, exported as a table is."""

import datetime as dt
import json
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config

from dataset_model import DatasetError, dataset_from_text
from dataset_model.records.manifest import Manifest
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.errors import UsageError
from exporter.quarantine.retry import Retry
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import Settings
from exporter.sources.files.day_files import DayFiles
from local.server import Server

BUCKET = "reports"
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
FILE = """
name: findings
source: {kind: files, path: "PLACE/findings/{date}.json"}
columns:
  - {name: date, attribute: date, type: date}
  - {name: line, attribute: line, type: bigint, role: key}
  - {name: amount, attribute: amount, type: "decimal(20,2)"}
  - {name: name, attribute: name, type: string}
target: {prefix: PLACE-parquet, database: PLACE, table: findings}
"""


class Files:
    """Files of a place of their own, and the exports of them."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.settings = Settings(
            dataset_from_text(FILE.replace("PLACE", place), "findings.yaml"),
            BUCKET,
            "us-east-1",
            results=f"s3://{BUCKET}/results/",
        )
        self.s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))

    def put(self, name: str, *lines: str) -> None:
        body = "\n".join(lines).encode()
        self.s3.put_object(Bucket=BUCKET, Key=f"{self.place}/findings/{name}.json", Body=body)

    def export(self, **options: object) -> dict[str, object]:
        request = request_from_options(self.settings, NOW, **options)
        entry = ExportJob(self.settings, request, clock=lambda: NOW).run()
        return {"error": entry.error, "rows": entry.rows, "quarantined": entry.quarantined}

    def rows(self) -> list[tuple[object, ...]]:
        """What Athena answers, in order."""
        athena = boto3.client("athena")
        execution = athena.start_query_execution(
            QueryString=f'SELECT date, line, amount, name FROM "{self.place}".findings ORDER BY date, line',
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
        )["QueryExecutionId"]
        while athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]["State"] in {
            "QUEUED",
            "RUNNING",
        }:
            pass
        answer = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"][1:]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in answer]


@pytest.fixture
def files(aws: Server, request: pytest.FixtureRequest) -> Files:
    return Files("f" + request.node.name.removeprefix("test_")[:12].replace("[", "_"))


def test_files_become_rows_of_the_day_in_their_name(files: Files) -> None:
    """Each line is a row of its file's day, whatever it says, with all digits; other objects are no files of days."""
    files.put("2026-02-16", '{"amount": 123456789012345678.10, "name": "a"}', '{"date": "1999-01-01", "amount": 2}', "")
    files.put("2026-02-17", '{"name": "b\u2028c"}')
    files.put("deeper/2026-02-18", '{"name": "no file of a day"}')
    assert files.export(everything=True) == {"error": None, "rows": 3, "quarantined": 0}
    assert files.rows() == [
        ("2026-02-16", "1", "123456789012345678.10", "a"),
        ("2026-02-16", "2", "2.00", None),
        ("2026-02-17", "1", None, "b\u2028c"),
    ]
    found = Verifier(files.settings, VerifyRequest(None), clock=lambda: NOW).run()
    assert (found.agrees, found.items, found.rows) == (True, 3, 3)


def test_a_file_that_is_written_again_replaces_its_day_alone(files: Files) -> None:
    """A later run of one day has the new file's rows; the other day keeps its own."""
    files.put("2026-02-16", '{"name": "old"}', '{"name": "old too"}')
    files.put("2026-02-17", '{"name": "other"}')
    files.export(everything=True)
    files.put("2026-02-16", '{"name": "new"}')
    assert files.export(start="2026-02-16", end="2026-02-16")["error"] is None
    assert [(row[0], row[3]) for row in files.rows()] == [("2026-02-16", "new"), ("2026-02-17", "other")]


def test_a_run_of_some_days_reads_their_files_alone(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four files a run of a day reads that day's, and one with no date as its name; else that one alone."""
    for name in ("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-1x"):
        files.put(name, f'{{"name": "{name}"}}')
    files.export(everything=True)
    read: list[str] = []
    items = DayFiles._items
    monkeypatch.setattr(DayFiles, "_items", lambda self, key, date: read.append(date) or items(self, key, date))
    assert files.export(start="2026-02-17", end="2026-02-17")["rows"] == 1
    assert sorted(set(read)) == ["2026-02-17", "2026-02-1x"]
    files.s3.delete_object(Bucket=BUCKET, Key=f"{files.place}/findings/2026-02-1x.json")
    files.s3.delete_object(Bucket=BUCKET, Key=f"{files.place}/findings/2026-02-16.json")
    read.clear()
    assert files.export(start="2026-02-16", end="2026-02-16")["error"] is None
    assert set(read) == {"2026-02-18"}
    assert [row[0] for row in files.rows()] == ["2026-02-17", "2026-02-18"]


def test_a_scheduled_run_reads_days_with_a_changed_file_again(files: Files) -> None:
    """It reads yesterday, and the day of a file that was written since it was read; other days are left alone."""
    noon = dt.datetime.now(dt.UTC).replace(hour=12) + dt.timedelta(days=1)  # after every file of this test

    def read(minutes: int, **options: object) -> list[str]:
        now = noon + dt.timedelta(minutes=minutes)
        job = ExportJob(files.settings, request_from_options(files.settings, now, **options), clock=lambda: now)
        return [found.partition.replace("=", "") for found in job.run().partitions]

    yesterday = f"{noon - dt.timedelta(days=1):year%Y/month%m/day%d}"
    files.put("2026-02-16", '{"name": "old"}')
    files.put("2026-02-17", '{"name": "other"}')
    files.put(f"{noon - dt.timedelta(days=1):%Y-%m-%d}", '{"name": "yesterday"}')
    assert read(0, everything=True) == ["year2026/month02/day16", "year2026/month02/day17", yesterday]
    assert read(1) == [yesterday]
    place = {"Bucket": BUCKET, "Key": f"{files.place}-parquet/_manifest.json"}
    manifest = Manifest.model_validate_json(files.s3.get_object(**place)["Body"].read())
    record = manifest.days[dt.date(2026, 2, 16)]
    before = record.model_copy(update={"read_at": noon - dt.timedelta(days=30)})
    changed = manifest.model_copy(update={"days": manifest.days | {record.day: before}})
    files.s3.put_object(**place, Body=changed.model_dump_json().encode())
    assert read(2) == ["year2026/month02/day16", yesterday]
    assert read(3) == [yesterday]


@pytest.mark.parametrize("line", ['{"name": "b"', "[1]", "7", '{"name": "b"} {"name": "c"}'])
def test_a_line_that_is_no_object_fails_the_run_by_its_place(files: Files, line: str) -> None:
    """A broken line would be a lost row: the run fails with file and line, and publishes nothing."""
    files.put("2026-02-16", '{"name": "a"}', line)
    error = str(files.export(everything=True)["error"])
    assert f"s3://{BUCKET}/{files.place}/findings/2026-02-16.json, line 2: no JSON" in error
    assert not files.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{files.place}-parquet/year=").get("Contents")


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "1" * 50, '"twelve"'])
def test_a_value_that_contradicts_its_column_is_quarantined(files: Files, number: str) -> None:
    """A number that DynamoDB could not hold, or a text, is null in its row, and the row is in quarantine."""
    files.put("2026-02-16", f'{{"amount": {number}, "name": "a"}}')
    assert files.export(everything=True) == {"error": None, "rows": 1, "quarantined": 1}


def test_a_name_that_is_no_date_is_quarantined(files: Files) -> None:
    """A file called 2026-02-30: its rows have no readable day, so they are withheld and counted."""
    files.put("2026-02-30", json.dumps({"name": "a"}))
    files.put("2026-02-16", json.dumps({"name": "b"}))
    assert files.export(everything=True) == {"error": None, "rows": 1, "quarantined": 1}


def test_what_needs_a_table_is_refused(files: Files) -> None:
    """A scan, and a retry that looks items up, have no table to ask; the message says what to do."""
    request = replace(request_from_options(files.settings, NOW, everything=True), source="scan")
    with pytest.raises(UsageError, match=r"is read from files .* which is no table"):
        ExportJob(files.settings, request)
    with pytest.raises(UsageError, match="write the corrected file, then export its day"):
        Retry(files.settings).run(None)


@pytest.mark.parametrize("path", ["{date}.json", "a/{date}/x.json", "a/x.json", "a/{date}{date}.json", "a/{day}{date}"])
def test_a_path_without_one_date_in_its_name_is_refused(path: str) -> None:
    """The day is read from the file's name, so the name has {date} once and no other placeholder."""
    with pytest.raises(DatasetError, match=r"a key of a folder and a name with \{date\} once"):
        dataset_from_text(f'name: findings\nsource: {{kind: files, path: "{path}"}}', "findings.yaml")
