"""The keys that were on a day when a window ended, kept for the window after it.

A day that is open will be read again. A row of its new file that no line of the next window is about is of an item that
has not been written since, if its key is among these; otherwise the table has to be asked for it.
"""

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa

from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.storage.object_store import Store

KEYS_FOLDER = f"{EXPORTS_FOLDER}/_keys"
"""Below the prefix: a folder of the last window's end, and in it a file of hashes for each day."""

ASKED_FOLDER = f"{EXPORTS_FOLDER}/_asked"
"""The same for the keys of items that the table was asked for, and was found to hold."""

_BYTES = 16


class KnownKeys:
    """The kept keys of one prefix."""

    def __init__(self, store: Store, prefix: str, folder: str = KEYS_FOLDER) -> None:
        self._store, self._below = store, f"{prefix}/{folder}/"

    def days(self, moment: dt.datetime) -> list[dt.date]:
        """Return the days of which the keys at this instant are kept."""
        folder = self._folder(moment)
        return [dt.date.fromisoformat(found.key.removeprefix(folder)) for found in self._store.objects(folder)]

    def of(self, day: dt.date, moment: dt.datetime) -> pa.Array:
        """Return the hashes of the keys on a day at this instant, none where they are not kept."""
        found = self._store.read(self._key(day, moment))
        body = found[0] if found else b""
        return pa.Array.from_buffers(pa.binary(_BYTES), len(body) // _BYTES, [None, pa.py_buffer(body)])

    def keep(self, moment: dt.datetime, days: Mapping[dt.date, pa.Array]) -> None:
        """Keep the keys of days at this instant."""
        for day, keys in days.items():
            start, end = _BYTES * keys.offset, _BYTES * (keys.offset + len(keys))
            body = bytes(memoryview(keys.buffers()[1] or b"")[start:end])
            self._store.write(self._key(day, moment), body, content_type="application/octet-stream")

    def forget_all_but(self, moment: dt.datetime) -> None:
        """Remove the keys of other instants."""
        folder = self._folder(moment)
        for found in list(self._store.objects(self._below)):
            if not found.key.startswith(folder):
                self._store.remove(found.key, found.etag)

    def _folder(self, moment: dt.datetime) -> str:
        return f"{self._below}{moment:%Y%m%dT%H%M%SZ}/"

    def _key(self, day: dt.date, moment: dt.datetime) -> str:
        return f"{self._folder(moment)}{day.isoformat()}"
