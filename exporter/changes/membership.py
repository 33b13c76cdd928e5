"""Images of items flow in; what the source carries of each flows out, or None where it does not hold it."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Literal

import msgspec

from dataset_model import Dataset, IndexSource

KeyType = Literal["S", "N"]

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
        self._keys = _Keys((*source.partition_attributes, source.sort_key))
        self._values: set[tuple[Any, ...]] = set()
        self._by_keys = isinstance(source, IndexSource)
        if isinstance(source, IndexSource):
            parts = map(source.key_parts, source.partition_values)
            self._values.update(tuple(map(_comparable, of_value, partition_types)) for of_value in parts)
        # One text attribute and a text sort key, as nearly all indexes have, need no comparison of numbers.
        is_plain = self._types == ("S", "S")
        self._texts = frozenset(value for (value,) in self._values) if is_plain and self._by_keys else None
        self._projected = Part(projected) if projected is not None else None

    def carried(self, image: bytes) -> bytes | None:
        """Return what the source carries of an item, or None where it does not hold it."""
        if self._by_keys and not self._holds(image):
            return None
        return image if self._projected is None else self._projected.of(image)

    def _holds(self, image: bytes) -> bool:
        found = self._keys.of(image)
        if self._texts is not None:
            value, at = found
            return value is not None and at is not None and at.S is not None and value.S in self._texts
        *partition, sort = map(_value, found, self._types)
        return sort is not None and tuple(partition) in self._values


class Part:
    """Some attributes of items."""

    def __init__(self, attributes: Iterable[str]) -> None:
        self._attributes = frozenset(attributes)
        # A struct skips what is not asked for; JSON that escapes a name cannot be compared with a struct's field.
        self._decoder = None
        if all(map(_is_plain, self._attributes)):
            names = {f"f{number}": name for number, name in enumerate(sorted(self._attributes))}
            fields: list[Any] = [(field, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for field in names]
            self._decoder = msgspec.json.Decoder(msgspec.defstruct("Part", fields, rename=names, gc=False))

    def of(self, image: bytes) -> bytes:
        """Return an item with these of its attributes."""
        if self._decoder is not None:
            return msgspec.json.encode(self._decoder.decode(image))
        return msgspec.json.encode(
            {name: value for name, value in _fields.decode(image).items() if name in self._attributes}
        )


class _Scalar(msgspec.Struct, gc=False):
    S: str | None = None
    N: str | None = None


class _Keys:
    """The key attributes of items, each as a text or a number."""

    def __init__(self, attributes: tuple[str, ...]) -> None:
        self._attributes = attributes
        self._decoder: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
        self._typed = None
        if all(map(_is_plain, attributes)):
            names = {f"f{number}": name for number, name in enumerate(attributes)}
            fields: list[Any] = [(field, _Scalar | None, None) for field in names]
            self._typed = msgspec.json.Decoder(msgspec.defstruct("Keys", fields, rename=names, gc=False))

    def of(self, image: bytes) -> tuple[_Scalar | None, ...]:
        """Return the values of an item, None for one that it lacks."""
        if self._typed is not None:
            return msgspec.structs.astuple(self._typed.decode(image))
        found = self._decoder.decode(image)
        return tuple(msgspec.convert(found[name], _Scalar) if name in found else None for name in self._attributes)


def _is_plain(name: str) -> bool:
    return not any(character in '"\\' or ord(character) < 0x20 for character in name)


def _value(scalar: _Scalar | None, kind: KeyType) -> Any:
    text = getattr(scalar, kind) if scalar is not None else None
    return None if text is None else _comparable(text, kind)


def _comparable(text: str, kind: KeyType) -> Any:
    # Numbers are equal by value: an item's 1 is the value that a file spells 1.0.
    return Decimal(text) if kind == "N" else text
