"""What tests look for in a template: resources, statements of policies, and everything below a value."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


Rule = Callable[[Document], Iterator[str]]


def resources(document: Document, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and properties of the resources of some types."""
    for name, resource in document["Resources"].items():
        if not types or resource["Type"] in types:
            yield name, resource.get("Properties", {})


def nodes(value: Any) -> Iterator[Any]:
    """Yield every mapping, list and scalar below a value."""
    yield value
    if isinstance(value, Mapping):
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def statements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every statement of every policy below a value, both branches of an `If` included."""
    for node in nodes(value):
        if isinstance(node, Mapping) and "Effect" in node:
            yield node


def listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]
