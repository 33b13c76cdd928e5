"""The registry of derivations: names flow in, functions that compute a column from attributes flow out.

    @derivation("transcript.duration")
    def duration(attributes): ...

A derivation reads attribute values and returns one value; it is pure. A failure quarantines the item with the
derivation's name. Teams register their own in a module of theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.values.attribute_values import AttributeValue

Attributes = Mapping[str, AttributeValue]
"""The input attributes of one item that it has."""

Function = Callable[[Attributes], object]


@dataclass(frozen=True)
class Derivation:
    """A registered function."""

    name: str
    function: Function


_registered: dict[str, Derivation] = {}


def derivation(name: str) -> Callable[[Function], Function]:
    """Register a function under a name; raise ValueError if another function has the name."""

    def register(function: Function) -> Function:
        known = _registered.get(name)
        if known is not None and known.function is not function:
            raise ValueError(f"derivation {name} is registered twice: {known.function!r} and {function!r}")
        _registered[name] = Derivation(name, function)
        return function

    return register


def derivation_named(name: str) -> Derivation | None:
    """Return a registered derivation, or None."""
    return _registered.get(name)


def derivation_names() -> tuple[str, ...]:
    """Return the names of all registered derivations, sorted."""
    return tuple(sorted(_registered))
