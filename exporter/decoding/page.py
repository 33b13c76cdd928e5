"""The bytes of a Query response flow in; one list of values per attribute flows out.

Most pages hold what the schema expects: the compiled scanner takes them from bytes to columns. Where it is not built,
or declines a page, msgspec decodes the response into structs made for it: a field per attribute, one DynamoDB type
each. A page with anything else (an undeclared attribute, a value of another type) fits neither, is read again as
values of any kind, and what is expected is widened by what was found. All three ways give equal values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from dataset_model.columns.types import TYPES, ColumnType
from exporter.native.library import Column, Form, Library, Plan, ScannedPage
from exporter.values.attribute_values import AttributeValue, kind_of, tagged, values_from_texts

MAX_OTHERS = 256
"""With more undeclared attributes than this a struct costs more than a dict: items make up their own names."""

_TYPES: dict[str, type] = {"S": str, "N": str, "BOOL": bool}
_ARROW: dict[str, pa.DataType] = {"S": pa.string(), "N": pa.string(), "BOOL": pa.bool_()}
_FINISHED = {(row.name, row.dynamo): Form[row.finished] for row in TYPES.values() if row.finished}


@dataclass(frozen=True)
class Values:
    """One attribute's values in a page, in order; None where the item lacks it."""

    kind: str | None
    """S, N or BOOL: `cells` are an Arrow array of its plain values, and a NULL is null too. None: AttributeValues."""
    cells: Any

    def parsed(self) -> Sequence[AttributeValue | None]:
        """Return the values with their types."""
        if self.kind is None:
            values: Sequence[AttributeValue | None] = self.cells
            return values
        return tagged(self.kind, self.cells)

    @property
    def any(self) -> bool:
        """Whether an item has the attribute."""
        return self.count > 0

    @property
    def count(self) -> int:
        """How many items have the attribute."""
        if self.kind is None:
            return sum(cell is not None for cell in self.cells)
        return len(self.cells) - int(self.cells.null_count)

    def where(self, kept: Sequence[bool]) -> "Values":
        """Return the values of the items to keep."""
        if self.kind is None:
            return Values(None, list(compress(self.cells, kept)))
        return Values(self.kind, self.cells.filter(pa.array(kept, pa.bool_())))


@dataclass(frozen=True)
class Page:
    """One Query response."""

    items: int
    expected: Mapping[str, Values]
    """Every attribute that the reader was made for, except those that are finished."""
    others: Mapping[str, Values]
    """Other attributes met so far, of any kind; perhaps absent from this page."""
    last_evaluated_key: dict[str, Any] | None
    read_units: float
    finished: Mapping[str, pa.Array] = field(default_factory=dict)
    """Attributes with values that are already a column of their type, without contradictions and inexact doubles."""


class Capacity(msgspec.Struct, gc=False):
    """The consumed capacity of a response."""

    CapacityUnits: float = 0.0


class _AnyPage(msgspec.Struct, gc=False):
    Items: list[dict[str, AttributeValue]] = []
    LastEvaluatedKey: dict[str, dict[str, Any]] | None = None
    ConsumedCapacity: Capacity | None = None


class _RawItems(msgspec.Struct, gc=False):
    Items: list[msgspec.Raw] = []


_capacity = msgspec.json.Decoder(Capacity | None)
_key = msgspec.json.Decoder(dict[str, dict[str, Any]] | None)
_any_page = msgspec.json.Decoder(_AnyPage)
_raw_items = msgspec.json.Decoder(_RawItems)


def item_texts(body: bytes, positions: Iterable[int]) -> list[str]:
    """Return the items at these positions as compact DynamoDB JSON, however the response was spaced and escaped."""
    items = _raw_items.decode(body).Items
    return [msgspec.json.encode(msgspec.json.decode(items[position])).decode() for position in positions]


def texts_at_ends(body: bytes, attribute: str, kind: str, count: int) -> tuple[pa.StringArray, pa.StringArray]:
    """Return one attribute's texts in a response's first and last `count` items, null where it is of another kind."""
    items = _raw_items.decode(body).Items
    first, last = (
        [msgspec.json.decode(item).get(attribute, {}).get(kind) for item in part]
        for part in (items[:count], items[-count:])
    )
    return pa.array(first, pa.string()), pa.array(last, pa.string())


