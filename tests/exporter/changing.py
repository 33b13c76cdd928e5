"""Stream records as Lambda gets them, and the present state as a person asks for it."""

import datetime as dt
import time
from typing import Any

import boto3

from exporter.changes.writer import ChangeWriter, Handled
from exporter.clients import Clients

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/contacts/stream/2026-02-16T00:00:00.000"
TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

Image = dict[str, dict[str, Any]]


def item(identity: str, at: str, kind: str = "A", **attributes: dict[str, Any]) -> Image:
    """Return an item as DynamoDB JSON."""
    return {"Id": {"S": identity}, "Kind": {"S": kind}, "At": {"S": at}, **attributes}


def event(
    number: int, at: dt.datetime, new: Image | None, old: Image | None, key: str = "Id", **more: Any
) -> dict[str, Any]:
    """Return one record of a stream; sequence numbers have gaps and 21 digits."""
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(at.timestamp()),
        "Keys": {key: (new or old or {})[key]},
        "SequenceNumber": str(100_000_000_000_000_000_000 + 37 * number),
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    change |= {"NewImage": new} if new is not None else {}
    change |= {"OldImage": old} if old is not None else {}
    about = {"eventID": str(number), "eventName": name, "eventSource": "aws:dynamodb", "eventSourceARN": ARN}
    return about | {"dynamodb": change} | more


def writer(scene: Any, now: dt.datetime | None = None) -> ChangeWriter:
    """Return a writer of the scene's changes."""
    settings = scene.settings()
    clock = (lambda: now) if now else (lambda: dt.datetime.now(dt.UTC))
    return ChangeWriter(settings, Clients(settings.region), clock)


def write(scene: Any, *events: dict[str, Any]) -> Handled:
    """Write the changes of some records."""
    return writer(scene).write(events)


def ask(scene: Any, sql: str) -> list[tuple[str | None, ...]]:
    """Return what Athena answers, without the header; raise AssertionError where the statement fails."""
    athena = boto3.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": scene.database},
        ResultConfiguration={"OutputLocation": "s3://reports/results/"},
    )
    while True:
        found = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        if found["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            break
        time.sleep(0.01)
    assert found["Status"]["State"] == "SUCCEEDED", found["Status"].get("StateChangeReason")
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started["QueryExecutionId"])
    rows = [row for page in pages for row in page["ResultSet"]["Rows"]]
    return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows[1:]]


def live(scene: Any, columns: str = "id, note") -> list[tuple[str | None, ...]]:
    """Return the present state by day: (day of February, columns ...), sorted."""
    return sorted(ask(scene, f"SELECT day, {columns} FROM rows_live WHERE year = 2026 AND month = 2"))
