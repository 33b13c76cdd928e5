"""Possibly malformed data of a file flow in; the same data, of which any part may be looked for in a set, flow out.

Where a file has a list or a mapping instead of a word, `kind in {"line", "bar"}` would raise TypeError.
"""

from typing import Any


class _Entries(list[Any]):
    __hash__ = object.__hash__  # type: ignore[assignment]


class _Fields(dict[Any, Any]):
    __hash__ = object.__hash__  # type: ignore[assignment]


def askable(value: Any) -> Any:
    """Return a copy that is equal and reads the same, with lists and mappings that are equal to no word."""
    return _copied(value, {})


def _copied(value: Any, done: dict[int, Any]) -> Any:
    if not isinstance(value, dict | list | tuple):
        return value
    if id(value) not in done:  # an anchor of YAML is one part in many places
        if isinstance(value, dict):
            done[id(value)] = _Fields({name: _copied(part, done) for name, part in value.items()})
        else:
            done[id(value)] = _Entries(_copied(part, done) for part in value)
    return done[id(value)]
