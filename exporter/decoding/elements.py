"""A response with items flows in; a response with an item for each element of one of their lists flows out.

The made item has the attributes of its item but the list, the element's members as `messages[*].role`, an element that
is no map as `messages[*]`, and its number as `messages[#]`. An item without elements becomes one with the number 0, so
that its day is read and it is counted. Values stay the bytes that DynamoDB sent, so every way of decoding reads them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from dataset_model import Dataset
from dataset_model.columns.attribute_paths import ELEMENT, NUMBER

Parts = list["bytes | msgspec.Raw"]


@dataclass(frozen=True)
class Exploded:
    """A response with an item for each element."""

    body: bytes
    origins: list[int]
    """For each made item, the place of its item in the response."""
    numbers: list[int]
    """For each made item, the number of its element; 0 where the item has none, or none that is readable."""
    refused: Mapping[int, str]
    """Made item -> why the list of its item is not readable."""
    plain: Mapping[int, str]
    """Made item with an element that is no map, and not NULL -> its type."""


def row_key(dataset: Dataset, table_key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the attributes that identify a row: the table's key, and an element's number where a row is one."""
    return (*table_key, f"{dataset.exploded}{NUMBER}") if dataset.exploded else table_key


class _Response(msgspec.Struct, gc=False):
    Items: list[dict[str, msgspec.Raw]] = []
    LastEvaluatedKey: msgspec.Raw = msgspec.Raw(b"null")
    ConsumedCapacity: msgspec.Raw = msgspec.Raw(b"null")


class _Element(msgspec.Struct, gc=False):
    M: dict[str, msgspec.Raw] | None = None
    NULL: bool | None = None


class _List(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    L: list[_Element] | None = None
    NULL: bool | None = None


class _RawList(msgspec.Struct, gc=False):
    L: list[msgspec.Raw] = []


_response = msgspec.json.Decoder(_Response)
_list = msgspec.json.Decoder(_List)
_raw_list = msgspec.json.Decoder(_RawList)
_tags = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Elements:
    """The elements of one list of each item."""

    def __init__(self, attribute: str, columns: Collection[str] | None) -> None:
        """`columns` are the attributes that a row needs; others are in an item's first alone. None: all are needed."""
        self.attribute = attribute
        self._columns = columns
        self.number = f"{attribute}{NUMBER}"
        """The attribute with an element's number in the list, from 1."""
        self._element = f"{attribute}{ELEMENT}"
        self._numbered = msgspec.json.encode(self.number) + b':{"N":"%d"}'
        self._element_name = msgspec.json.encode(self._element) + b":"
        self._names: dict[str, bytes] = {}
        """Attribute as JSON with its colon."""

    def explode(self, body: bytes) -> Exploded:
        """Return a response with an item for each element; raise msgspec.DecodeError where it is no response."""
        response = _response.decode(body)
        parts: Parts = [b'{"LastEvaluatedKey":', response.LastEvaluatedKey]
        parts += [b',"ConsumedCapacity":', response.ConsumedCapacity, b',"Items":[']
        origins: list[int] = []
        numbers: list[int] = []
        refused: dict[int, str] = {}
        plain: dict[int, str] = {}
        for place, whole in enumerate(response.Items):
            item, elements, reason = self._taken_apart(whole)
            if reason is not None:
                refused[len(origins)] = f"{self.attribute}: {reason}"
            common = self._members(item)
            for number, members in enumerate(elements or [[]], 1 if elements else 0):
                if number == _SECOND and self._columns is not None:
                    common = self._members({name: item[name] for name in item if name in self._columns})
                parts += [b",{" if origins else b"{", self._numbered % number, *common, *members, b"}"]
                if members and members[1] is self._element_name:
                    plain[len(origins)] = next(iter(_tags.decode(members[2])), "nothing")
                origins.append(place)
                numbers.append(number)
        parts.append(b"]}")
        return Exploded(b"".join(parts), origins, numbers, refused, plain)

    def _taken_apart(self, item: dict[str, msgspec.Raw]) -> tuple[dict[str, msgspec.Raw], list[Parts], str | None]:
        """Return an item without its list, the members of each element, and why the list is not readable."""
        listed = item.pop(self.attribute, None)
        made = [name for name in item if self._is_made(name)]
        if made:
            others = {name: value for name, value in item.items() if name not in made}
            return others, [], f"{made[0]!r} is the name of an element's value"
        if listed is None:
            return item, [], None
        try:
            found = _list.decode(listed)
        except msgspec.ValidationError:
            return item, [], f"expected a list; found {next(iter(_tags.decode(listed)), 'nothing')}"
        return item, self._elements(found.L, listed) if found.L else [], None

    def _elements(self, elements: list[_Element], listed: msgspec.Raw) -> list[Parts]:
        if all(element.M is not None for element in elements):
            return [self._members(element.M or {}, f"{self._element}.") for element in elements]
        raw = _raw_list.decode(listed).L
        return [
            self._members(element.M, f"{self._element}.")
            if element.M is not None
            else []
            if element.NULL
            else [b",", self._element_name, whole]
            for element, whole in zip(elements, raw, strict=True)
        ]

    def _members(self, values: Mapping[str, msgspec.Raw], prefix: str = "") -> Parts:
        parts: Parts = []
        for name, value in values.items():
            parts += [b",", self._name(prefix + name), value]
        return parts

    def _name(self, name: str) -> bytes:
        found = self._names.get(name)
        if found is None:
            found = msgspec.json.encode(name) + b":"
            if len(self._names) < _KNOWN_NAMES:
                self._names[name] = found
        return found

    def _is_made(self, name: str) -> bool:
        return name.startswith(self._element) or name == self.number


_SECOND = 2
_KNOWN_NAMES = 4096
"""Most names that are kept: items may make up their own."""
