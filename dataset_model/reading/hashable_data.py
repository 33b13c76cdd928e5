"""Possibly malformed data of a file flows in; equal data with hashable lists and mappings flows out.

A file may have a list or a mapping in the place of a word; then `kind in {"line", "bar"}` would raise TypeError.
"""

from typing import Any


class _Entries(list[Any]):
    __hash__ = object.__hash__  # type: ignore[assignment]


class _Fields(dict[Any, Any]):
    __hash__ = object.__hash__  # type: ignore[assignment]


def hashable(value: Any) -> Any:
    """Return an equal copy with lists and mappings that can be looked up in a set, which holds none of them."""
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
