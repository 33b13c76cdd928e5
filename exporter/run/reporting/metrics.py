"""A ledger entry flows in, one line of JSON in CloudWatch's embedded metric format flows out.

Fargate and Lambda send standard error to CloudWatch Logs, which turns such lines into metrics. That needs no client,
no permission and no call that could fail. On a terminal nothing is written.
"""

import datetime as dt
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.targets.partitions import days_between
from exporter.planning.window import OWED_DAYS, day_end

if TYPE_CHECKING:
    from exporter.changes.writer import Handled
    from exporter.run.incremental.report import ChangesReport

NAMESPACE = "DynamoDBReporting"

_DAY = dt.timedelta(days=1)
_UNITS = {
    "rows": "Count",
    "bytes": "Bytes",
    "seconds": "Seconds",
    "quarantined": "Count",
    "read_units": "Count",
    "failed": "Count",
    "data_through": "Seconds",
    "data_age": "Seconds",
    "stream_records": "Count",
    "stream_rows": "Count",
    "stream_quarantined": "Count",
    "stream_expired": "Count",
    "stream_lag": "Seconds",
    "changes_days": "Count",
    "changes_failed": "Count",
    "changes_age": "Seconds",
}
"""Metric -> CloudWatch's unit."""


def data_through(manifest: Manifest | None, zone: ZoneInfo) -> dt.datetime | None:
    """Return the instant up to which the published days have no gap; None while nothing is published.

    Gaps count in the week before the latest day, not further back. An open day is complete up
    to when it was read.
    """
    if manifest is None or not manifest.days:
        return None
    last, through = max(manifest.days), None
    for day in days_between(max(min(manifest.days), last - OWED_DAYS * _DAY), last):
        record = manifest.days.get(day)
        if record is None:
            break
        end = day_end(day, zone)
        if record.state == "open":
            return min(end, record.read_at)
        through = end
    return through


def metrics_line(entry: RunEntry, through: dt.datetime | None, now: dt.datetime) -> str:
    """Return the metrics of a run as one line; `data_through` is in seconds since 1970, `data_age` counts from `now`.

    Both are absent where nothing is published. The one dimension is the dataset.
    """
    values: dict[str, float] = {
        "rows": entry.rows,
        "bytes": entry.bytes,
        "seconds": entry.seconds,
        "quarantined": entry.quarantined,
        "read_units": entry.read_units,
        "failed": int(entry.status != "succeeded"),
    }
    if through is not None:
        values |= {"data_through": int(through.timestamp()), "data_age": max(0, int((now - through).total_seconds()))}
    return _line(values, now, dataset=entry.dataset, run_id=entry.run_id)


def stream_metrics_line(dataset: str, handled: "Handled", now: dt.datetime) -> str:
    """Return the metrics of a batch of stream records; `stream_lag` counts from its latest write to `now`."""
    values: dict[str, float] = {
        "stream_records": handled.records,
        "stream_rows": handled.rows,
        "stream_quarantined": handled.quarantined,
        "stream_expired": handled.expired,
    }
    if handled.newest_at is not None:
        values["stream_lag"] = max(0, int(now.timestamp()) - handled.newest_at // 1000)
    return _line(values, now, dataset=dataset)


def changes_metrics_line(report: "ChangesReport", now: dt.datetime) -> str:
    """Return the metrics of a run of `changes`; `changes_age` counts from the end of the last window read to `now`."""
    values: dict[str, float] = {
        "changes_days": len({day for window in report.windows for day in window.owed}),
        "changes_failed": int(report.error is not None),
    }
    if report.read_to is not None:
        values["changes_age"] = max(0, int((now - report.read_to).total_seconds()))
    return _line(values, now, dataset=report.dataset)


def _line(values: Mapping[str, float], now: dt.datetime, **about: str) -> str:
    definitions = [{"Name": name, "Unit": _UNITS[name]} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["dataset"]], "Metrics": definitions}
    aws = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": aws, **about, **values})


def emit_metrics(entry: RunEntry, manifest: Manifest | None, zone: ZoneInfo, now: dt.datetime) -> None:
    """Write a run's metrics to standard error, unless a person is looking at it."""
    _emit(metrics_line(entry, data_through(manifest, zone), now))


def emit_stream_metrics(dataset: str, handled: "Handled", now: dt.datetime) -> None:
    """Write the metrics of a batch of stream records as those of a run are written."""
    _emit(stream_metrics_line(dataset, handled, now))


def emit_changes_metrics(report: "ChangesReport", now: dt.datetime) -> None:
    """Write the metrics of a run of `changes` as those of a run are written."""
    _emit(changes_metrics_line(report, now))


def _emit(line: str) -> None:
    if not sys.stderr.isatty():
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
