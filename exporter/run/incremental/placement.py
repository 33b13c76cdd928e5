"""Images of items flow in; whether the source of a dataset holds them, and on which day, flows out."""

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.changes.decoded_images import NumberedImages, body_of, decoded_images, place_attributes, place_decoder
from exporter.changes.membership import Membership, part_of
from exporter.decoding.batch import DAY, QuarantinedItem
from exporter.planning.sort_key import SortKey
from exporter.sources.description import SourceDescription
from exporter.values.attribute_values import Image


class Placement:
    """Where the items of one dataset are."""

    def __init__(
        self, dataset: Dataset, description: SourceDescription, sort_key: SortKey, schema: TableSchema
    ) -> None:
        membership = Membership(
            dataset, description.partition_key_types, description.sort_key_type, description.projected
        )
        self.carried = membership.carried
        """Returns what the source carries of an item; None where it does not hold it."""
        self.attributes = (*dataset.source.partition_attributes, dataset.source.sort_key)
        """By these it is placed."""
        self._placed_by = place_attributes(dataset, description.table_key)
        self._decoder = place_decoder(dataset, sort_key, description.table_key, schema)

    def days(self, images: Mapping[int, Image]) -> tuple[dict[int, dt.date], dict[int, str]]:
        """Return number -> day of the carried images that have one, and number -> reason of those no decoder takes."""
        places = NumberedImages()
        for number, image in images.items():
            places.add(number, part_of(image, self._placed_by))
        decoded = decoded_images(self._decoder, places)
        days: dict[int, dt.date] = {}
        for page, numbers in decoded.pages:
            days |= dict(zip(numbers, page.rows.column(DAY).to_pylist(), strict=True))
        return days, decoded.poison

    def reasons(self, image: Image, poison: str | None) -> Sequence[QuarantinedItem]:
        """Return a carried image that has no day as a quarantined item."""
        if poison is not None:
            return [QuarantinedItem(poison, msgspec.json.encode(image).decode(), None, None)]
        return self._decoder.decode(body_of([image])).withheld
