"""Changes of items flow in, a file of lines for each day flows out: `_changes/<window>/<day>.ndjson`.

Values are DynamoDB JSON, as they were written: a number keeps its digits, and an attribute needs no column. An item
that moved to another day is deleted in one file and added in the other.
"""

import datetime as dt
from collections import defaultdict
from pathlib import Path

import msgspec

from dataset_model.records.runs import CHANGES_FOLDER
from exporter.sources.table_export.changed_items import ChangedItem
from exporter.storage.object_store import Store
from exporter.values.attribute_values import Image


def differing(old: Image, new: Image) -> tuple[Image, Image]:
    """Return of both what the other has not, or has otherwise."""
    return (
        {name: value for name, value in old.items() if name not in new or new[name] != value},
        {name: value for name, value in new.items() if name not in old or old[name] != value},
    )


class ItemLog:
    """The log of one window."""

    def __init__(self, folder: Path, window: str) -> None:
        """`folder` holds the lines until they are stored; `window` is the name of the log's folder."""
        self._folder, self._window = folder, window
        self._lines: dict[dt.date, list[bytes]] = defaultdict(list)
        self._days: set[dt.date] = set()

    def add(self, day: dt.date, change: str, item: ChangedItem, old: Image, new: Image) -> None:
        """Add a line of one item on one day."""
        moment = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=item.at)
        line = {
            "day": day,
            "change": change,
            "key": msgspec.Raw(item.key),
            "at": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "old": old,
            "new": new,
        }
        self._lines[day].append(msgspec.json.encode(line))

    def flush(self) -> None:
        """Write the lines in memory to the local disk."""
        for day, lines in self._lines.items():
            with self._file(day).open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        self._days |= self._lines.keys()
        self._lines.clear()

    def store(self, store: Store, prefix: str) -> list[str]:
        """Put every file, over that of an earlier attempt at the same window; return their keys."""
        self.flush()
        below = f"{prefix}/{CHANGES_FOLDER}/{self._window}/"
        known = {found.key: found.etag for found in store.objects(below)}
        keys = {f"{below}{day.isoformat()}.ndjson": self._file(day) for day in sorted(self._days)}
        for key, file in keys.items():
            store.replace_with_file(key, file, known.get(key), content_type="application/x-ndjson")
        return list(keys)

    def _file(self, day: dt.date) -> Path:
        return self._folder / f"{day.isoformat()}.ndjson"
