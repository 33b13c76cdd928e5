"""A table of conversations flows in; Parquet of both datasets, and a CSV file of each, flow out in one step."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Any

from exporter.conversations.reports import write_report
from exporter.conversations.settings import ConversationSettings
from exporter.errors import ExportError
from exporter.run.job import ExportJob
from exporter.run.reporting.progress import Lines
from exporter.run.reporting.report import report
from exporter.run.request import request_from_event
from exporter.runtime.clock import utc_now

WAIT_MINUTES = 10.0
"""For another run of the dataset, which may be publishing a file that was put by hand."""


def normalize(
    settings: ConversationSettings,
    event: Mapping[str, Any],
    stop: threading.Event | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
) -> dict[str, Any]:
    """Export each dataset and write its rows as CSV; return `runs` (reports) and `csv` (addresses), by dataset.

    The event is that of an export: `{}`, `{"startDate", "endDate"}`, `{"all": true}`. A dataset that fails does not
    keep the other one from its turn; then ExportError names each failure.
    """
    started_at = clock()
    asked = [request_from_event(one, started_at, event) for one in settings.datasets]
    requests = [dataclasses.replace(request, wait_minutes=WAIT_MINUTES) for request in asked]
    runs, files, failures = {}, {}, []
    for one, request in zip(settings.datasets, requests, strict=True):
        name = one.dataset.name
        job = ExportJob(
            one, request, progress=Lines(), stop=stop or threading.Event(), clock=clock,
            reports_prefix=settings.clean_prefix,
        )  # fmt: skip
        entry = job.run()
        runs[name] = report(entry)
        if entry.error:
            failures.append(f"{name} {entry.status}: {entry.error}")
            continue
        try:
            files[name] = write_report(one, entry, settings.clean_prefix, started_at)
        except ExportError as failure:
            failures.append(f"{name} is published, and its CSV is not written: {failure}")
    if failures:
        raise ExportError("; ".join(failures))
    return {"status": "succeeded", "runs": runs, "csv": {name: file for name, file in files.items() if file}}
