"""`exporter doctor`: reads a dataset's objects, records and Glue table and returns findings; changes nothing."""

import datetime as dt
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dataset_model.targets.partitions import day_from_key
from exporter.audit.checks import due_day, findings
from exporter.audit.inspection import Finding, Inspection
from exporter.audit.stream_mapping import mappings_of
from exporter.audit.targets.checks import target_folders
from exporter.audit.targets.reports import present_reports
from exporter.changes.state import stream_state
from exporter.clients import Clients
from exporter.quarantine.reader import quarantined_runs
from exporter.run.incremental.window_state import WindowRecord
from exporter.run.lease import lease_holder
from exporter.run.table_export.scan_conversion import Scans
from exporter.settings import Settings
from exporter.sources.index_query import source_error
from exporter.sources.table_export.recovery import table_is_recoverable
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.parquet_footers import read_footers
from exporter.storage.records import Records

MOST_RUNS = 200
"""Newest ledger entries that are inspected."""


def examine(settings: Settings, now: dt.datetime) -> list[Finding]:
    """Return the findings; none means that everything is in order."""
    clients = Clients(settings.region)
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    holder = lease_holder(store, settings.prefix, now)
    objects = tuple(store.objects(f"{settings.prefix}/"))
    manifest = records.manifest()
    state = stream_state(store, settings.prefix)
    source = settings.dataset.source
    declared = set(source.kind) if source.is_table else set()
    is_fed_by_stream = state is not None and state.fed_by == "stream"
    stream = _stream(clients, settings) if is_fed_by_stream or "stream" in declared else None
    scan = Scans(store, settings.prefix).current()
    data = [item.key for item in objects if day_from_key(settings.prefix, item.key)]
    around = Inspection(
        dataset=settings.dataset,
        location=settings.location,
        now=now,
        objects=objects,
        footers=read_footers(store, data),
        manifest=manifest,
        schema=records.schema(),
        table=Catalog(clients.glue, settings.dataset, settings.location).described(),
        runs=tuple(records.runs(MOST_RUNS)),
        due=due_day(settings.mode, now, settings.dataset),
        alive=holder.owner if holder else None,
        stream=stream,
        is_fed_by_stream=is_fed_by_stream,
        is_recoverable=(
            table_is_recoverable(clients.dynamodb, source.table) if declared & {"changes", "table_export"} else None
        ),
        mappings=mappings_of(clients, stream["LatestStreamArn"], now) if stream and "LatestStreamArn" in stream else (),
        scan_begun_at=scan.started_at if scan else None,
        windows=WindowRecord(store, settings.prefix).read(),
        targets=target_folders(settings.dataset, store),
        reports=present_reports(store, manifest) if manifest and manifest.reports else {},
        quarantined={run: len(parts) for run, parts in quarantined_runs(store, settings.prefix).items()},
    )
    return findings(around)


def _stream(clients: Clients, settings: Settings) -> dict[str, Any]:
    """Return the stream settings of the dataset's table, and its latest stream; empty where it has none."""
    table = settings.dataset.source.table
    try:
        found: Any = clients.dynamodb.describe_table(TableName=table)
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"table {table}") from None
    described = found.get("Table", {})
    latest = {name: described[name] for name in ("LatestStreamArn",) if name in described}
    return {**described.get("StreamSpecification", {}), **latest}


def findings_text(found: list[Finding], dataset: str) -> str:
    """Return findings for people."""
    if not found:
        return f"{dataset}: no findings"
    lines = [f"{dataset}: {len(found)} finding" + ("" if len(found) == 1 else "s")]
    for finding in found:
        lines += [f"  {finding.kind}: {finding.where}", f"    {finding.found}", f"    do: {finding.advice}"]
    return "\n".join(lines)
