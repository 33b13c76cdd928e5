"""Recorded files of ndjson and csv targets, and what is in their folders, flow in; findings flow out.

Nothing is downloaded: a file with the ETag that is recorded has the rows that were counted when it was written. It is
`verify` that counts them again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from dataset_model import Dataset, Target
from dataset_model.records.manifest import Manifest
from exporter.audit.inspection import Finding, Inspection
from exporter.audit.targets.counts import CountedFile, target_disagreements
from exporter.storage.object_store import Store, StoredObject
from exporter.targets.quicksight_manifest import MOST_FILES

_AGAIN = "run `exporter export`, which writes files of targets that are missing or out of date"


@dataclass(frozen=True)
class TargetFolder:
    """What is in the folder of a target's files."""

    target: Target
    objects: tuple[StoredObject, ...]
    manifest: bytes | None = None
    """The manifest for QuickSight, where the target has one and it is there."""


def target_folders(dataset: Dataset, store: Store) -> tuple[TargetFolder, ...]:
    """Return the folder of each target other than Parquet."""
    folders = []
    for target in dataset.file_targets:
        objects = tuple(store.objects(f"{target.folder(dataset.name)}/"))
        found = store.read(_manifest_key(dataset, target)) if target.manifest else None
        folders.append(TargetFolder(target, objects, found[0] if found else None))
    return tuple(folders)


def target_findings(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    """Yield what is missing, out of date, foreign or named wrongly among the files of further targets."""
    recorded = {item.key: item for record in manifest.days.values() for item in record.targets}
    present = {found.key: found for folder in around.targets for found in folder.objects}
    counted = {key: CountedFile(found.etag, recorded[key].rows) for key, found in present.items() if key in recorded}
    for day, record in sorted(manifest.days.items()):
        for text in target_disagreements(around.dataset, record, counted):
            yield Finding("target", str(day), text, _AGAIN)
    for folder in around.targets:
        yield from _foreign(folder, set(recorded))
        if folder.target.manifest:
            yield from _named(around.dataset, folder, manifest)


def _foreign(folder: TargetFolder, recorded: set[str]) -> Iterator[Finding]:
    target = folder.target
    if not (target.manifest or target.has_table):
        return  # files are read one by one there
    reads = "QuickSight imports" if target.manifest else "Athena reads"
    for found in folder.objects:
        if found.key not in recorded and not found.key.endswith("/"):
            yield Finding(
                "target", found.key, f"no file of a day, and {reads} its rows as well", "remove it, or put it elsewhere"
            )


def _named(dataset: Dataset, folder: TargetFolder, manifest: Manifest) -> Iterator[Finding]:
    """Yield what a QuickSight manifest leaves out."""
    key = _manifest_key(dataset, folder.target)
    files = {
        item.key: f"{day:%Y-%m}" for day, record in manifest.days.items() for item in record.targets
        if item.key == folder.target.key(dataset.name, day)
    }  # fmt: skip
    if not files:
        return
    if folder.manifest is None:
        yield Finding("target", key, f"no manifest, and {len(files):,} files to import", _AGAIN)
        return
    names = _names(folder.manifest)
    if names is None:
        yield Finding("target", key, "no manifest that QuickSight reads: no JSON with fileLocations", _AGAIN)
        return
    whole = f"/{folder.target.folder(dataset.name)}/"
    if any(name.endswith(whole) for name in names["URIPrefixes"]):
        if len(files) > MOST_FILES:
            found = (
                f"it names the folder of {len(files):,} files, and QuickSight imports {MOST_FILES:,} of one manifest"
            )
            yield Finding("target", key, found, _AGAIN)
        return
    named = {name.partition("://")[2].partition("/")[2] for name in names["URIs"]}
    months = {name.rpartition("/")[2][: len("2026-02")] for name in named - files.keys()}  # copies of months
    missing = sorted(file for file, month in files.items() if file not in named and month not in months)
    if missing:
        yield Finding("target", key, f"{len(missing):,} files are not in it, the first {missing[0]}", _AGAIN)


def _names(text: bytes) -> dict[str, list[str]] | None:
    try:
        places = json.loads(text)["fileLocations"]
        return {
            kind: [str(name) for place in places for name in place.get(kind, ())] for kind in ("URIs", "URIPrefixes")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _manifest_key(dataset: Dataset, target: Target) -> str:
    folder, name = target.manifest_folder(dataset.name)
    return f"{folder}/{name}.json"
