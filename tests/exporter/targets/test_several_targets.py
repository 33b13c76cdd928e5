"""A dataset with several targets: Parquet, NDJSON and CSV of each day have the same rows."""

import csv
import datetime as dt
import io
import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from scenario import BUCKET

from dataset_model.records.verification import Verification
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.errors import StoreError
from exporter.storage.object_store import Store

FILE = """
name: calls
source: {table: calls, index: by-kind, partition_key: Kind, partition_values: [A], sort_key: At}
columns:
  - {name: id, attribute: Id, type: string, role: key}
  - {name: amount, attribute: payload.amount, type: "decimal(12,2)"}
targets:
  - {prefix: calls, extra_date_column: call_date, overwrite_mode: MODE}
  - {format: ndjson, prefix: quicksight-PREFIX}
  - {format: csv, prefix: csv-PREFIX, table: calls_csv}
"""


@pytest.fixture
def targets(scene, tmp_path: Path):
    """Make scenes with three targets: `targets(mode="APPEND")`."""

    def made(mode: str = "OVERWRITE"):
        table = scene()
        file = tmp_path / f"{table.prefix}.yaml"
        file.write_text(FILE.replace("MODE", mode).replace("PREFIX", table.prefix))
        table.variables |= {"DATASET": str(file)}
        return table

    return made


def put(table, identity: str, day: str, amount: str) -> None:
    table.put(identity, f"{day}T10:00:00Z", payload={"M": {"amount": {"N": amount}}})


def test_a_line_break_in_a_csv_table_is_warned_of(targets):
    """Athena would count the row twice: the run names table and day. A day without a line break gives no warning."""
    table = targets()
    table.variables["GSI_PK_VALUE"] = "A"
    put(table, "plain", "2026-02-16", "1")
    assert table.export(start="2026-02-16", end="2026-02-16").warnings == ()
    for identity in ("two\nlines", "three\r\nlines", "old\rstyle"):
        put(table, identity, "2026-02-17", "1")
        (warning,) = table.export(start="2026-02-17", end="2026-02-17").warnings
        assert warning.startswith("table calls_csv counts too many rows for 2026-02-17: a text holds a line break")
        table.delete(identity)


def text(table, key: str) -> str | None:
    try:
        return table.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    except ClientError:
        return None


def ndjson(table, day: str) -> list[dict] | None:
    found = text(table, f"quicksight-{table.prefix}/calls/{day}.json")
    return None if found is None else [json.loads(line, parse_float=str) for line in found.splitlines()]


def csv_rows(table, day: str) -> list[list[str]] | None:
    year, month, date = day.split("-")
    found = text(table, f"csv-{table.prefix}/year={year}/month={month}/day={date}/data.csv")
    return None if found is None else list(csv.reader(io.StringIO(found, newline="")))


def verified(table) -> Verification:
    return Verifier(table.settings(), VerifyRequest(None, athena=False)).run()


def test_each_target_has_the_rows_of_the_day_and_is_listed(targets):
    """Three files a day with the same rows, the manifest names the files of each day, the ledger those of a run."""
    table = targets()
    put(table, "a", "2026-02-16", "1.5")
    put(table, "b", "2026-02-16", "0.10")
    put(table, "c", "2026-02-17", "7")
    entry = table.export(start="2026-02-16", end="2026-02-17")
    assert ndjson(table, "2026-02-16") == [
        {"id": "a", "amount": "1.50", "call_date": "2026-02-16"},
        {"id": "b", "amount": "0.10", "call_date": "2026-02-16"},
    ]
    assert csv_rows(table, "2026-02-17") == [["id", "amount", "call_date"], ["c", "7.00", "2026-02-17"]]
    record = table.manifest().days[dt.date(2026, 2, 16)]
    assert [(item.format, item.key, item.rows, item.columns) for item in record.targets] == [
        ("ndjson", f"quicksight-{table.prefix}/calls/2026-02-16.json", 2, ("id", "amount", "call_date")),
        ("csv", f"csv-{table.prefix}/year=2026/month=02/day=16/data.csv", 2, ("id", "amount", "call_date")),
    ]
    assert [(item.format, item.partition, item.rows) for item in entry.targets] == [
        ("ndjson", "year=2026/month=02/day=16", 2), ("csv", "year=2026/month=02/day=16", 2),
        ("ndjson", "year=2026/month=02/day=17", 1), ("csv", "year=2026/month=02/day=17", 1),
    ]  # fmt: skip
    assert verified(table).agrees
    assert verified(table).days[0].target_rows[record.targets[1].key] == 2


