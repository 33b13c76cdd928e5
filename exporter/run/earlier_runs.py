"""The ledger flows in, what earlier runs left to a run flows out: their entries, and since when the schedule runs."""

import datetime as dt

from dataset_model.records.manifest import Manifest
from exporter.planning.owed_days import EarlierRuns, scheduled_since
from exporter.run.request import ExportRequest
from exporter.storage.records import Records


def earlier_runs(records: Records, request: ExportRequest, manifest: Manifest | None, now: dt.datetime) -> EarlierRuns:
    """Return what the ledger holds for a run that begins at `now`.

    The first day of the schedule is in the manifest. Until a scheduled run has written one, the oldest entry of a
    scheduled run shows it: such a run may have been refused.
    """
    entries = tuple(records.runs_since(now - request.ledger_reach))
    if not request.scheduled:
        return EarlierRuns(entries)
    is_known = manifest is not None and manifest.scheduled_from is not None
    first = None if is_known else records.first_scheduled_day()
    return EarlierRuns(entries, scheduled_since(manifest, first, request.window))
