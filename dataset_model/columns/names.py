"""Attribute names to column names: lower case, ASCII, unique, and the same for ever."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated

from pydantic import Field

from dataset_model.targets.partitions import PARTITION_COLUMNS

NAME_PATTERN = r"^[a-z_][a-z0-9_]{0,127}$"

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Legal in Glue, Athena and S3 alike."""

MAX_LENGTH = 255
"""Glue's limit on a column name."""

_OUTSIDE = re.compile(r"[^a-z0-9_]")


def column_name(attribute: str) -> str:
    """Return the column name of an attribute if no other attribute has that name.

    Lower case; every character outside `[a-z0-9_]` becomes `_`; cut at 255 characters.
    """
    return _OUTSIDE.sub("_", attribute.lower())[:MAX_LENGTH]


def reserved_names(extra_date_column: str | None) -> frozenset[str]:
    """Return the names that no attribute's column may take: the partition columns and the extra date column."""
    return frozenset(PARTITION_COLUMNS) | ({extra_date_column} if extra_date_column else set())


def assign_names(
    attributes: Iterable[str], assigned: Mapping[str, str] | None = None, reserved: Collection[str] = PARTITION_COLUMNS
) -> dict[str, str]:
    """Return attribute -> column name for `assigned` and `attributes`, keeping every assignment already made.

    A name that is reserved or taken gets `_2`, `_3` and so on, in the order in which attributes are given.
    """
    names = dict(assigned or {})
    taken = set(names.values()) | set(reserved)
    for attribute in attributes:
        if attribute not in names:
            names[attribute] = _free(column_name(attribute), taken)
            taken.add(names[attribute])
    return names


def _free(wanted: str, taken: Collection[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while (name := f"{wanted[: MAX_LENGTH - len(str(number)) - 1]}_{number}") in taken:
        number += 1
    return name
