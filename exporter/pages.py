"""Bytes of a Query response to one list of values per attribute.

Most pages hold what the schema expects, so the response is decoded once, by msgspec, into structs made for it: a field
per attribute, one DynamoDB type each. A page with anything else (an attribute nobody declared, a value of another type)
fails to fit, is read again as values of any kind, and the structs are widened by what was found. Both ways give equal
values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from operator import attrgetter
from typing import Any

import msgspec

from exporter.attribute_values import AttributeValue, kind_of

MAX_OTHERS = 256
"""With more undeclared attributes than this a struct costs more than a dict: items make up their own names."""

_TYPES: dict[str, type] = {"S": str, "N": str, "BOOL": bool}


@dataclass(frozen=True)
class Values:
    """One attribute's values in a page, in order; None where the item lacks it."""

    kind: str | None
    """S, N or BOOL: `cells` are its plain values, and a NULL is None too. None: `cells` are AttributeValues."""
    cells: Sequence[Any]

    def parsed(self) -> Sequence[AttributeValue | None]:
        """Return the values with their types."""
        if self.kind is None:
            return self.cells
        return [None if cell is None else AttributeValue(**{self.kind: cell}) for cell in self.cells]

    @property
    def any(self) -> bool:
        """Whether an item has the attribute."""
        return any(cell is not None for cell in self.cells)

    def where(self, kept: Sequence[bool]) -> "Values":
        """Return the values of the items to keep."""
        return Values(self.kind, list(compress(self.cells, kept)))


@dataclass(frozen=True)
class Page:
    """One Query response."""

    items: int
    expected: Mapping[str, Values]
    """Every attribute that the reader was made for."""
    others: Mapping[str, Values]
    """Other attributes met so far, of any kind; perhaps absent from this page."""
    last_evaluated_key: dict[str, Any] | None
    read_units: float


class _Capacity(msgspec.Struct, gc=False):
    CapacityUnits: float = 0.0


class _AnyPage(msgspec.Struct, gc=False):
    Items: list[dict[str, AttributeValue]] = []
    LastEvaluatedKey: dict[str, dict[str, Any]] | None = None
    ConsumedCapacity: _Capacity | None = None


class _RawItems(msgspec.Struct, gc=False):
    Items: list[msgspec.Raw] = []


_any_page = msgspec.json.Decoder(_AnyPage)
_raw_items = msgspec.json.Decoder(_RawItems)


def item_texts(body: bytes, positions: Iterable[int]) -> list[str]:
    """Return the items at these positions as compact DynamoDB JSON, however the response was spaced and escaped."""
    items = _raw_items.decode(body).Items
    return [msgspec.json.encode(msgspec.json.decode(items[position])).decode() for position in positions]


class PageReader:
    """Reads pages for the attributes expected, each with the kind that most of its values have (None: any)."""

    def __init__(self, expected: Mapping[str, str | None]) -> None:
        self._expected = dict(expected)
        self._others: tuple[str, ...] = ()
        self._typed: _TypedPages | None = None
        self._prepare()

    def read(self, body: bytes) -> Page:
        """Return a response's values; raise msgspec.DecodeError where the body is no Query response."""
        if self._typed is not None:
            try:
                return self._typed.read(body)
            except msgspec.ValidationError:
                pass
        return self._read_any(body)

    def _prepare(self) -> None:
        fields = dict(self._expected) | dict.fromkeys(self._others)
        fits = len(self._others) <= MAX_OTHERS and all(_can_be_field(name) for name in fields)
        self._typed = _TypedPages(self._expected, self._others) if fits else None

    def _read_any(self, body: bytes) -> Page:
        page = _any_page.decode(body)
        others = sorted({name for item in page.Items for name in item} - self._expected.keys())
        new = set(others).difference(self._others)
        expected = {name: _values(page.Items, name) for name in self._expected}
        mixed = {name for name, kind in self._expected.items() if kind and not _only(kind, expected[name])}
        if mixed or (new and len(self._others) <= MAX_OTHERS):
            self._expected = self._expected | dict.fromkeys(mixed)
            self._others = (*self._others, *sorted(new))
            self._prepare()
        return Page(
            items=len(page.Items),
            expected=expected,
            others={name: _values(page.Items, name) for name in others},
            last_evaluated_key=key_for_client(page.LastEvaluatedKey),
            read_units=page.ConsumedCapacity.CapacityUnits if page.ConsumedCapacity else 0.0,
        )


