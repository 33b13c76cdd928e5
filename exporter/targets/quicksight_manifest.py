"""The recorded files of a target flow in, a manifest that QuickSight imports flows out, outside the folder it names.

A manifest may stand for at most 1,000 files. While a target has no more, it names their folder, and a new day needs no
change of it. From then on the files of each closed month are copied into one, and the manifest lists these copies and
the days that are in none. The files of the days stay where they are. A copy is named after what it was made from, so
that the manifest changes from one exact set of rows to the next in one put.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any

import structlog

from dataset_model import Dataset, Target
from dataset_model.records.manifest import DayRecord, Manifest, TargetObject
from dataset_model.targets.file_formats import FormatName
from exporter.storage.object_store import Store, StoredObject

MOST_FILES = 1000
"""QuickSight's limit on the files of one manifest."""

SETTINGS: Mapping[FormatName, Mapping[str, str]] = {
    "ndjson": {"format": "JSON"},  # no other setting is allowed with JSON
    "csv": {"format": "CSV", "delimiter": ",", "textqualifier": '"', "containsHeader": "true"},
}
"""Format -> the manifest's `globalUploadSettings`."""

_CHUNK = 1 << 20
_log = structlog.get_logger()


@dataclass(frozen=True)
class QuickSightManifest:
    """The manifest of one target."""

    dataset: Dataset
    target: Target
    store: Store
    folder: Path
    fence: Callable[[], None]
    """Called before each put and deletion; raises if the run may no longer publish."""

    @property
    def key(self) -> str:
        """The manifest's key."""
        folder, name = self.target.manifest_folder(self.dataset.name)
        return f"{folder}/{name}.json"

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest of the files that are recorded, and remove copies of months that it names no longer."""
        copies = self.replace(self.current(), manifest)
        self.remove(found for found in self.store.objects(self.months_folder) if found.key not in copies)

    def current(self) -> tuple[bytes, str] | None:
        """Return the manifest that is there and its ETag, or None."""
        return self.store.read(self.key)

    def replace(self, seen: tuple[bytes, str] | None, manifest: Manifest) -> list[str]:
        """Write the manifest in the place of the one that was seen; return the keys of the copies that it names.

        Raises StaleRun where another run has written it since.
        """
        files = list(self._files(manifest))
        if len(files) <= MOST_FILES:
            named = {"URIPrefixes": [self._uri(f"{self.target.folder(self.dataset.name)}/")]}
            copies: list[str] = []
        else:
            copies, days = self._by_month(files, closed_only=True)
            if len(copies) + len(days) > MOST_FILES:
                copies, days = self._by_month(files, closed_only=False)
            named = {"URIs": [self._uri(key) for key in (*copies, *days)]}
        body = manifest_text({"fileLocations": [named], "globalUploadSettings": dict(SETTINGS[self.target.format])})
        if seen is None or seen[0] != body:
            self.fence()
            self.store.replace(self.key, body, seen[1] if seen else None)
            _log.info("published a QuickSight manifest", uri=self._uri(self.key), files=len(files))
        return copies

    def remove(self, copies: Iterable[StoredObject]) -> None:
        """Remove copies of months that no manifest names."""
        for found in list(copies):
            self.fence()
            self.store.remove(found.key, found.etag)

    @property
    def months_folder(self) -> str:
        """Prefix of the copies."""
        folder, name = self.target.manifest_folder(self.dataset.name)
        return f"{folder}/{name}-months/"

    def _files(self, manifest: Manifest) -> Iterator[tuple[DayRecord, TargetObject]]:
        for day, record in sorted(manifest.days.items()):
            key = self.target.key(self.dataset.name, day)
            yield from ((record, item) for item in record.targets if item.key == key)

    def _by_month(
        self, files: Sequence[tuple[DayRecord, TargetObject]], *, closed_only: bool
    ) -> tuple[list[str], list[str]]:
        """Return the keys of the copies of months, and of the files of the other days.

        The last month stays in days. With `closed_only` so does a month with an open day: its copy would not last.
        """
        present = {found.key for found in self.store.objects(self.months_folder)}
        last = _month(files[-1])
        copies: list[str] = []
        days: list[str] = []
        for month, found in groupby(files, key=_month):
            of_month = list(found)
            if month == last or (closed_only and any(record.state == "open" for record, _ in of_month)):
                days += [item.key for _, item in of_month]
                continue
            items = [item for _, item in of_month]
            key = f"{self.months_folder}{month}-{_digest(items)}{self.target.storage.extension}"
            if key not in present:
                self._copy(items, key)
            copies.append(key)
        return copies, days

    def _copy(self, items: Sequence[TargetObject], key: str) -> None:
        """Write the rows of some files into one; a header stands once."""
        whole, part = self.folder / "month", self.folder / "day-of-month"
        with whole.open("wb") as written:
            for at, item in enumerate(items):
                self.store.download(StoredObject(item.key, item.etag, item.bytes), part)
                with part.open("rb") as read:
                    if at and self.target.format == "csv":
                        read.readline()
                    while chunk := read.read(_CHUNK):
                        written.write(chunk)
        self.fence()
        self.store.replace_with_file(key, whole, None, content_type=self.target.storage.content_type)

    def _uri(self, key: str) -> str:
        return f"s3://{self.store.bucket}/{key}"


def manifest_text(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is written."""
    return (json.dumps(manifest, indent=2) + "\n").encode()


def _month(file: tuple[DayRecord, TargetObject]) -> str:
    day: dt.date = file[0].day
    return f"{day:%Y-%m}"


def _digest(items: Sequence[TargetObject]) -> str:
    text = "".join(f"{item.key} {item.etag}\n" for item in items)
    return blake2b(text.encode(), digest_size=6).hexdigest()
