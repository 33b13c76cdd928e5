"""Images of items flow in; what the source carries of each flows out, or None where it does not hold it."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Literal

import msgspec

from dataset_model import Dataset, IndexSource
from exporter.values.attribute_values import Image

KeyType = Literal["S", "N"]


class Membership:
    """What the source of a dataset holds: items with all keys of the index and a partition value, or all items."""

    def __init__(
        self,
        dataset: Dataset,
        partition_types: Collection[KeyType],
        sort_type: KeyType,
        projected: frozenset[str] | None,
    ) -> None:
        """`projected` are the attributes that the index carries; None for all."""
        source = dataset.source
        self._types = (*partition_types, sort_type)
        self._attributes = (*source.partition_attributes, source.sort_key)
        self._values: set[tuple[Any, ...]] = set()
        self._by_keys = isinstance(source, IndexSource)
        if isinstance(source, IndexSource):
            parts = map(source.key_parts, source.partition_values)
            self._values.update(tuple(map(_comparable, of_value, partition_types)) for of_value in parts)
        # One text attribute and a text sort key, as nearly all indexes have, need no comparison of numbers.
        is_text = self._types == ("S", "S")
        self.texts = frozenset(value for (value,) in self._values) if is_text and self._by_keys else None
        """The partition values where such a comparison suffices."""
        self._projected = projected

    @property
    def is_plain(self) -> bool:
        """Whether items are held by a look at two texts, or all of them are."""
        return self.texts is not None or not self._by_keys

    def carried(self, image: Image) -> Image | None:
        """Return what the source carries of an item, or None where it does not hold it.

        Raises msgspec.ValidationError where a key is no value of DynamoDB.
        """
        if self._by_keys and not self._holds(image):
            return None
        return image if self._projected is None else part_of(image, self._projected)

    def _holds(self, image: Image) -> bool:
        found = [image.get(attribute) for attribute in self._attributes]
        if self.texts is not None:
            partition, sort = found
            if type(partition) is dict and type(sort) is dict:  # a look suffices where both are texts
                text = partition.get("S")
                if type(text) is str and type(sort.get("S")) is str:
                    return text in self.texts
        scalars = (msgspec.convert(value, _Scalar | None) for value in found)
        *of_partition, of_sort = map(_value, scalars, self._types)
        return of_sort is not None and tuple(of_partition) in self._values


def part_of(image: Image, attributes: Collection[str]) -> Image:
    """Return an item with these of its attributes."""
    return {name: image[name] for name in attributes if name in image}


class _Scalar(msgspec.Struct, gc=False):
    S: str | None = None
    N: str | None = None


def _value(scalar: _Scalar | None, kind: KeyType) -> Any:
    text = getattr(scalar, kind) if scalar is not None else None
    return None if text is None else _comparable(text, kind)


def _comparable(text: str, kind: KeyType) -> Any:
    # Numbers are equal by value: an item's 1 is the value that a file spells 1.0.
    return Decimal(text) if kind == "N" else text