class _TypedPages:
    """Reads pages that hold nothing but what was foreseen; raises msgspec.ValidationError for the others."""

    def __init__(self, expected: Mapping[str, str | None], others: Iterable[str]) -> None:
        self._kinds = dict(expected) | dict.fromkeys(others)
        self._expected = frozenset(expected)
        fields: list[tuple[str, Any, Any]] = []
        cells: list[str] = []
        for number, (attribute, kind) in enumerate(self._kinds.items()):
            field = f"f{number}"
            if kind is None:
                fields.append((field, AttributeValue, msgspec.field(name=attribute, default=None)))
                cells.append(field)
            else:
                fields.append((field, _STRUCTS[kind], msgspec.field(name=attribute, default=_STRUCTS[kind]())))
                cells.append(f"{field}.{kind}")
        item = msgspec.defstruct("Item", fields, forbid_unknown_fields=True, gc=False)
        page = msgspec.defstruct(
            "Page",
            [
                ("Items", list[item], msgspec.field(default_factory=list)),  # type: ignore[valid-type]
                ("LastEvaluatedKey", dict[str, dict[str, Any]] | None, None),
                ("ConsumedCapacity", _Capacity | None, None),
            ],
            gc=False,
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page)
        # One call per item for all its cells, turned into columns by zip, costs half of a call per cell. The last name
        # is there twice, because for a single name attrgetter returns no tuple.
        self._cells_of_item = attrgetter(*cells, cells[-1])

    def read(self, body: bytes) -> Page:
        page = self._decoder.decode(body)
        items = page.Items
        columns = zip(*map(self._cells_of_item, items), strict=True) if items else repeat(())
        values = {name: Values(kind, cells) for (name, kind), cells in zip(self._kinds.items(), columns, strict=False)}
        return Page(
            items=len(items),
            expected={name: found for name, found in values.items() if name in self._expected},
            others={name: found for name, found in values.items() if name not in self._expected},
            last_evaluated_key=key_for_client(page.LastEvaluatedKey),
            read_units=page.ConsumedCapacity.CapacityUnits if page.ConsumedCapacity else 0.0,
        )


def _struct_of(kind: str) -> type:
    fields = [(kind, _TYPES[kind], None), ("NULL", bool, None)]
    return msgspec.defstruct(f"Only{kind}", fields, frozen=True, gc=False, forbid_unknown_fields=True)


_STRUCTS = {kind: _struct_of(kind) for kind in _TYPES}


def _can_be_field(attribute: str) -> bool:
    # msgspec compares a field's name with the bytes of the JSON, so a name that JSON escapes can be none.
    return not any(character in '"\\' or ord(character) < 0x20 for character in attribute)


def _values(items: Sequence[Mapping[str, AttributeValue]], attribute: str) -> Values:
    return Values(None, [item.get(attribute) for item in items])


def _only(kind: str, values: Values) -> bool:
    return all(value is None or kind_of(value) in {kind, "NULL"} for value in values.parsed())


def key_for_client(key: dict[str, dict[str, Any]] | None) -> dict[str, Any] | None:
    """Return a cursor as the low-level client takes it: binary as bytes, which it encodes itself; None where empty."""
    if not key:
        return None
    return {name: value if "B" not in value else {"B": _from_base64(value["B"])} for name, value in key.items()}


def _from_base64(text: str) -> bytes:
    return msgspec.convert(text, bytes)
