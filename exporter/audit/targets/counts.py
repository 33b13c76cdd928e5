"""Recorded files of ndjson and csv targets flow in, their rows, counted in the files, and what disagrees flow out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest
from exporter.planning.window import Window
from exporter.runtime.workspace import workspace
from exporter.storage.object_store import Store
from exporter.targets.formats.registry import FILE_FORMATS


@dataclass(frozen=True)
class CountedFile:
    """A file as it is in the bucket."""

    etag: str
    rows: int


def count_targets(store: Store, manifest: Manifest, window: Window | None) -> dict[str, CountedFile]:
    """Return key -> file, for the files that the manifest records of a window's days and that exist."""
    recorded = [
        item for day, record in manifest.days.items() if window is None or day in window for item in record.targets
    ]
    present = {
        found.key: found
        for folder in {item.key.rpartition("/")[0] for item in recorded}
        for found in store.objects(f"{folder}/")
    }
    counted: dict[str, CountedFile] = {}
    with workspace() as scratch:
        for item in recorded:
            if (found := present.get(item.key)) is not None:
                file = scratch / "counted"
                store.download(found, file)
                counted[item.key] = CountedFile(found.etag, FILE_FORMATS[item.format].row_count(file))
    return counted


def target_disagreements(dataset: Dataset, record: DayRecord, counted: Mapping[str, CountedFile]) -> Iterator[str]:
    """Yield where a day's files of further targets are not those recorded, or have other rows than the day."""
    recorded = {item.key: item for item in record.targets}
    for target in dataset.file_targets if record.rows else ():
        key = target.key(dataset.name, record.day)
        item, found = recorded.get(key), counted.get(key)
        if item is None:
            yield f"{key} has not been written; the next export writes it"
        elif found is None:
            yield f"{key} is not in the bucket; the next export writes it again"
        elif found.etag != item.etag:
            yield f"{key} has changed since the manifest was written: another ETag"
        elif item.made_from != record.etags:
            yield f"{key} was made from an earlier reading of the day; the next export writes it again"
        if found is not None and found.rows != record.rows:
            yield f"{key} holds {found.rows:,} rows, the manifest says {record.rows:,}"
