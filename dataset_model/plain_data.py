"""Plain, possibly malformed data of a dataset file flows in; the mapping or the list of a field flows out."""

from collections.abc import Mapping
from typing import Any


def mapping_in(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """Return the mapping of a field; an empty one where the field holds something else."""
    value = data.get(field)
    return value if isinstance(value, Mapping) else {}


def list_in(data: Mapping[str, Any], field: str) -> list[Any]:
    """Return the list of a field; an empty one where the field holds something else."""
    value = data.get(field)
    return list(value) if isinstance(value, list | tuple) else []
