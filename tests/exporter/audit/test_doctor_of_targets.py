"""`exporter doctor` on the files of further targets: missing, outdated, foreign, and not in the manifest."""

import datetime as dt
import json

import pytest

from exporter.audit.doctor import examine

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
FILE = """
name: calls
source: {table: calls, index: by-kind, partition_key: Kind, partition_values: [A], sort_key: At}
columns:
  - {name: id, attribute: Id, type: string}
targets:
  - {prefix: calls}
  - {format: ndjson, prefix: qs-PREFIX, manifest: quicksight}
  - {format: csv, prefix: csv-PREFIX}
"""


@pytest.fixture
def table(scene, tmp_path):
    """Two days with a row each, as Parquet, JSON lines and CSV."""
    file = tmp_path / "calls.yaml"
    file.write_text(FILE)
    made = scene(DATASET=str(file), GSI_PK_VALUE="A")
    file.write_text(FILE.replace("PREFIX", made.prefix))
    made.put("1", "2026-02-16T09:58:00Z")
    made.put("2", "2026-02-17T09:58:00Z")
    made.export(start="2026-02-16", end="2026-02-19")
    return made


def found(table) -> list[tuple[str, str]]:
    findings = [one for one in examine(table.settings(), NOW) if one.kind == "target"]
    return [(one.where.replace(table.prefix, "P"), one.found.replace(table.prefix, "P")) for one in findings]


def test_files_as_they_were_written_are_in_order(table):
    """Nothing is found, also while a file for single readers is next to those of the days."""
    table.s3.put_object(Bucket="reports", Key=f"csv-{table.prefix}/calls/notes.txt", Body=b"x")
    assert found(table) == []


def test_missing_changed_and_foreign_files_are_found(table):
    """Each with its day or key; the next export mends the first two."""
    folder = f"qs-{table.prefix}/calls"
    table.s3.delete_object(Bucket="reports", Key=f"{folder}/2026-02-16.json")
    table.s3.put_object(Bucket="reports", Key=f"csv-{table.prefix}/calls/2026-02-17.csv", Body=b"id\r\n")
    table.s3.put_object(Bucket="reports", Key=f"{folder}/copy.json", Body=b"{}")
    assert found(table) == [
        ("2026-02-16", "qs-P/calls/2026-02-16.json is not in the bucket; the next export writes it again"),
        ("2026-02-17", "csv-P/calls/2026-02-17.csv has changed since the manifest was written: another ETag"),
        ("qs-P/calls/copy.json", "no file of a day, and QuickSight imports its rows as well"),
    ]
    table.s3.delete_object(Bucket="reports", Key=f"{folder}/copy.json")
    table.export(start="2026-02-18", end="2026-02-18")
    assert found(table) == []


ONE_OF_TWO = {"fileLocations": [{"URIs": ["s3://reports/FOLDER/2026-02-16.json"]}]}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "no manifest, and 2 files to import"),
        ("{", "no manifest that QuickSight reads: no JSON with fileLocations"),
        (ONE_OF_TWO, "1 files are not in it, the first FOLDER/2026-02-17.json"),
    ],
)
def test_a_manifest_that_leaves_files_out_is_found(table, body, text):
    """Missing, no JSON, or without a day that is published."""
    folder = f"qs-{table.prefix}/calls"
    key = f"qs-{table.prefix}/manifests/calls.json"
    if body is None:
        table.s3.delete_object(Bucket="reports", Key=key)
    else:
        written = body if isinstance(body, str) else json.dumps(body).replace("FOLDER", folder)
        table.s3.put_object(Bucket="reports", Key=key, Body=written.encode())
    assert found(table) == [("qs-P/manifests/calls.json", text.replace("FOLDER", "qs-P/calls"))]
    table.export(start="2026-02-18", end="2026-02-18")
    assert found(table) == []


def test_copies_of_months_stand_for_their_days(table):
    """A manifest of many files names a copy for each closed month."""
    uris = [f"s3://reports/qs-{table.prefix}/manifests/calls-months/2026-02-0123456789ab.json"]
    body = json.dumps({"fileLocations": [{"URIs": uris}]}).encode()
    table.s3.put_object(Bucket="reports", Key=f"qs-{table.prefix}/manifests/calls.json", Body=body)
    assert found(table) == []
