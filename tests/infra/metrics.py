"""The line of metrics that a run of the exporter writes, as a program reads it."""

import datetime as dt
import json
from typing import Any

from dataset_model.records.runs import RunEntry
from exporter.run.incremental.report import ChangesReport
from exporter.run.reporting.metrics import changes_metrics_line, metrics_line


def metrics_of_a_run() -> dict[str, Any]:
    """Return the line of a run that succeeded, all days published up to now."""
    now = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    run = {"run_id": "r", "dataset": "contacts", "status": "succeeded", "window": None}
    entry = RunEntry.model_validate(run | {"started_at": now, "finished_at": now})
    line: dict[str, Any] = json.loads(metrics_line(entry, now, now))
    return line


def metrics_of_changes(error: str | None = None) -> dict[str, Any]:
    """Return the line of a run of `changes` that has read everything up to an hour ago."""
    now = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    report = ChangesReport("contacts", read_to=now - dt.timedelta(hours=1), error=error)
    line: dict[str, Any] = json.loads(changes_metrics_line(report, now))
    return line
