"""The line of metrics that a run of the exporter writes, as a program reads it."""

import datetime as dt
import json
from typing import Any

from dataset_model.records.runs import RunEntry
from exporter.run.reporting.metrics import metrics_line


def metrics_of_a_run() -> dict[str, Any]:
    """Return the line of a run that succeeded, all days published up to now."""
    now = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    run = {"run_id": "r", "dataset": "contacts", "status": "succeeded", "window": None}
    entry = RunEntry.model_validate(run | {"started_at": now, "finished_at": now})
    line: dict[str, Any] = json.loads(metrics_line(entry, now, now))
    return line
