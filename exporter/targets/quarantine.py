"""Withheld and nulled items flow in, NDJSON parts under `_quarantine/` with each whole item and its reason flow out.

Athena ignores the folder because its name begins with an underscore.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from dataset_model.records.runs import QUARANTINE_FOLDER
from exporter.decoding.decoder import QuarantinedItem
from exporter.storage.object_store import Store

PART_BYTES = 8 << 20


@dataclass
class Quarantine:
    """The quarantine of one run, in parts `_quarantine/<run id>/part-00001.ndjson`. Safe to use from any thread.

    Each line is `{"reason", "attribute", "day", "item"}`; the item is DynamoDB JSON with its numbers as written, the
    day is null where the item is withheld.
    """

    store: Store
    prefix: str
    run_id: str
    once: bool = False
    """Whether a withheld item that is read again is quarantined and counted once. A run over several stretches of
    days may read it in each of them."""
    withheld: int = 0
    nulled: int = 0
    _met: set[bytes] = field(default_factory=set)
    _lines: list[bytes] = field(default_factory=list)
    _bytes: int = 0
    _parts: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    """Reader threads add lines while earlier lines are being written."""

    def add(self, items: Iterable[QuarantinedItem]) -> int:
        """Quarantine one page's items; return the number of its rows that hold a nulled value.

        An item that has several reasons gets a line for each and counts once.
        """
        nulled: set[int | None] = set()
        with self._lock:
            for entry in items:
                if self._is_known(entry):
                    continue
                self._write(entry)
                if entry.day is None:
                    self.withheld += 1
                else:
                    nulled.add(entry.row)
            self.nulled += len(nulled)
        return len(nulled)

    def _is_known(self, entry: QuarantinedItem) -> bool:
        if not self.once or entry.day is not None:
            return False
        digest = blake2b(entry.item.encode(), digest_size=16).digest()
        known = digest in self._met
        self._met.add(digest)
        return known

    def _write(self, entry: QuarantinedItem) -> None:
        line = {
            "reason": entry.reason,
            "attribute": entry.attribute,
            "day": entry.day.isoformat() if entry.day else None,
        }
        # The item is JSON already; parsing it to write it again would touch its numbers.
        text = json.dumps(line, ensure_ascii=False)[:-1] + f', "item": {entry.item}}}\n'
        self._lines.append(text.encode())
        self._bytes += len(self._lines[-1])
        if self._bytes >= PART_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write buffered lines, so that they are stored before their rows are published."""
        with self._lock:
            if not self._lines:
                return
            self._parts += 1
            key = f"{self.prefix}/{QUARANTINE_FOLDER}/{self.run_id}/part-{self._parts:05}.ndjson"
            self.store.write(key, b"".join(self._lines), content_type="application/x-ndjson")
            self._lines, self._bytes = [], 0

    @property
    def items(self) -> int:
        """Quarantined items: withheld and nulled ones together."""
        return self.withheld + self.nulled
