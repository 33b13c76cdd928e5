"""The metrics table holds the latest state alone; the published days keep what was current at their ends."""

import datetime as dt
import re
import time
from decimal import Decimal
from pathlib import Path

import boto3

from exporter.clients import Clients
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment
from exporter.storage.object_store import Store
from exporter.storage.records import Records

MORNING_AFTER = dt.datetime(2026, 2, 17, 2, 0, tzinfo=dt.UTC)


VARIABLES = {
    "DATASET": "operations_metrics", "S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "S3_PREFIX": "metrics-history",
    "ATHENA_DATABASE": "metrics_history",
}  # fmt: skip


def test_a_day_keeps_what_was_current_at_its_end(put):
    """Of two students of a Monday one changes on Tuesday: Tuesday has it, and Monday keeps both, also if read again."""
    settings = settings_from_environment(VARIABLES)

    def export(now: dt.datetime, day: str) -> str | None:
        request = request_from_options(settings, now, start=day, end=day)
        return ExportJob(settings, request, clock=lambda: now).run().error

    def state(entity: str, updated: str, health: str) -> None:
        put("Metrics", {"entity_id": entity, "entity_type": "student", "health_score": Decimal(health),
                        "last_updated": updated})  # fmt: skip

    state("stu_h1", "2026-02-16T10:00:00Z", "80")
    state("stu_h2", "2026-02-16T11:00:00Z", "60")
    assert export(MORNING_AFTER, "2026-02-16") is None
    state("stu_h2", "2026-02-17T09:00:00Z", "40")
    assert export(MORNING_AFTER + dt.timedelta(days=1), "2026-02-17") is None
    refusal = export(MORNING_AFTER + dt.timedelta(days=1), "2026-02-16")
    assert refusal is not None
    assert "2026-02-16" in refusal
    store = Store(Clients("us-east-1").s3, "reports")
    manifest = Records(store, "metrics-history").manifest()
    assert manifest is not None
    assert {str(day): record.rows for day, record in manifest.days.items()} == {"2026-02-16": 2, "2026-02-17": 1}


def answered(sql: str, database: str) -> list[tuple[str | None, ...]]:
    """Return what Athena answers."""
    athena = boto3.client("athena", region_name="us-east-1")
    execution = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": database},
        ResultConfiguration={"OutputLocation": "s3://reports/results/"},
    )["QueryExecutionId"]
    while (found := athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"])["State"] in {
        "QUEUED",
        "RUNNING",
    }:
        time.sleep(0.02)
    assert found["State"] == "SUCCEEDED", found
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"][1:]
    return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows]


def test_the_documented_question_gives_every_entity_as_it_was_at_a_days_end(put, repository: Path):
    """Ann changes twice on the 16th, Bob last on the 16th, Cem on the 16th and the 18th; each night has its run."""
    days = {
        "2026-02-16": [("ann", "09:00", 50), ("bob", "10:00", 60), ("cem", "11:00", 70), ("ann", "23:59", 55)],
        "2026-02-17": [],
        "2026-02-18": [("cem", "08:00", 75)],
        "2026-02-19": [("dee", "12:00", 90)],
    }
    settings = settings_from_environment(VARIABLES | {"S3_PREFIX": "metrics-days", "ATHENA_DATABASE": "metrics_days"})
    for day, updates in days.items():
        for entity, at, score in updates:
            put("Metrics", {"entity_id": entity, "entity_type": "student", "health_score": score,
                            "last_updated": f"{day}T{at}:00Z"})  # fmt: skip
        night = dt.datetime.fromisoformat(f"{day}T02:00:00Z") + dt.timedelta(days=1)
        request = request_from_options(settings, night)
        assert ExportJob(settings, request, clock=lambda now=night: now).run().error is None
    text = (repository / "docs/operations.md").read_text(encoding="utf-8")
    (question,) = re.findall(r"(    SELECT \* FROM \(\n.*?newest = 1\n)", text, re.DOTALL)
    found = {
        day: answered(
            f"SELECT entity_id, CAST(health_score AS integer) FROM ({question.replace('2026-02-16', day)}) "
            "ORDER BY entity_id",
            "metrics_days",
        )
        for day in days
    }
    assert found == {
        "2026-02-16": [("ann", "55"), ("bob", "60"), ("cem", "70")],
        "2026-02-17": [("ann", "55"), ("bob", "60"), ("cem", "70")],
        "2026-02-18": [("ann", "55"), ("bob", "60"), ("cem", "75")],
        "2026-02-19": [("ann", "55"), ("bob", "60"), ("cem", "75"), ("dee", "90")],
    }
