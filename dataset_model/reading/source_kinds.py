"""`source.kind` flows in, one word or several; the reading that places items, and all ways in, flow out.

An index or a scan says where items are and on which day. A table export, incremental exports (`changes`) and a stream
are further ways to the same items: they are listed with one of the two, or imply the one of which the fields are there.
"""

from collections.abc import Mapping
from typing import Any, Literal

BaseKind = Literal["index", "scan"]
WayIn = Literal["index", "scan", "table_export", "changes", "stream"]

BASES: tuple[BaseKind, ...] = ("index", "scan")
WAYS_IN: tuple[WayIn, ...] = (*BASES, "table_export", "changes", "stream")


def kinds_in(value: Any) -> tuple[str, ...]:
    """Return the kinds that a value names: a word, words with commas as in a variable, or a list; the default is index.

    Anything else is returned as one kind that nothing knows.
    """
    if value is None:
        return ("index",)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    if isinstance(value, list | tuple):
        return tuple(part if isinstance(part, str) else repr(part) for part in value)
    return (repr(value),)


def are_ways_in(kinds: tuple[str, ...]) -> bool:
    """Return whether kinds are some of the ways in, each named once."""
    return bool(kinds) and set(kinds) <= set(WAYS_IN) and len(set(kinds)) == len(kinds)


def base_of(source: Mapping[str, Any]) -> BaseKind:
    """Return the reading that a source's kinds name first, or the one that its fields are of."""
    kinds = kinds_in(source.get("kind"))
    fields: BaseKind = "index" if "index" in source else "scan"
    return next((base for kind in kinds for base in BASES if kind == base), fields)
