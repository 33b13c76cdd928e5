"""Workers over the files of a table export where S3 is far away (`python benchmarks/export_workers.py`).

Every request takes 100 ms longer, as across regions, so waiting dominates and the cores do not. The same files are
converted by one process and by four, and the items that both leave behind are counted. Time runs from the first file
to the last: a process needs a second or two to start, however many files follow. Exits with 1 where four do less than
three times the work of one. Four processes and the stand-in need two idle cores.
"""

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "exporter"))

from faults import Faults

import local.dynamodb.table_exports
from exporter.clients import Clients
from exporter.run.reporting.progress import Quiet
from exporter.run.table_export.exporting import export_to_read
from exporter.run.table_export.workers import convert_missing
from exporter.settings import Settings, settings_from_environment
from exporter.sources.table_export import exporting
from local.server import serve

FILES, ITEMS, WORKERS = 100, 4_000, 4
LATENCY = 0.1
LEAST = 3.0

VARIABLES = {
    "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "S3_BUCKET": "reports",
    "DYNAMO_TABLE_NAME": "contacts", "SOURCE_KIND": "scan", "DATE_ATTRIBUTE": "At", "LOG_LEVEL": "ERROR",
}  # fmt: skip


def filled(url: str) -> None:
    """Make the bucket and the table with its items."""
    os.environ |= VARIABLES | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
    boto3.client("s3", config=Config(s3={"addressing_style": "path"})).create_bucket(Bucket="reports")
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="contacts", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
    )  # fmt: skip
    dynamodb.update_continuous_backups(
        TableName="contacts", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for start in range(0, ITEMS, 25):
        items = [
            {"Id": {"S": f"{number}"}, "At": {"S": f"2026-02-{1 + number % 28:02}T09:00:00Z"}, "Text": {"S": "x" * 500}}
            for number in range(start, start + 25)
        ]
        dynamodb.batch_write_item(RequestItems={"contacts": [{"PutRequest": {"Item": item}} for item in items]})


def seconds(settings: Settings, workers: int) -> float:
    """Convert a new export by so many workers; return the seconds from the first converted file to the last."""
    export = export_to_read(Clients(settings.region), settings, None, threading.Event())
    converted: list[int] = []
    ends: list[float] = []

    class Count(Quiet):
        def read(self, *, items: int, units: float) -> None:  # noqa: ARG002 - what a run reports
            converted.append(items)
            ends.append(time.monotonic())

    convert_missing(settings, export, workers, threading.Event(), Count())
    if (len(converted), sum(converted)) != (FILES, ITEMS):
        sys.exit(f"{sum(converted):,} items of {len(converted)} files were converted; expected {ITEMS:,} of {FILES}")
    return ends[-1] - ends[0]


def main() -> None:
    """Print a line for each number of workers, and the ratio."""
    local.dynamodb.table_exports.FILES = FILES
    exporting.POLL_SECONDS = 0.05
    with serve(port=0) as server, Faults(server.url) as far, tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        filled(server.url)
        os.environ["AWS_ENDPOINT_URL"] = far.url
        far.rule = lambda _, forward: (time.sleep(LATENCY), forward())[1]
        took = {workers: seconds(settings_from_environment(os.environ), workers) for workers in (1, WORKERS)}
    for workers, duration in took.items():
        print(
            f"{workers} workers: {duration:6.1f} s, {FILES} files, {ITEMS:,} items, {LATENCY * 1000:.0f} ms a request"
        )
    ratio = took[1] / took[WORKERS]
    print(f"ratio: {ratio:.1f}")
    if ratio < LEAST:
        sys.exit(f"{WORKERS} workers did {ratio:.1f} times the work of one; at least {LEAST:g} is promised")


if __name__ == "__main__":
    main()
