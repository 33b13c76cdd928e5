"""A dataset and the ARN of a table export, or none, flow in; the completed export that is read flows out.

A backfill calls this before its run begins: DynamoDB may write an export for hours, and a lease that is held for so
long would keep the schedule's runs from their days.
"""

import threading

from exporter.clients import Clients
from exporter.settings import Settings
from exporter.sources.table_export.exporting import CompletedExport, completed_export

EXPORTS_FOLDER = "_exports"
"""Below the prefix: the exports that the exporter has started."""


def export_to_read(clients: Clients, settings: Settings, arn: str | None, stop: threading.Event) -> CompletedExport:
    """Return the export of that ARN, or a new one, once it has completed; raise SourceError or Interrupted."""
    target = (settings.bucket, f"{settings.prefix}/{EXPORTS_FOLDER}")
    return completed_export(clients.dynamodb, settings.dataset.source.table, arn, target, stop)
