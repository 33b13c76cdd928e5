"""Items of one page in any order flow in, bodies of one partition value each in sort key order flow out."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

import msgspec


class _Found(Protocol):
    partition: "_Scalar | None"
    sort: "_Scalar | None"


class _Scalar(msgspec.Struct, gc=False):
    S: str | None = None
    N: str | None = None


@dataclass(frozen=True)
class ItemKeys:
    """The attributes by which items are grouped and ordered, each with the type that it has in the index."""

    partition_key: str
    partition_type: Literal["S", "N"]
    partition_values: tuple[str, ...]
    sort_key: str
    sort_type: Literal["S", "N"]


class WholeBodies:
    """Keeps the items of a page together, as a table without partition values has them."""

    def split(self, items: Iterable[msgspec.Raw]) -> list[tuple[str, bytes]]:
        """Return one body in the form of a Query response, under no partition value."""
        return [("", _body(bytes(item) for item in items))]


class ItemBodies:
    """Groups raw items by partition value. Items without one of the values, or without the sort key, are left out."""

    def __init__(self, keys: ItemKeys) -> None:
        self._keys = keys
        self._of_value = {_comparable(value, keys.partition_type): value for value in keys.partition_values}
        # A struct reads two attributes of an item and skips the others, without a dict of all of them.
        fields = [("partition", _Scalar | None, None), ("sort", _Scalar | None, None)]
        struct = msgspec.defstruct(
            "_Keys", fields, rename={"partition": keys.partition_key, "sort": keys.sort_key}, gc=False
        )
        self._decoder = msgspec.json.Decoder(struct)

    def split(self, items: Iterable[msgspec.Raw]) -> list[tuple[str, bytes]]:
        """Return (partition value, body in the form of a Query response), in the order of the dataset's values."""
        groups: dict[str, list[tuple[Any, bytes]]] = {}
        for item in items:
            found: _Found = self._decoder.decode(item)  # type: ignore[assignment]  # made at run time
            value = self._of_value.get(_comparable_or_none(found.partition, self._keys.partition_type))
            order = _comparable_or_none(found.sort, self._keys.sort_type)
            if value is not None and order is not None:
                groups.setdefault(value, []).append((order, bytes(item)))
        return [
            (value, _body(item for _, item in sorted(groups[value], key=_order)))
            for value in self._keys.partition_values
            if value in groups
        ]


def empty_body() -> bytes:
    """Return the body of a page without items."""
    return _body(())


def _order(entry: tuple[Any, bytes]) -> Any:
    return entry[0]


def _body(items: Iterable[bytes]) -> bytes:
    return b'{"Items":[' + b",".join(items) + b"]}"


def _comparable(text: str, kind: Literal["S", "N"]) -> Any:
    # Numbers are equal by value: an item's 1 is the value that a file spells 1.0. Text sorts by its UTF-8 bytes.
    return Decimal(text) if kind == "N" else text.encode()


def _comparable_or_none(value: _Scalar | None, kind: Literal["S", "N"]) -> Any:
    text = getattr(value, kind) if value is not None else None
    return None if text is None else _comparable(text, kind)
