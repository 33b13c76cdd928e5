"""A day's event flows in, five files and their QuickSight manifests flow out, and what was written.

Everything is read, checked and ready in memory before the first file is put. S3 puts one object at a time, so a put
that fails leaves some files of the day new and others old. Then the error names both, and nothing is reported as done:
the same event again replaces all five. Two runs of a day at once do not mix their files: see `turns`.
"""

import datetime as dt
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import structlog

from dataset_model import Dataset, Fault, load_dataset
from exporter.clients import Clients
from exporter.errors import SettingsError, StaleRun, StoreError
from exporter.sales.event import SalesEvent, WrongEventError, event_from, place_of
from exporter.sales.lines import json_lines
from exporter.sales.manifests import publish_manifest
from exporter.sales.summaries import store_summaries
from exporter.sales.turns import Turns
from exporter.storage.object_store import Store

SUMMARIES = "store_summaries"
DATASETS = (SUMMARIES, "top_products", "anomalies", "trends", "recommendations")
"""The datasets of a day, in the order in which they are written."""

_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()=/-]*")
_log = structlog.get_logger()


@dataclass(frozen=True)
class SalesSettings:
    """What the environment says."""

    bucket: str
    region: str
    table: str = "SalesData"
    prefix: str = "quicksight"
    """Without slashes at its ends."""

    def key(self, *parts: str) -> str:
        """Return a key below the prefix."""
        return "/".join(part for part in (self.prefix, *parts) if part)


def sales_settings(environment: Mapping[str, str] | None = None) -> SalesSettings:
    """Return the settings of DYNAMODB_TABLE, S3_BUCKET and QUICKSIGHT_PREFIX; raise SettingsError with every fault."""
    given = os.environ if environment is None else environment
    bucket = given.get("S3_BUCKET", "").strip()
    region = given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or ""
    prefix = given.get("QUICKSIGHT_PREFIX", "quicksight/").strip()
    faults = []
    if not bucket:
        faults.append(Fault("environment", "S3_BUCKET", "the name of the bucket that holds the files", None))
    if not region:
        faults.append(Fault("environment", "AWS_REGION", "an AWS region", None))
    parts = prefix.strip("/").split("/")
    if not _PREFIX.fullmatch(prefix) or (parts != [""] and not {"", ".", ".."}.isdisjoint(parts)):
        expected = "a prefix of letters, digits and !-_.*'()=/, such as quicksight/"
        faults.append(Fault("environment", "QUICKSIGHT_PREFIX", expected, prefix))
    if faults:
        raise SettingsError(faults)
    return SalesSettings(bucket, region, given.get("DYNAMODB_TABLE", "").strip() or "SalesData", prefix.strip("/"))


def export_event(settings: SalesSettings, value: object) -> dict[str, Any]:
    """Write the files of an event; return `date`, `exports` (dataset -> address) and `records_exported`."""
    event = event_from(value)
    bodies, counts = _ready(settings, event)
    store = Store(Clients(settings.region).s3, settings.bucket)
    keys = {name: settings.key(name, f"{event.date}.json") for name in DATASETS}
    turns = Turns(store, settings.key("manifests", "turns", event.date.isoformat()), secrets.token_hex(8))

    def write(*, again: bool) -> None:
        if not counts[SUMMARIES]:
            _require_no_rows(store, keys[SUMMARIES], settings.table, event.date, again=again)
        _write(store, {keys[name]: bodies[name] for name in DATASETS})

    turns.write_alone(write)
    for name in DATASETS:
        publish_manifest(store, settings.prefix, name, event.date)
    _log.info("exported a day's sales", date=event.date.isoformat(), **counts)
    exports = {name: f"s3://{settings.bucket}/{key}" for name, key in keys.items()}
    return {"date": event.date.isoformat(), "exports": exports, "records_exported": counts}


def _ready(settings: SalesSettings, event: SalesEvent) -> tuple[dict[str, bytes], dict[str, int]]:
    """Return the body and the number of rows of each dataset; raise WrongEventError before anything is written."""
    datasets = _datasets()
    bodies: dict[str, bytes] = {}
    faults = []
    for name, rows in event.rows.items():
        bodies[name], found = json_lines(datasets[name], event.date, rows, partial(place_of, name))
        faults += found
    if faults:
        raise WrongEventError(faults)
    summaries = store_summaries(Clients(settings.region).dynamodb, datasets[SUMMARIES], settings.table, event.date)
    bodies[SUMMARIES], found = json_lines(
        datasets[SUMMARIES], event.date, summaries, lambda number: f"{SUMMARIES}[{number}]"
    )
    for fault in found:
        _log.warning("a value of a store summary contradicts its column and is null", fault=str(fault))
    if not summaries:
        _log.warning("no store summaries of the day", date=event.date.isoformat(), table=settings.table)
    counts = {name: len(summaries if name == SUMMARIES else event.rows[name]) for name in DATASETS}
    return bodies, counts


def _write(store: Store, bodies: Mapping[str, bytes]) -> None:
    """Put the files of a date, by their keys in order."""
    written: list[str] = []
    for key, body in bodies.items():
        try:
            store.write(key, body, content_type="application/x-ndjson")
        except StoreError as error:
            raise _unfinished(error, list(bodies), written) from None
        written.append(key)


def _require_no_rows(store: Store, key: str, table: str, date: dt.date, *, again: bool) -> None:
    """Raise StoreError where the day has a file with store summaries, and the index has none: they would be lost.

    The first put of an empty file needs no right to read. Whether a file that is there is empty does.
    """
    try:
        store.replace(key, b"", None, content_type="application/x-ndjson")
    except StaleRun:
        with suppress(StoreError):  # without the right to read it may hold rows
            if store.read_end(key, 1) == b"":
                return
        done = "another run was at work, so the files may be of both" if again else "nothing was written"
        raise StoreError(
            f"index GSI1 of table {table} has no store summaries of {date}, and s3://{store.bucket}/{key} is there "
            f"already; {done}. Check DYNAMODB_TABLE. If the day has none, remove that file and send the "
            "event again"
        ) from None


def _unfinished(error: StoreError, keys: list[str], written: list[str]) -> StoreError:
    missing = [key for key in keys if key not in written]
    done = f"Written: {', '.join(written)}. " if written else "Nothing was written. "
    return StoreError(
        f"the day's export is not complete: {error} {done}Not written: {', '.join(missing)}. Send the same event "
        "again: it replaces all five files"
    )


@cache
def _datasets() -> dict[str, Dataset]:
    return {name: load_dataset(name, {}) for name in DATASETS}
