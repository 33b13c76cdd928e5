"""Changed items of a window flow in; the days that they were on and are on, with their log and quarantine, flow out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.changes.decoded_images import NumberedImages, body_of, decoded_images, place_attributes, place_decoder
from exporter.changes.membership import Membership, part_of
from exporter.decoding.batch import DAY, QuarantinedItem
from exporter.planning.sort_key import SortKey
from exporter.run.incremental.item_log import ItemLog, differing
from exporter.sources.description import SourceDescription
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.sources.table_export.changed_items import ChangedItem
from exporter.targets.quarantine import Quarantine
from exporter.values.attribute_values import AttributeValue, Image

_key = msgspec.json.Decoder(dict[str, AttributeValue])


@dataclass
class ChangedDays:
    """What a window has changed, of items that the source of a dataset holds or held."""

    oldest: dt.date
    """The first day from which nothing has expired; items of older days were removed by TTL, not deleted."""
    touched: dict[dt.date, int] = field(default_factory=dict)
    """Day -> latest write of an item that was or is on it, in microseconds since 1970."""
    items: int = 0
    """Items that differ on some day."""
    keys: list[pa.Array] = field(default_factory=list)
    written: list[pa.Array] = field(default_factory=list)
    """Hash of the key, and latest write, of every item of the window, whatever the source holds of it."""

    def touch(self, day: dt.date, at: int) -> None:
        """Note a write on a day."""
        self.touched[day] = max(at, self.touched.get(day, at))


class WindowReader:
    """Reads the items of one window for one dataset."""

    def __init__(
        self,
        dataset: Dataset,
        description: SourceDescription,
        sort_key: SortKey,
        schema: TableSchema,
        log: ItemLog,
        quarantine: Quarantine,
        today: dt.date,
    ) -> None:
        """`today` is the day of the window's end."""
        self._table_key = description.table_key
        self._membership = Membership(
            dataset, description.partition_key_types, description.sort_key_type, description.projected
        )
        self._placed_by = place_attributes(dataset, description.table_key)
        self._decoder = place_decoder(dataset, sort_key, description.table_key, schema)
        self._log, self._quarantine = log, quarantine
        expires = dataset.retention.expires_after_days
        self.found = ChangedDays(today - dt.timedelta(days=expires - 1) if expires else dt.date.min)

    def add(self, items: Sequence[ChangedItem]) -> None:
        """Take account of some items."""
        self._add_keys(items)
        old = [None if item.old is None else self._membership.carried(item.old) for item in items]
        new = [None if item.new is None else self._membership.carried(item.new) for item in items]
        left, reached = self._days(old, is_new=False), self._days(new, is_new=True)
        for number, item in enumerate(items):
            self._add(item, (left.get(number), reached.get(number)), (old[number], new[number]))
        self._log.flush()

    def _add(
        self,
        item: ChangedItem,
        days: tuple[dt.date | None, dt.date | None],
        images: tuple[Image | None, Image | None],
    ) -> None:
        left, reached = (None if day is not None and day < self.found.oldest else day for day in days)
        before, after = (image or {} for image in images)
        if left == reached:
            before, after = differing(before, after)
            if left is None or not (before or after):
                return
            self._log.add(left, "changed", item, before, after)
        else:
            if left is not None:
                self._log.add(left, "deleted", item, before, {})
            if reached is not None:
                self._log.add(reached, "added", item, {}, after)
        self.found.items += 1
        for day in {left, reached} - {None}:
            self.found.touch(day, item.at)  # type: ignore[arg-type]  # None is taken out

    def _add_keys(self, items: Sequence[ChangedItem]) -> None:
        digests = [key_digest(_key.decode(item.key), self._table_key) for item in items]
        self.found.keys.append(pa.array(digests, pa.binary(16)))
        self.found.written.append(pa.array([item.at for item in items], pa.int64()))

    def _days(self, images: Sequence[Image | None], *, is_new: bool) -> dict[int, dt.date]:
        """Return number -> day of the images that have one; the others that are new are quarantined."""
        held = {number: image for number, image in enumerate(images) if image is not None}
        places = NumberedImages()
        for number, image in held.items():
            places.add(number, part_of(image, self._placed_by))
        decoded = decoded_images(self._decoder, places)
        days: dict[int, dt.date] = {}
        for page, numbers in decoded.pages:
            days |= dict(zip(numbers, page.rows.column(DAY).to_pylist(), strict=True))
        for number in (held.keys() - days.keys()) if is_new else ():
            self._quarantine.add(self._reasons(held[number], decoded.poison.get(number)))
        return days

    def _reasons(self, image: Image, poison: str | None) -> Sequence[QuarantinedItem]:
        if poison is not None:
            return [QuarantinedItem(poison, msgspec.json.encode(image).decode(), None, None)]
        return self._decoder.decode(body_of([image])).withheld
