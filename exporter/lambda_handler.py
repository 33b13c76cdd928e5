"""The Lambda entry: `{}`, `{"startDate", "endDate"}` or `{"all": true}` in, the run report out."""

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

from exporter.clients import fetch_text
from exporter.errors import ExportError
from exporter.run.job import ExportJob
from exporter.run.reporting.progress import Lines
from exporter.run.reporting.report import report
from exporter.run.request import request_from_event
from exporter.runtime.logs import configure_logging
from exporter.runtime.sdk_patches import patch_sdk
from exporter.settings import settings_from_environment

_RESERVE_SECONDS = 20.0
"""Reserve before the function's time limit, in which the run stops reading and writes its ledger entry."""


def handler(event: dict[str, Any] | None, context: Any) -> dict[str, Any]:
    """Run one export; raise where it did not succeed, so that the invocation counts as failed."""
    patch_sdk()
    settings = settings_from_environment(fetch=fetch_text)
    configure_logging(settings.log_level)
    request = request_from_event(settings, dt.datetime.now(dt.UTC), event or {})
    with stop_before(context) as stop:
        entry = ExportJob(settings, request, progress=Lines(), stop=stop).run()
    if entry.error:
        raise ExportError(f"export {entry.status}: {entry.error}")
    return report(entry)


@contextlib.contextmanager
def stop_before(context: Any) -> Iterator[threading.Event]:
    """Give an event that is set shortly before the function's time limit; never, where the context states none."""
    stop = threading.Event()
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        yield stop
        return
    timer = threading.Timer(max(remaining() / 1000 - _RESERVE_SECONDS, 1.0), stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
