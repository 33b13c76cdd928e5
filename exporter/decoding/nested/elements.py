"""A response with items flows in; a response with an item for each element of one of their lists flows out.

The made item has the attributes of its item but the list, the element's members as `messages[*].role`, an element that
is no map as `messages[*]`, and its number as `messages[#]`. An item without elements becomes one with the number 0, so
that its day is read and it is counted. Values stay the bytes that DynamoDB sent, so every way of decoding reads them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from dataset_model.columns.attribute_paths import ELEMENT, NUMBER
from exporter.native.library import ElementParts, Library

Members = dict[str, msgspec.Raw]
Element = Members | msgspec.Raw
"""The members of a map, or another value as it was sent."""


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

    def __init__(self, attribute: str, columns: Collection[str], library: Library | None) -> None:
        """`columns` are the attributes that every row needs; others are in an item's first alone: items may be long."""
        self.attribute = attribute
        self._columns = columns
        self.number = f"{attribute}{NUMBER}"
        """The attribute with an element's number in the list, from 1."""
        self._element = f"{attribute}{ELEMENT}"
        self._library = library
        before, after = b"{" + msgspec.json.encode(self.number) + b':{"N":"', b'"}'
        self._parts = ElementParts.of(before, after, msgspec.json.encode(f"{self._element}.")[1:-1])
        self._form = before.replace(b"%", b"%%") + b"%d" + after + b"%b%b}"
        """A made item of its number, its item's attributes and its element's."""
        self._plain = _as_form(msgspec.json.encode(self._element))
        self._forms: dict[tuple[str, ...], bytes] = {}
        """Prefix and names of members -> their JSON, with a place for each value."""

    def explode(self, body: bytes) -> Exploded:
        """Return a response with an item for each element; raise msgspec.DecodeError where it is no response."""
        response = _response.decode(body)
        made: list[bytes | memoryview] = []
        origins: list[int] = []
        numbers: list[int] = []
        refused: dict[int, str] = {}
        plain: dict[int, str] = {}
        for place, whole in enumerate(response.Items):
            item, listed, reason = self._taken_apart(whole)
            first = len(origins)
            common = self._text(item)
            rest = self._text({name: item[name] for name in item if name in self._columns})
            done = self._compiled(listed, common, rest) if listed is not None else None
            if done is None:
                elements: list[Element] = []
                if listed is not None:
                    elements, reason = self._listed(listed)
                if reason is not None:
                    refused[first] = f"{self.attribute}: {reason}"
                for row, element in enumerate(elements):
                    if isinstance(element, msgspec.Raw):
                        plain[first + row] = next(iter(_tags.decode(element)), "nothing")
                done = self._made(elements, common, rest), len(elements)
            text, count = done
            made.append(text)
            origins += [place] * (count or 1)
            numbers += range(1, count + 1) if count else (0,)
        head = b'{"LastEvaluatedKey":%b,"ConsumedCapacity":%b,"Items":['
        parts = head % (response.LastEvaluatedKey, response.ConsumedCapacity), b",".join(made), b"]}"
        return Exploded(b"".join(parts), origins, numbers, refused, plain)

    def _compiled(self, listed: msgspec.Raw, common: bytes, rest: bytes) -> tuple[bytes | memoryview, int] | None:
        """Return the made items of one item and their number; None where they are to be made in Python."""
        if self._library is None:
            return None
        found = self._library.elements(bytes(listed), self._parts, common, rest)
        return found if found is None or found[1] else (self._made([], common, rest), 0)

    def _made(self, elements: list[Element], common: bytes, rest: bytes) -> bytes:
        """Return the made items of one item: one for each element, or one with the number 0."""
        if not elements:
            return self._form % (0, common, b"")
        form, text = self._form, self._element_text
        return b",".join(
            [
                form % (number, rest if number > 1 else common, text(element))
                for number, element in enumerate(elements, 1)
            ]
        )

    def _taken_apart(self, item: Members) -> tuple[Members, msgspec.Raw | None, str | None]:
        """Return an item without its list, the list, and why the item is not readable."""
        listed = item.pop(self.attribute, None)
        made = [name for name in item if self._is_made(name)]
        if made:
            others = {name: value for name, value in item.items() if name not in made}
            return others, None, f"{made[0]!r} is the name of an element's value"
        return item, listed, None

    def _listed(self, listed: msgspec.Raw) -> tuple[list[Element], str | None]:
        """Return each element, and why the list is not readable."""
        try:
            found = _list.decode(listed)
        except msgspec.ValidationError:
            return [], f"expected a list; found {next(iter(_tags.decode(listed)), 'nothing')}"
        return self._elements(found.L, listed) if found.L else [], None

    def _elements(self, elements: list[_Element], listed: msgspec.Raw) -> list[Element]:
        if all(element.M is not None for element in elements):
            return [element.M or {} for element in elements]
        return [
            ({} if element.NULL else whole) if element.M is None else element.M
            for element, whole in zip(elements, _raw_list.decode(listed).L, strict=True)
        ]

    def _element_text(self, element: Element) -> bytes:
        if isinstance(element, msgspec.Raw):
            return self._plain % element
        return self._text(element, f"{self._element}.")

    def _text(self, values: Members, prefix: str = "") -> bytes:
        """Return members as JSON, with a comma before each."""
        names = (prefix, *values)
        form = self._forms.get(names)
        if form is None:
            form = b"".join(_as_form(msgspec.json.encode(prefix + name)) for name in values)
            if len(self._forms) < _KNOWN_FORMS:
                self._forms[names] = form
        return form % tuple(values.values())

    def _is_made(self, name: str) -> bool:
        return name.startswith(self._element) or name == self.number


def _as_form(name: bytes) -> bytes:
    return b"," + name.replace(b"%", b"%%") + b":%b"


_KNOWN_FORMS = 1024
"""Most sets of names that are kept: items may make up their own."""
