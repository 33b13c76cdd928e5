"""Images of items flow in; what the source carries of each flows out, or None where it does not hold it."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from dataset_model import Dataset, IndexSource

KeyType = Literal["S", "N"]

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_scalar = msgspec.json.Decoder(dict[str, Any])


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
        self._partition = tuple(zip(source.partition_attributes, partition_types, strict=True))
        self._values: set[tuple[Any, ...]] = set()
        if isinstance(source, IndexSource):
            parts = map(source.key_parts, source.partition_values)
            self._values.update(tuple(map(_comparable, of_value, partition_types)) for of_value in parts)
        self._sort = (source.sort_key, sort_type)
        self._projected = projected

    def carried(self, image: bytes) -> bytes | None:
        """Return what the source carries of an item, or None where it does not hold it."""
        fields = _fields.decode(image)
        if self._partition and not self._holds(fields):
            return None
        if self._projected is None:
            return image
        return msgspec.json.encode({name: value for name, value in fields.items() if name in self._projected})

    def _holds(self, fields: Mapping[str, msgspec.Raw]) -> bool:
        found = tuple(_value(fields, *key) for key in self._partition)
        return found in self._values and _value(fields, *self._sort) is not None


def only(image: bytes, attributes: Collection[str]) -> bytes:
    """Return an item with some of its attributes."""
    return msgspec.json.encode({name: value for name, value in _fields.decode(image).items() if name in attributes})


def _value(fields: Mapping[str, msgspec.Raw], attribute: str, kind: KeyType) -> Any:
    raw = fields.get(attribute)
    text = _scalar.decode(raw).get(kind) if raw is not None else None
    return None if text is None else _comparable(text, kind)


def _comparable(text: str, kind: KeyType) -> Any:
    # Numbers are equal by value: an item's 1 is the value that a file spells 1.0.
    return Decimal(text) if kind == "N" else text
