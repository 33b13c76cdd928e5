"""Objects below `_quarantine/` flow in; runs with quarantined items, and the lines of each, flow out."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from dataset_model.records.runs import QUARANTINE_FOLDER
from exporter.errors import StoreError
from exporter.storage.object_store import Store
from exporter.values.attribute_values import AttributeValue


class _Written(msgspec.Struct):
    reason: str
    attribute: str | None
    day: dt.date | None
    item: msgspec.Raw  # parsed where it is needed, so that its numbers stay as they are


@dataclass(frozen=True)
class Line:
    """One reason of one item."""

    reason: str
    attribute: str | None
    day: dt.date | None
    """The day of its row, where a value became null; None where the item is withheld."""
    item: str
    """The whole item as DynamoDB JSON."""

    @property
    def is_withheld(self) -> bool:
        """Whether the item is in no row at all."""
        return self.day is None


_written = msgspec.json.Decoder(_Written)
_item = msgspec.json.Decoder(dict[str, AttributeValue])


def quarantined_runs(store: Store, prefix: str) -> dict[str, list[str]]:
    """Return run id -> the keys of its parts, newest run first."""
    runs: dict[str, list[str]] = {}
    folder = f"{prefix}/{QUARANTINE_FOLDER}/"
    for found in store.objects(folder):
        run_id, _, part = found.key.removeprefix(folder).partition("/")
        if part:
            runs.setdefault(run_id, []).append(found.key)
    return dict(sorted(runs.items(), reverse=True))


def lines_of(store: Store, keys: Iterable[str]) -> Iterator[Line]:
    """Yield the lines of some parts, in order; raise StoreError with the number of a line that is not readable."""
    for key in keys:
        found = store.read(key)
        for number, text in enumerate((found[0] if found else b"").splitlines(), start=1):
            try:
                line = _written.decode(text)
            except msgspec.DecodeError as error:
                raise StoreError(f"s3://{store.bucket}/{key}, line {number} is not readable: {error}") from None
            yield Line(line.reason, line.attribute, line.day, bytes(line.item).decode())


def item_of(line: Line) -> dict[str, AttributeValue]:
    """Return a line's item."""
    return _item.decode(line.item)
