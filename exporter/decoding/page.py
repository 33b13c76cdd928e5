"""The bytes of a Query response flow in; one list of values per attribute flows out.

Most pages hold what the schema expects: the compiled scanner takes them from bytes to columns. Where it is not built,
or declines a page, msgspec decodes the response into structs made for it: a field per attribute, one DynamoDB type
each. A page with anything else (an undeclared attribute, a value of another type) fits neither, is read again as
values of any kind, and what is expected is widened by what was found. All three ways give equal values.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from dataset_model.columns.types import TYPES, ColumnType
from exporter.decoding.page_values import ANY, Page, Values
from exporter.native.library import Column, Form, Library, Plan, ScannedPage
from exporter.values.attribute_values import AttributeValue, kind_of

MAX_OTHERS = 256
"""With more undeclared attributes than this a struct costs more than a dict: items make up their own names."""

_TYPES: dict[str, type] = {"S": str, "N": str, "BOOL": bool}
_ARROW: dict[str, pa.DataType] = {"S": pa.string(), "N": pa.string(), "BOOL": pa.bool_()}
_DOCUMENTS = frozenset({"M", "L"})
_FINISHED = {(row.name, row.dynamo): Form[row.finished] for row in TYPES.values() if row.finished}


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
        self,
        expected: Mapping[str, str | None],
        types: Mapping[str, ColumnType],
        library: Library | None,
        learnt: Collection[str] = (),
    ) -> None:
        """`types` are those of attributes that become a column and nothing else: they may leave as `finished`.

        `learnt` are the kinds in which other attributes may leave, where all values of a page have the same. NULL is
        null then, as it is where a kind is expected.
        """
        self._expected = dict(expected)
        self._types = types
        self._library = library
        self._learnt = frozenset(learnt)
        self._others: dict[str, str | None] = {}
        self._corrected: set[str] = set()
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
        fields = self._expected | self._others
        ways: list[_ScannedPages | _TypedPages] = []
        if len(self._others) <= MAX_OTHERS:
            if self._library is not None:
                ways.append(_ScannedPages(self._library, self._expected, self._others, self._types))
            if all(_can_be_field(name) for name in fields):
                ways.append(_TypedPages(self._expected, self._others))
        self._ways = tuple(ways)

    def _read_any(self, body: bytes) -> Page:
        page = _any_page.decode(body)
        found = {name: _values(page.Items, name) for name in self._expected}
        others = sorted({name for item in page.Items for name in item} - self._expected.keys())
        found_others = {name: _values(page.Items, name) for name in others}
        if self._learns_from(found, found_others) and self._learnt:
            for way in self._ways:
                if (again := way.read(body)) is not None:
                    return again
        return Page(
            items=len(page.Items),
            expected=found,
            others=found_others,
            last_evaluated_key=key_for_client(page.LastEvaluatedKey),
            read_units=page.ConsumedCapacity.CapacityUnits if page.ConsumedCapacity else 0.0,
        )

    def _learns_from(self, expected: Mapping[str, Values], others: Mapping[str, Values]) -> bool:
        """Widen what is expected by what a page holds; return whether that has changed anything."""
        mixed = self._corrected_kinds(self._expected, expected)
        changed = self._corrected_kinds(self._others, others)
        if len(self._others) <= MAX_OTHERS:
            changed |= {name: self._learnt_kind(found) for name, found in others.items() if name not in self._others}
        if not mixed and not changed:
            return False
        self._expected = self._expected | mixed
        self._others = self._others | changed
        self._prepare()
        return True

    def _corrected_kinds(self, kinds: Mapping[str, str | None], found: Mapping[str, Values]) -> dict[str, str | None]:
        """Return the kinds to expect instead of those that are wrong for a page: what it holds, but only once."""
        wrong = {name for name, values in found.items() if (kind := kinds.get(name)) and not _only(kind, values)}
        corrected = {name: None if name in self._corrected else self._learnt_kind(found[name]) for name in wrong}
        self._corrected |= wrong
        return corrected

    def _learnt_kind(self, values: Values) -> str | None:
        """Return the kind that all values have, if they may leave in it; they have none where all are NULL."""
        kinds = {kind_of(value) for value in values.parsed() if value is not None} - {"NULL"}
        return kinds.pop() if len(kinds) == 1 and kinds <= self._learnt else None


class _ScannedPages:
    """Reads pages that hold nothing but what is expected, compiled; None for the others."""

    def __init__(
        self,
        library: Library,
        expected: Mapping[str, str | None],
        others: Mapping[str, str | None],
        types: Mapping[str, ColumnType],
    ) -> None:
        self._expected = frozenset(expected)
        columns = [_column(attribute, kind, types.get(attribute)) for attribute, kind in expected.items()]
        self._columns = [*columns, *(_other_column(attribute, kind) for attribute, kind in others.items())]
        self._plan = Plan(library, self._columns)

    def read(self, body: bytes) -> Page | None:
        scanned = self._plan.scan(body)
        return None if scanned is None else self._page(scanned)

    def _page(self, scanned: ScannedPage) -> Page:
        values: dict[str, Values] = {}
        finished: dict[str, pa.Array] = {}
        for column, (form, array) in zip(self._columns, scanned.columns, strict=True):
            if form is Form.RAW:
                values[column.attribute] = Values(ANY, array)
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


def _other_column(attribute: str, kind: str | None) -> Column:
    form = Form.DOCUMENT if kind in _DOCUMENTS else {None: Form.RAW, "BOOL": Form.BOOLEAN}.get(kind, Form.TEXT)
    return Column(attribute, form, kind)


class _TypedPages:
    """Reads pages that hold nothing but what is expected, by msgspec; None for the others."""

    def __init__(self, expected: Mapping[str, str | None], others: Mapping[str, str | None]) -> None:
        self._kinds = dict(expected) | {name: kind if kind in _TYPES else None for name, kind in others.items()}
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
