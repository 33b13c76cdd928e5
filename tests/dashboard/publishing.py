"""A published dataset on the stand-in, made without the exporter: what the dashboard finds on S3 and in Glue."""

import contextlib
import datetime as dt
import hashlib
import io
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.model.selection.filters import Days, Filters
from dataset_model import Dataset, load_dataset
from dataset_model.columns.types import ColumnType
from dataset_model.records.manifest import MANIFEST_FILE, DayRecord, Manifest, ObjectRecord
from dataset_model.records.runs import RunEntry, RunWindow, run_key
from dataset_model.records.table_schema import SCHEMA_FILE, SchemaColumn, SourceIdentity, TableSchema
from dataset_model.records.verification import Verification, VerifiedDay, verification_key
from dataset_model.targets.partitions import days_between, object_key, projection_parameters

CHANNELS = ("VOICE", "CHAT", "TASK", "EMAIL")
AGENTS = ("Ana Lima", "Björn Ström", "Chidi O'Neil", "Dewi", "", None)
"""An empty name and none at all are two things."""
METHODS = ("INBOUND", "OUTBOUND", "TRANSFER", "CALLBACK", "API")
NOTES = ("=1+1", 'He said "no"', "line one\nline two", "a,b", "", None, "Ünïcödé ☎", "-12.5")

LEARNED = (
    SchemaColumn(name="big_number", attribute="BigNumber", type="decimal(38,0)"),
    SchemaColumn(name="note", attribute="Note", type="string", description="Free text."),
)
"""Columns that the dataset file does not name."""


def picking(days: Days | None = None, **values: tuple[str | None, ...]) -> Filters:
    """Return a filter of the contacts: days, and values by column."""
    return Filters(days, tuple(values.items()))


