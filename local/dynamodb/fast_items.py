"""Items leave moto several times as fast.

moto writes every answer through one general serializer that looks for each member of each shape under every name it
might have. For an AttributeValue that is ten members with several names each, on every attribute of every item: nine
tenths of a Query. An AttributeValue already is the JSON that the protocol wants, except for bytes.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from moto.core import serialize
from moto.dynamodb.models.dynamo_type import DynamoType

_general = serialize.JSONSerializer._serialize_type_structure  # noqa: SLF001  (the method that is replaced)


def quicken() -> None:
    """Replace moto's way of writing AttributeValues in this process; calling it again changes nothing."""
    setattr(serialize.JSONSerializer, "_serialize_type_structure", _structure)  # noqa: B010  (a type checker objects)


def attribute_value(value: Any) -> Any:
    """Return an AttributeValue as moto holds it in the form that the JSON protocol wants."""
    if isinstance(value, DynamoType):
        return {value.type: _content(value.type, value.value)}
    return {kind: _content(kind, content) for kind, content in value.items()}


def _content(kind: str, content: Any) -> Any:
    return _WRITERS[kind](content) if kind in _WRITERS else content


def _base64(content: Any) -> Any:
    return b64encode(content).decode() if isinstance(content, bytes | bytearray) else content


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": str,
    "B": _base64,
    "M": lambda values: {name: attribute_value(value) for name, value in values.items()},
    "L": lambda values: [attribute_value(value) for value in values],
    "SS": lambda values: [str(value) for value in values],
    "NS": lambda values: [str(value) for value in values],
    "BS": lambda values: [_base64(value) for value in values],
}


def _structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue" and key and isinstance(value, dict | DynamoType):
        serialized[self.get_serialized_name(shape, key)] = attribute_value(value)
        return
    _general(self, serialized, value, shape, key)
