"""The metrics table holds the latest state alone; the published days keep what was current at their ends."""

import datetime as dt
from decimal import Decimal

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