def test_a_table_of_csv_files_is_read_by_athena(targets):
    """The Glue table of CSV skips the header, has partitions and gives every value as text."""
    table = targets()
    put(table, "a", "2026-02-16", "1.5")
    table.export(start="2026-02-16", end="2026-02-16")
    found = boto3.client("glue").get_table(DatabaseName=table.database, Name="calls_csv")["Table"]
    storage = found["StorageDescriptor"]
    assert storage["SerdeInfo"]["SerializationLibrary"] == "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    assert [(one["Name"], one["Type"]) for one in storage["Columns"]] == [
        ("id", "string"), ("amount", "string"), ("call_date", "string"),
    ]  # fmt: skip
    assert found["Parameters"]["skip.header.line.count"] == "1"
    assert storage["Location"] == f"s3://{BUCKET}/csv-{table.prefix}/"
    athena = boto3.client("athena")
    query = athena.start_query_execution(
        QueryString='SELECT id, amount, call_date, "day" FROM calls_csv WHERE "year" = 2026 AND "month" = 2',
        QueryExecutionContext={"Database": table.database},
        ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
    )["QueryExecutionId"]
    state = ""
    while state not in {"SUCCEEDED", "FAILED"}:
        state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    assert [[cell["VarCharValue"] for cell in row["Data"]] for row in rows[1:]] == [["a", "1.50", "2026-02-16", "16"]]


def test_a_second_run_replaces_and_an_emptied_day_loses_the_files_of_all_targets(targets):
    """Re-reading a day replaces its files; a day without items has none in any target."""
    table = targets()
    put(table, "a", "2026-02-16", "1")
    put(table, "b", "2026-02-17", "2")
    table.export(start="2026-02-16", end="2026-02-17")
    put(table, "a", "2026-02-16", "5")
    table.delete("b")
    entry = table.export(start="2026-02-16", end="2026-02-17")
    assert entry.removed == ("year=2026/month=02/day=17",)
    assert [row["amount"] for row in ndjson(table, "2026-02-16") or ()] == ["5.00"]
    assert ndjson(table, "2026-02-17") is None
    assert csv_rows(table, "2026-02-17") is None
    assert table.manifest().days[dt.date(2026, 2, 17)].targets == ()
    assert verified(table).agrees


def test_append_gives_one_file_of_all_rows_of_the_date(targets):
    """APPEND adds a Parquet file per run; the file of a date in another target is replaced by one with all of them."""
    table = targets("APPEND")
    put(table, "a", "2026-02-16", "1")
    table.export(start="2026-02-16", end="2026-02-16")
    table.delete("a")
    put(table, "b", "2026-02-16", "2")
    table.export(start="2026-02-16", end="2026-02-16")
    assert len(table.keys()) == 2
    assert sorted(row["id"] for row in ndjson(table, "2026-02-16") or ()) == ["a", "b"]
    assert len(csv_rows(table, "2026-02-16") or ()) == 3
    record = table.manifest().days[dt.date(2026, 2, 16)]
    assert [item.rows for item in record.targets] == [2, 2]
    assert record.targets[0].made_from == record.etags


def test_a_crash_between_two_targets_is_mended_by_the_next_run(targets, monkeypatch):
    """The run dies after Parquet and NDJSON; `verify` names what is missing, and any later run writes it."""
    table = targets()
    put(table, "a", "2026-02-16", "1")
    put(table, "z", "2026-02-18", "1")
    table.export(start="2026-02-16", end="2026-02-18")
    put(table, "b", "2026-02-16", "2")
    replace = Store.replace_with_file

    def dying(self, key, *arguments, **options):
        if key.endswith(".csv"):
            raise StoreError("the machine is gone")
        return replace(self, key, *arguments, **options)

    monkeypatch.setattr(Store, "replace_with_file", dying)
    assert table.job(start="2026-02-16", end="2026-02-16").run().status == "failed"
    monkeypatch.undo()
    monkeypatch.setenv("AWS_ENDPOINT_URL", table.s3.meta.endpoint_url)
    assert len(ndjson(table, "2026-02-16") or ()) == 2
    assert len(csv_rows(table, "2026-02-16") or ()) == 2  # with its header: the old day
    assert not verified(table).agrees
    table.export(start="2026-02-16", end="2026-02-16")
    assert len(csv_rows(table, "2026-02-16") or ()) == 3
    assert verified(table).agrees


