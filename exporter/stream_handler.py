"""AWS Lambda entry for a DynamoDB stream's event source mapping: a batch of records in, the failed ones out.

`batchItemFailures` is a checkpoint: the mapping sends everything again from the first record named in it. So a record
that cannot be used is quarantined and counts as handled, and a failure is reported only where S3 or Glue does not take
the batch. What a retry cannot mend (settings, a stream without both images) is raised: the mapping's errors show it.
"""

import datetime as dt
from functools import cache
from typing import Any

import structlog

from exporter.changes.writer import ChangeWriter
from exporter.clients import Clients, fetch_text
from exporter.errors import CatalogError, StaleRun, StoreError
from exporter.run.reporting.metrics import emit_stream_metrics
from exporter.runtime.logs import configure_logging
from exporter.runtime.sdk_patches import patch_sdk
from exporter.settings import settings_from_environment

_log = structlog.get_logger()


def handler(event: dict[str, Any], _context: Any) -> dict[str, list[dict[str, str]]]:
    """Write the changes of a batch; return its first record as failed where S3 or Glue does not take them."""
    records: list[dict[str, Any]] = event.get("Records", [])
    dataset, writer = _writer()
    try:
        handled = writer.write(records)
    except (StoreError, CatalogError, StaleRun) as failure:
        _log.error("batch to be handled again", records=len(records), error=str(failure))
        return {"batchItemFailures": [{"itemIdentifier": _first(records)}]}
    emit_stream_metrics(dataset, handled, dt.datetime.now(dt.UTC))
    return {"batchItemFailures": []}


def _first(records: list[dict[str, Any]]) -> str:
    """Return the first record's sequence number; an empty identifier fails the whole batch, as Lambda documents it."""
    change = records[0].get("dynamodb") if records and isinstance(records[0], dict) else None
    number = change.get("SequenceNumber") if isinstance(change, dict) else None
    return number if isinstance(number, str) else ""


@cache
def _writer() -> tuple[str, ChangeWriter]:
    """Make what all batches of this process share."""
    patch_sdk()
    settings = settings_from_environment(fetch=fetch_text)
    configure_logging(settings.log_level)
    return settings.dataset.name, ChangeWriter(settings, Clients(settings.region))
