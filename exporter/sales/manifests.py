"""The folder of a dataset's days flows in, a manifest that QuickSight imports flows out, of at most 1,000 files."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structlog

from dataset_model import Dataset, FilesSource, Target
from dataset_model.records.manifest import DayRecord, Manifest, TargetObject
from exporter.errors import StaleRun, StoreError
from exporter.storage.object_store import Store, StoredObject
from exporter.targets.quicksight_manifest import SETTINGS, QuickSightManifest, manifest_text

_log = structlog.get_logger()


def publish_manifest(store: Store, prefix: str, name: str, latest: dt.date) -> None:
    """Write a dataset's manifest; from the 1,001st day on, closed months are copied into a file each.

    That needs the right to list the folder. Without it a manifest of the whole folder is written where there is none,
    and one that is there is left alone: it may name the copies that somebody with the right has made. `latest` is the
    day that was just written: the months before its month are closed.
    """
    folder = "/".join(part for part in (prefix, name) if part)
    try:
        files = list(_days(store, folder))
    except StoreError as refusal:
        _log.debug("the folder is not listed, so months are not merged", folder=folder, reason=str(refusal))
        _write_first(store, prefix, name, folder)
        return
    days = {day: _record(day, found, latest) for day, found in files}
    now = dt.datetime.combine(latest, dt.time(), dt.UTC)
    manifest = Manifest(
        dataset=name, location=f"s3://{store.bucket}/{folder}/", time_zone="UTC", updated_at=now, days=days
    )
    # Not validated: QUICKSIGHT_PREFIX allows more names than a dataset file does.
    target = Target.model_construct(format="ndjson", manifest="quicksight", path=f"{folder}/{{date}}.json")
    dataset = Dataset(name=name, source=FilesSource(kind="files", path=f"{folder}/{{date}}.json"))
    with tempfile.TemporaryDirectory() as scratch:
        QuickSightManifest(dataset, target, store, Path(scratch), lambda: None).publish(manifest)


def _days(store: Store, folder: str) -> Iterator[tuple[dt.date, StoredObject]]:
    for found in store.objects(f"{folder}/"):
        text = found.key.removeprefix(f"{folder}/").removesuffix(".json")
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            continue
        if found.key == f"{folder}/{day}.json":
            yield day, found


def _record(day: dt.date, found: StoredObject, latest: dt.date) -> DayRecord:
    item = TargetObject(
        format="ndjson", key=found.key, etag=found.etag, rows=0, bytes=found.bytes, columns=(), made_from=()
    )
    is_open = (day.year, day.month) >= (latest.year, latest.month)
    read_at = dt.datetime.combine(day, dt.time(), dt.UTC)
    return DayRecord(day=day, objects=(), state="open" if is_open else "closed", read_at=read_at, targets=(item,))


def _write_first(store: Store, prefix: str, name: str, folder: str) -> None:
    key = "/".join(part for part in (prefix, "manifests", f"{name}.json") if part)
    named = {"URIPrefixes": [f"s3://{store.bucket}/{folder}/"]}
    body = manifest_text({"fileLocations": [named], "globalUploadSettings": dict(SETTINGS["ndjson"])})
    try:
        store.replace(key, body, None)
    except StaleRun:
        return  # there is one