def test_lost_changed_and_new_files_are_written_by_a_run_of_other_days(targets):
    """A run renews files that were removed or changed by hand, and writes those of a target that is new in the file."""
    table = targets()
    file = Path(table.variables["DATASET"])
    whole = file.read_text()
    file.write_text("\n".join(line for line in whole.splitlines() if "format: csv" not in line))
    put(table, "a", "2026-02-16", "1")
    put(table, "b", "2026-02-17", "2")
    put(table, "c", "2026-02-18", "3")
    table.export(start="2026-02-16", end="2026-02-18")
    file.write_text(whole)
    key = f"quicksight-{table.prefix}/calls/2026-02-16.json"
    table.s3.delete_object(Bucket=BUCKET, Key=key)
    table.s3.put_object(Bucket=BUCKET, Key=key.replace("-16.json", "-17.json"), Body=b"edited")
    found = [text for day in verified(table).days for text in day.disagreements]
    assert f"{key} is not in the bucket; the next export writes it again" in found
    assert f"{key.replace('-16.json', '-17.json')} has changed since the manifest was written: another ETag" in found
    assert sum("has not been written" in text for text in found) == 3
    table.export(start="2026-02-18", end="2026-02-18")
    assert [row["id"] for day in ("16", "17", "18") for row in ndjson(table, f"2026-02-{day}") or ()] == ["a", "b", "c"]
    assert [len(csv_rows(table, f"2026-02-{day}") or ()) for day in ("16", "17", "18")] == [2, 2, 2]
    assert verified(table).agrees
    assert table.export(start="2026-02-18", end="2026-02-18").targets[2:] == ()


def test_a_new_column_gives_all_files_the_same_keys(targets):
    """A column that the dataset file gains is a key of every file, null in days exported before."""
    table = targets()
    put(table, "a", "2026-02-16", "1")
    put(table, "b", "2026-02-17", "2")
    table.export(start="2026-02-16", end="2026-02-17")
    file = Path(table.variables["DATASET"])
    file.write_text(file.read_text().replace("targets:", "  - {name: note, attribute: Note, type: string}\ntargets:"))
    table.put("b", "2026-02-17T10:00:00Z", Note={"S": "hello"}, payload={"M": {"amount": {"N": "2"}}})
    table.export(start="2026-02-17", end="2026-02-17")
    assert ndjson(table, "2026-02-16") == [{"id": "a", "amount": "1.00", "note": None, "call_date": "2026-02-16"}]
    assert ndjson(table, "2026-02-17") == [{"id": "b", "amount": "2.00", "note": "hello", "call_date": "2026-02-17"}]


def test_a_folder_of_another_dataset_is_refused(targets):
    """Two datasets with one target path would replace and remove each other's files: the second is refused by name."""
    table, other = targets(), targets()
    put(table, "a", "2026-02-16", "1")
    table.export(start="2026-02-16", end="2026-02-16")
    file = Path(other.variables["DATASET"])
    named = file.read_text().replace("name: calls\n", "name: chats\n")
    file.write_text(named.replace(f"csv-{other.prefix}", f"csv-{table.prefix}"))
    put(other, "b", "2026-02-16", "2")
    entry = other.job(start="2026-02-16", end="2026-02-16").run()
    assert entry.status == "failed"
    assert (
        f"csv-{table.prefix}/year=2026/month=02/day=16/data.csv is a file of dataset calls, and the csv target of "
        "dataset chats writes to the same folder. Give one of them another prefix or path"
    ) in entry.error
    assert csv_rows(table, "2026-02-16") == [["id", "amount", "call_date"], ["a", "1.00", "2026-02-16"]]
    assert other.keys() == []


def test_a_file_of_another_dataset_is_neither_replaced_nor_removed(targets):
    """One between the first and the last of the folder, for a day with rows and for one without."""
    table = targets()
    days = [f"2026-02-{day}" for day in (15, 16, 17, 18)]
    for day in days:
        put(table, day, day, "1")
    table.export(start=days[0], end=days[-1])
    keys = [f"quicksight-{table.prefix}/calls/{day}.json" for day in days[1:3]]
    for key in keys:
        table.s3.put_object(Bucket=BUCKET, Key=key, Body=b"theirs", Metadata={"dataset": "chats"})
    table.delete(days[2])
    for day in days[1:3]:
        entry = table.job(start=day, end=day).run()
        assert (entry.status, "is a file of dataset chats" in entry.error) == ("failed", True)
    assert [text(table, key) for key in keys] == ["theirs", "theirs"]