class PageReader:
    """Reads pages for the attributes expected, each with the kind that most of its values have (None: any)."""

    def __init__(
        self, expected: Mapping[str, str | None], types: Mapping[str, ColumnType], library: Library | None
    ) -> None:
        """`types` are those of attributes that become a column and nothing else: they may leave as `finished`."""
        self._expected = dict(expected)
        self._types = types
        self._library = library
        self._others: tuple[str, ...] = ()
        self._ways: tuple[_ScannedPages | _TypedPages, ...] = ()
        self._prepare()

    def read(self, body: bytes) -> Page:
        """Return a response's values; raise msgspec.DecodeError where the body is no Query response."""
        for way in self._ways:
            page = way.read(body)
            if page is not None:
                return page
        return self._read_any(body)

    def _prepare(self) -> None:
        fields = dict(self._expected) | dict.fromkeys(self._others)
        ways: list[_ScannedPages | _TypedPages] = []
        if len(self._others) <= MAX_OTHERS:
            if self._library is not None:
                ways.append(_ScannedPages(self._library, self._expected, self._others, self._types))
            if all(_can_be_field(name) for name in fields):
                ways.append(_TypedPages(self._expected, self._others))
        self._ways = tuple(ways)

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


class _ScannedPages:
    """Reads pages that hold nothing but what is expected, compiled; None for the others."""

    def __init__(
        self,
        library: Library,
        expected: Mapping[str, str | None],
        others: Iterable[str],
        types: Mapping[str, ColumnType],
    ) -> None:
        self._expected = frozenset(expected)
        kinds = dict(expected) | dict.fromkeys(others)
        self._columns = [_column(attribute, kind, types.get(attribute)) for attribute, kind in kinds.items()]
        self._plan = Plan(library, self._columns)

    def read(self, body: bytes) -> Page | None:
        scanned = self._plan.scan(body)
        return None if scanned is None else self._page(scanned)

    def _page(self, scanned: ScannedPage) -> Page:
        values: dict[str, Values] = {}
        finished: dict[str, pa.Array] = {}
        for column, (form, array) in zip(self._columns, scanned.columns, strict=True):
            if form is Form.RAW:
                values[column.attribute] = Values(None, values_from_texts(array.to_pylist()))
            elif form is Form.TEXT or column.attribute not in self._expected:
                values[column.attribute] = Values(column.kind, array)
            else:
                finished[column.attribute] = array
        capacity = _capacity.decode(scanned.consumed_capacity or b"null")
        return Page(
            items=scanned.rows,
            expected={name: found for name, found in values.items() if name in self._expected},
            others={name: found for name, found in values.items() if name not in self._expected},
            last_evaluated_key=key_for_client(_key.decode(scanned.last_evaluated_key or b"null")),
            read_units=capacity.CapacityUnits if capacity else 0.0,
            finished=finished,
        )


def _column(attribute: str, kind: str | None, column_type: ColumnType | None) -> Column:
    form = _FINISHED.get((column_type.name, kind)) if column_type else None
    if form is None or column_type is None:
        return Column(attribute, {None: Form.RAW, "BOOL": Form.BOOLEAN}.get(kind, Form.TEXT), kind)
    return Column(attribute, form, kind, column_type.precision or 0, column_type.scale or 0)


class _TypedPages:
    """Reads pages that hold nothing but what is expected, by msgspec; None for the others."""

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
                ("ConsumedCapacity", Capacity | None, None),
            ],
            gc=False,
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page)
        # One call per item for all its cells, turned into columns by zip, costs half of a call per cell. The last name
        # is there twice, because for a single name attrgetter returns no tuple.
        self._cells_of_item = attrgetter(*cells, cells[-1])

    def read(self, body: bytes) -> Page | None:
        try:
            page = self._decoder.decode(body)
        except msgspec.ValidationError:
            return None
        items = page.Items
        columns = zip(*map(self._cells_of_item, items), strict=True) if items else repeat(())
        values = {
            name: Values(kind, cells if kind is None else pa.array(cells, _ARROW[kind]))
            for (name, kind), cells in zip(self._kinds.items(), columns, strict=False)
        }
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
