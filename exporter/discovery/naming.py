"""Table and attribute names flow in; snake_case names and titles for people flow out."""

import re
from collections.abc import Iterable
from itertools import chain, count

from dataset_model.columns.names import column_name, reserved_names

_LONGEST_NAME = 128
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """Return a name in snake_case that a dataset file accepts: `customerId` and `CustomerID` are `customer_id`."""
    return _legal(column_name(_WORD_STARTS.sub("_", name)))


def column_names(attributes: Iterable[str]) -> dict[str, str]:
    """Return attribute -> snake_case column name; a name that is reserved or taken gets `_2`, `_3` and so on."""
    names: dict[str, str] = {}
    taken = set(reserved_names(None))
    for attribute in attributes:
        wanted = snake_case(attribute)
        numbered = (f"{wanted[: _LONGEST_NAME - 4]}_{number}" for number in count(2))
        names[attribute] = next(name for name in chain([wanted], numbered) if name not in taken)
        taken.add(names[attribute])
    return names


def plain_column_name(attribute: str) -> str:
    """Return the name that an undeclared attribute's column already has where it is published."""
    return _legal(column_name(attribute))


def title(name: str) -> str:
    """Return a snake_case name as words: `agent_name` is `Agent name`."""
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def _legal(name: str) -> str:
    return (name if re.match(r"[a-z_]", name) else f"_{name}")[:_LONGEST_NAME]
