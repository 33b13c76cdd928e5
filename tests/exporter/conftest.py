"""A stand-in for AWS, and tables in it that a test fills, exports and reads back."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

# Test folders are not packages, so what they share among themselves is found through the path.
sys.path.insert(0, str(Path(__file__).parent))

from faults import Faults
from faulty import ROWS

import exporter.sources.index_query
from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import Settings, settings_from_environment

if TYPE_CHECKING:
    from local.server import Server

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
BUCKET = "reports"

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The stand-in, on a free port."""
    from local.server import serve

    with serve(port=0) as started:
        yield started


@pytest.fixture
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The stand-in, with the bucket, as the SDK's variables name it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=BUCKET)
    return server


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let parts of a multipart upload be small; the value is their size, which must be set in the exporter as well."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    return 4096


class Scene:
    """A table, its index, and what its export has published; each has names of its own in the stand-in."""

    def __init__(self, *, sort_type: str = "S", **variables: str) -> None:
        number = next(_numbers)
        self.table, self.prefix, self.database = f"table-{number}", f"data-{number}", f"db_{number}"
        self.variables = {
            "S3_BUCKET": BUCKET,
            "AWS_REGION": "us-east-1",
            "DYNAMO_TABLE_NAME": self.table,
            "GSI_NAME": "by-kind",
            "GSI_PK_ATTRIBUTE": "Kind",
            "GSI_PK_VALUE": "A,B",
            "GSI_SK_ATTRIBUTE": "At",
            "S3_PREFIX": self.prefix,
            "ATHENA_DATABASE": self.database,
            "ATHENA_TABLE": "rows",
            **variables,
        }
        self.dynamodb = boto3.client("dynamodb")
        self.s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        self.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "Id", "AttributeType": "S"},
                {"AttributeName": "Kind", "AttributeType": "S"},
                {"AttributeName": "At", "AttributeType": sort_type},
            ],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-kind",
                    "KeySchema": [
                        {"AttributeName": "Kind", "KeyType": "HASH"},
                        {"AttributeName": "At", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        self.sort_type = sort_type

    def put(self, identity: str, at: str, kind: str = "A", **attributes: dict[str, Any]) -> None:
        """Put one item; attributes are in DynamoDB's own form."""
        item = {"Id": {"S": identity}, "Kind": {"S": kind}, "At": {self.sort_type: at}, **attributes}
        self.dynamodb.put_item(TableName=self.table, Item=item)

    def delete(self, *identities: str) -> None:
        """Delete items by their key."""
        for identity in identities:
            self.dynamodb.delete_item(TableName=self.table, Key={"Id": {"S": identity}})

    def settings(self, **variables: str) -> Settings:
        """Return the exporter's settings for this scene."""
        return settings_from_environment(self.variables | variables)

    def job(self, *, now: dt.datetime = NOW, variables: dict[str, str] | None = None, **options: Any) -> ExportJob:
        """Return a run that has not begun; options are those of the command line."""
        settings = self.settings(**(variables or {}))
        return ExportJob(settings, request_from_options(settings, now, **options), clock=lambda: now)

    def export(self, **options: Any) -> RunEntry:
        """Run an export and require that it succeeds."""
        entry = self.job(**options).run()
        assert entry.status == "succeeded", entry.error
        return entry

    def keys(self, below: str = "year=") -> list[str]:
        """Return the object keys below a folder of the prefix, without the prefix."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/{below}").get("Contents", [])
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in found]

    def read(self, key: str) -> bytes:
        """Return an object below the prefix."""
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")["Body"].read()
        return body

    def table_of(self, key: str) -> pa.Table:
        """Return a published file as it is, without columns made up from its path."""
        return pq.ParquetFile(io.BytesIO(self.read(key))).read()

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return every published row by its id, with the day of its object as `_day`."""
        found: dict[str, dict[str, Any]] = {}
        for key in self.keys():
            year, month, day, _ = key.split("/")
            for row in self.table_of(key).to_pylist():
                assert row["id"] not in found, f"{row['id']} is published twice"
                found[row["id"]] = row | {"_day": "-".join(part.partition("=")[2] for part in (year, month, day))}
        return found

    def days(self) -> dict[str, list[str]]:
        """Return day -> sorted ids published."""
        days: dict[str, list[str]] = {}
        for identity, row in sorted(self.rows().items()):
            days.setdefault(row["_day"], []).append(identity)
        return days

    def manifest(self) -> Manifest:
        """Return the manifest."""
        return Manifest.model_validate_json(self.read("_manifest.json"))

    def ledger(self) -> list[RunEntry]:
        """Return the ledger's entries, oldest first."""
        return [RunEntry.model_validate_json(self.read(key)) for key in self.keys("_runs/")]

    def quarantine(self) -> list[dict[str, Any]]:
        """Return every line of the quarantine."""
        return [
            json.loads(line, parse_float=str, parse_int=str)
            for key in self.keys("_quarantine/")
            for line in self.read(key).splitlines()
        ]


@pytest.fixture
def scene(aws: Server) -> type[Scene]:
    """Make scenes: `scene(sort_type="N", DATE_FORMAT="EPOCH")`."""
    return Scene


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a verb as people do: `run(table, "verify", "--json")`."""

    def started(table: Scene, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "exporter", *arguments],
            env=os.environ | table.variables | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return started


@pytest.fixture
def faults(aws, monkeypatch):
    """The server in between, for every client made from now on; repeated attempts follow one another at once."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(exporter.sources.index_query, "PAUSE_SECONDS", 0.01)
    with Faults(aws.url) as started:
        yield started


@pytest.fixture
def table(scene, faults, monkeypatch):
    """Nine items so large that each day of each partition value is more than a page; the old content is one item."""
    made = scene()
    made.put("00", "2026-02-16T09:00:00Z", Padding={"S": "old"})
    made.export(start="2026-02-16", end="2026-02-16")
    for number in range(9):
        made.put(f"{number:02}", f"{ROWS[f'{number:02}']}T10:00:{number:02}Z", Padding={"S": f"{number}" * 390_000})
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    return made
