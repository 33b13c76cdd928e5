"""The folder of a dataset's days flows in, a manifest that QuickSight imports flows out, of at most 1,000 files."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from dataset_model import Dataset, FilesSource, Target
from dataset_model.records.manifest import DayRecord, Manifest, TargetObject
from exporter.errors import StaleRun, StoreError
from exporter.storage.object_store import Store, StoredObject
from exporter.targets.quicksight_manifest import SETTINGS, QuickSightManifest, manifest_text

_MOST_ATTEMPTS = 5
_log = structlog.get_logger()


def publish_manifest(store: Store, prefix: str, name: str, latest: dt.date) -> None:
    """Write a dataset's manifest; from the 1,001st day on, closed months are copied into a file each.

    That needs the right to list the folder. Without it a manifest of the whole folder is written where there is none,
    and one that is there is left alone: it may name the copies that somebody with the right has made. `latest` is the
    day that was just written: the months before its month are closed.
    """
    folder = "/".join(part for part in (prefix, name) if part)
    # Not validated: QUICKSIGHT_PREFIX allows more names than a dataset file does.
    target = Target.model_construct(format="ndjson", manifest="quicksight", path=f"{folder}/{{date}}.json")
    dataset = Dataset(name=name, source=FilesSource(kind="files", path=f"{folder}/{{date}}.json"))
    with tempfile.TemporaryDirectory() as scratch:
        published = QuickSightManifest(dataset, target, store, Path(scratch), lambda: None)
        for _ in range(_MOST_ATTEMPTS):
            try:
                seen = published.current()  # before the folder: a day that is listed later is in a later manifest
                files = list(_days(store, folder))
            except StoreError as refusal:
                _log.debug("the folder is not listed, so months are not merged", folder=folder, reason=str(refusal))
                _write_first(store, prefix, name, folder)
                return
            with suppress(StaleRun):  # a run of another date has written a day or the manifest in the meantime
                _publish(published, seen, _manifest(store, name, folder, files, latest))
                return
    raise StoreError(
        f"the files of {latest} are written, and s3://{store.bucket}/{published.key} may lack days: other runs wrote "
        f"it in each of {_MOST_ATTEMPTS} attempts. Send the event again when no other run is at work"
    )


def _publish(published: QuickSightManifest, seen: tuple[bytes, str] | None, manifest: Manifest) -> None:
    """Replace the manifest that was seen, and remove the copies that it alone named; others are of another run."""
    copies = published.replace(seen, manifest)
    found = published.store.objects(published.months_folder)
    named = seen[0].decode(errors="replace") if seen else ""
    published.remove(one for one in found if one.key not in copies and f'/{one.key}"' in named)


def _manifest(
    store: Store, name: str, folder: str, files: list[tuple[dt.date, StoredObject]], latest: dt.date
) -> Manifest:
    return Manifest(
        dataset=name,
        location=f"s3://{store.bucket}/{folder}/",
        time_zone="UTC",
        updated_at=dt.datetime.combine(latest, dt.time(), dt.UTC),
        days={day: _record(day, found, latest) for day, found in files},
    )


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
