"""Records of a stream flow in; what a dataset's source carries of their images flows out, as bytes for the decoder.

Records as DynamoDB writes them are read by the compiled scanner. The others, and all where it is not built or the keys
need more than a look, are read one by one in Python, which says what is wrong with each.
"""

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.changes import SEQUENCE_DIGITS
from exporter.changes.decoded_images import NumberedImages, place_attributes
from exporter.changes.membership import Membership, part_of
from exporter.changes.stream_record import PoisonRecord, StreamRecord, stream_record
from exporter.native.events import Carriage, RecordScanner
from exporter.native.library import library
from exporter.sources.description import SourceDescription
from exporter.values.attribute_values import Image

_UNREADABLE = -1
_DIGITS = pa.binary(SEQUENCE_DIGITS)


@dataclass(frozen=True)
class CarriedRecords:
    """Records by their numbers: when each was written, and the images that the source carries."""

    at: "array[int]"
    """Milliseconds since 1970; negative where a record is poison."""
    sequences: pa.Array
    """Sequence numbers of 40 digits as bytes or texts."""
    new: NumberedImages = field(default_factory=NumberedImages)
    """Items after their change."""
    old: NumberedImages = field(default_factory=NumberedImages)
    """Of items that may have left a day: what says which day, and which item."""
    by_ttl: set[int] = field(default_factory=set)
    expired: set[int] = field(default_factory=set)
    """Removals that are no deletions: by time to live, or all of them where the dataset keeps what is deleted."""
    poison: dict[int, PoisonRecord] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    """Records with an image that cannot be written -> reason."""

    @property
    def count(self) -> int:
        """Records, with those that cannot be used."""
        return len(self.at)

    @property
    def newest_at(self) -> int | None:
        """The latest write, in milliseconds; None without a readable record."""
        newest = max(self.at, default=_UNREADABLE)
        return None if newest < 0 else newest

    def only(self, numbers: Collection[int]) -> "CarriedRecords":
        """Return these records with the images of some of them."""
        wanted = frozenset(numbers)
        return replace(self, new=self.new.only(wanted), old=self.old.only(wanted))


class RecordReader:
    """Reads the records of one table's stream for one dataset."""

    def __init__(self, dataset: Dataset, description: SourceDescription) -> None:
        source, retention = dataset.source, dataset.retention
        membership = Membership(
            dataset, description.partition_key_types, description.sort_key_type, description.projected
        )
        self._carried = membership.carried
        # By these the source holds an item, and on which day; its key never changes.
        self._place = (source.sort_key, *source.partition_attributes)
        # Of an old image only its place matters: the day that the item leaves, and its key.
        self._placed_by = place_attributes(dataset, description.table_key)
        self._keeps_deleted = retention.keep_deleted
        self._is_final = retention.expires_after_days is None and not retention.keep_deleted
        compiled = library()
        self._scanner = None
        if compiled is not None and membership.is_plain:
            projected = description.projected
            part = self._placed_by if projected is None else self._placed_by & projected
            self._scanner = RecordScanner(
                compiled, Carriage(membership.texts, self._place, part, projected, self._keeps_deleted)
            )

    def read(self, events: Sequence[Any]) -> CarriedRecords:
        """Return what the events of a stream carry, numbered in their order.

        Raises SourceError where the stream does not carry both images.
        """
        events = list(events)
        at, digits = array("q", bytes(8 * len(events))), bytearray(SEQUENCE_DIGITS * len(events))
        sequences = pa.Array.from_buffers(_DIGITS, len(events), [None, pa.py_buffer(digits)])
        if self._scanner is None:
            found = CarriedRecords(at, sequences)
            left: Sequence[int] = range(len(events))
        else:
            is_read, new, old = self._scanner.read(events, at, digits)
            found = CarriedRecords(at, sequences, NumberedImages(new), NumberedImages(old))
            left = [number for number, done in enumerate(is_read) if not done] if 0 in is_read else range(0)
        for number in left:
            record = stream_record(events[number])
            if isinstance(record, PoisonRecord):
                at[number] = _UNREADABLE
                found.poison[number] = record
            else:
                digits[SEQUENCE_DIGITS * number : SEQUENCE_DIGITS * (number + 1)] = record.sequence.encode()
                self._add(found, number, record)
        # Neighbours decide how an odd image is refused: they are to be the same, whichever way each was read.
        return replace(found, new=found.new.in_order(), old=found.old.in_order()) if left else found

    def read_again(self, records: Sequence[StreamRecord]) -> CarriedRecords:
        """Return what records carry that were read before; their sequence numbers may have more than digits."""
        sequences = pa.array([record.sequence for record in records], pa.string())
        found = CarriedRecords(array("q", bytes(8 * len(records))), sequences)
        for number, record in enumerate(records):
            self._add(found, number, record)
        return found

    def _add(self, found: CarriedRecords, number: int, record: StreamRecord) -> None:
        found.at[number] = record.at
        if record.by_ttl:
            found.by_ttl.add(number)
        if not self._is_final and (record.by_ttl or (self._keeps_deleted and record.new is None)):
            found.expired.add(number)  # the source forgets what the dataset keeps
            return
        try:
            after = None if record.new is None else self._carried(record.new)
            if after is not None:
                found.new.add(number, after)
            if record.old is None or (after is not None and self._is_in_place(record.old, record.new)):
                return
            before = self._carried(record.old)
            if before is not None:
                found.old.add(number, part_of(before, self._placed_by))
        except Exception as error:  # noqa: BLE001 - as where it is decoded: a retry would meet it again
            found.refused[number] = f"record: {error}"

    def _is_in_place(self, old: Image, new: Image | None) -> bool:
        """Whether an item that the source holds has not moved: then its old image says nothing new."""
        return new is not None and [*map(old.get, self._place)] == [*map(new.get, self._place)]