@dataclass(frozen=True)
class Published:
    """What was published and where; `rows` holds every row as Python values, `day` among them."""

    url: str
    bucket: str
    dataset: Dataset
    manifest: Manifest
    schema: TableSchema
    runs: tuple[RunEntry, ...]
    rows: tuple[dict[str, Any], ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Published days in order."""
        return tuple(sorted(self.manifest.days))

    def on(self, *days: dt.date) -> list[dict[str, Any]]:
        """Rows of these days."""
        return [row for row in self.rows if row["day"] in days]


def contact_rows(first: dt.date, last: dt.date, per_day: int) -> list[dict[str, Any]]:
    """Return contacts with figures that follow from their number alone: the same every time, uneven everywhere."""
    rows = []
    for day in days_between(first, last):
        for number in range(per_day + day.weekday() * 2):
            seed = day.toordinal() * 31 + number
            rows.append(
                {
                    "day": day,
                    # Every other day, each tenth contact is one of the day before: fewer unique contacts than rows.
                    "contact_id": f"c-{day.toordinal() - (number % 10 == 0 and day.toordinal() % 2)}-{number}",
                    "channel": CHANNELS[min(number % 7, 3)],
                    "agent_name": AGENTS[seed % len(AGENTS)],
                    "initiation_method": METHODS[seed % 11 % len(METHODS)],
                    "initiation_timestamp": dt.datetime.combine(day, dt.time(number % 24, 5, 7, 123000)),
                    "queue_duration": seed % 97 / 4,
                    "number_of_holds": 9_007_199_254_740_993 if number == 0 else seed % 4,
                    "sentiment_score": Decimal(seed % 1000 - 500) / 100,
                    "is_recorded": seed % 3 == 0,
                    "attributes": json.dumps({"seed": seed}),
                    "big_number": Decimal(12345678901234567890123456789012345678),
                    "note": NOTES[number % len(NOTES)],
                    "report_date": day,
                }
            )
    return rows


def arrow_type(column: ColumnType) -> pa.DataType:
    """Return the Arrow type that the exporter writes for a column type."""
    simple = {
        "string": pa.string(),
        "json": pa.string(),
        "double": pa.float64(),
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("ms"),
        "date": pa.date32(),
    }
    return pa.decimal128(column.precision, column.scale) if column.name == "decimal" else simple[column.name]


def publish(
    url: str,
    name: str,
    *,
    first: dt.date = dt.date(2025, 12, 20),
    last: dt.date = dt.date(2026, 2, 2),
    per_day: int = 20,
    environment: dict[str, str] | None = None,
    verified: bool = True,
) -> Published:
    """Publish contacts from `first` to `last` under a bucket and database of their own, named after `name`.

    Days: 2025-12-20 to 2026-02-02 by default, across a year's and two months' ends. `environment` refines the dataset;
    without `verified`, `exporter verify` has not run since.
    """
    bucket = f"{name.replace('_', '-')}-bucket"
    variables = {
        "DATASET": "contacts",
        "S3_BUCKET": bucket,
        "S3_PREFIX": f"exports/{name}",
        "ATHENA_DATABASE": f"{name}_db",
        "ATHENA_TABLE": "contacts",
        "ATHENA_RESULTS": f"s3://{bucket}-results/dashboard/",
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        **(environment or {}),
    }
    dataset = load_dataset("contacts", variables)
    client = boto3.client("s3", endpoint_url=url)
    for created in (bucket, f"{bucket}-results"):
        client.create_bucket(Bucket=created)
    rows = contact_rows(first, last, per_day) if per_day else []
    manifest, schema, runs = publish_rows(url, bucket, dataset, rows, Days(first, last), verified=verified)
    return Published(url, bucket, dataset, manifest, schema, runs, tuple(rows), variables)


def publish_rows(
    url: str, bucket: str, dataset: Dataset, rows: list[dict[str, Any]], window: Days, *, verified: bool = True
) -> tuple[Manifest, TableSchema, tuple[RunEntry, ...]]:
    """Publish rows of any dataset in a bucket that is there: objects, records and table. Each row says its `day`."""
    client = boto3.client("s3", endpoint_url=url)
    schema = _schema(dataset)
    now = dt.datetime(2026, 2, 3, 4, 0, tzinfo=dt.UTC)
    published = sorted({row["day"] for row in rows})
    days = {day: _put_day(client, bucket, dataset, schema, day, rows, now, verified=verified) for day in published}
    prefix = dataset.target.prefix
    manifest = Manifest(
        version=7,
        dataset=dataset.name,
        location=f"s3://{bucket}/{prefix}/",
        time_zone=dataset.source.time_zone,
        updated_at=now,
        days=days,
    )
    runs = _runs(dataset, window.first, window.last, len(rows))
    _put(client, bucket, f"{prefix}/{MANIFEST_FILE}", manifest.model_dump_json())
    _put(client, bucket, f"{prefix}/{SCHEMA_FILE}", schema.model_dump_json())
    for run in runs:
        _put(client, bucket, run_key(prefix, run.run_id), run.model_dump_json())
    if verified:
        found = _verification(dataset, manifest)
        _put(client, bucket, verification_key(prefix, found.verification_id), found.model_dump_json())
    _create_table(url, dataset, schema, f"s3://{bucket}/{prefix}/", window.first.year, window.last.year)
    return manifest, schema, runs


def _schema(dataset: Dataset) -> TableSchema:
    declared = [
        SchemaColumn(
            name=column.name,
            attribute=column.attribute,
            type=column.type,
            declared=True,
            description=column.description,
        )
        for column in dataset.columns
    ]
    extra = dataset.target.extra_date_column
    dates = [SchemaColumn(name=extra, attribute=None, type="date")] if extra else []
    return TableSchema(
        dataset=dataset.name,
        source=SourceIdentity.of(dataset),
        columns=(*declared, *(LEARNED if dataset.name == "contacts" else ()), *dates),
        updated_at=dt.datetime(2026, 2, 3, tzinfo=dt.UTC),
    )


def _put_day(
    client: Any,
    bucket: str,
    dataset: Dataset,
    schema: TableSchema,
    day: dt.date,
    rows: list[dict[str, Any]],
    now: dt.datetime,
    *,
    verified: bool,
) -> DayRecord:
    todays = [row for row in rows if row["day"] == day]
    arrow = pa.schema([(column.name, arrow_type(column.type)) for column in schema.columns])
    table = pa.table({name: [row.get(name) for row in todays] for name in arrow.names}, schema=arrow)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    key = object_key(dataset.target.prefix, day)
    body = sink.getvalue()
    etag = client.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
    metadata = pq.ParquetFile(io.BytesIO(body)).metadata
    column_bytes = dict.fromkeys(arrow.names, 0)
    for group in range(metadata.num_row_groups):
        for index, name in enumerate(arrow.names):
            column_bytes[name] += metadata.row_group(group).column(index).total_compressed_size
    dimensions = [column.name for column in dataset.columns if column.role == "dimension"]
    return DayRecord(
        day=day,
        objects=(ObjectRecord(key=key, etag=etag, run_id="20260203T040000Z-run", rows=len(todays), bytes=len(body)),),
        state="closed",
        read_at=now,
        column_bytes=column_bytes,
        values={
            name: tuple(sorted({str(row[name]) for row in todays if row.get(name) is not None})) for name in dimensions
        },
        key_hash=hashlib.md5(str(day).encode(), usedforsecurity=False).hexdigest(),
        # After the object was put, which is when a verification looks.
        verified_at=dt.datetime.now(dt.UTC) if verified else None,
    )


def _verification(dataset: Dataset, manifest: Manifest) -> Verification:
    at = dt.datetime(2026, 2, 3, 5, 0, tzinfo=dt.UTC)
    days = tuple(VerifiedDay(day=day, state="closed", items=record.rows) for day, record in manifest.days.items())
    return Verification(
        verification_id="20260203T050000Z-abc123",
        dataset=dataset.name,
        started_at=at,
        finished_at=at + dt.timedelta(seconds=7),
        window=None,
        items=manifest.rows,
        rows=manifest.rows,
        compared="items in DynamoDB by their keys with the manifest, the objects and Athena",
        days=days,
    )


def _runs(dataset: Dataset, first: dt.date, last: dt.date, rows: int) -> tuple[RunEntry, ...]:
    window = RunWindow(start=first, end=last)
    start = dt.datetime(2026, 2, 2, 4, 0, tzinfo=dt.UTC)
    return (
        RunEntry(
            run_id="20260202T040000Z-bad",
            dataset=dataset.name,
            status="failed",
            window=window,
            started_at=start,
            finished_at=start + dt.timedelta(seconds=5),
            error=f"DynamoDB table {dataset.source.table} was not found.",
        ),
        RunEntry(
            run_id="20260203T040000Z-run",
            dataset=dataset.name,
            status="succeeded",
            window=window,
            rows=rows,
            items=rows,
            bytes=rows * 100,
            seconds=3.2,
            started_at=start + dt.timedelta(days=1),
            finished_at=start + dt.timedelta(days=1, seconds=3),
            manifest_version=7,
        ),
    )


def _put(client: Any, bucket: str, key: str, text: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")


def _create_table(url: str, dataset: Dataset, schema: TableSchema, location: str, first: int, last: int) -> None:
    glue = boto3.client("glue", endpoint_url=url)
    # Two datasets may share a database.
    with contextlib.suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": dataset.target.database})
    formats = "org.apache.hadoop.hive.ql.io.parquet"
    glue.create_table(
        DatabaseName=dataset.target.database,
        TableInput={
            "Name": dataset.target.table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "EXTERNAL": "TRUE",
                "classification": "parquet",
                **projection_parameters(location, first, last),
            },
            "PartitionKeys": [{"Name": name, "Type": "int"} for name in ("year", "month", "day")],
            "StorageDescriptor": {
                "Columns": [{"Name": column.name, "Type": column.type.glue} for column in schema.columns],
                "Location": location,
                "InputFormat": f"{formats}.MapredParquetInputFormat",
                "OutputFormat": f"{formats}.MapredParquetOutputFormat",
                "SerdeInfo": {"SerializationLibrary": f"{formats}.serde.ParquetHiveSerDe"},
            },
        },
    )
