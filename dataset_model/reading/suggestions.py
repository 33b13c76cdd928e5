"""The path of an unknown field flows in, what was expected there flows out: the nearest field of its level, or all."""

import difflib
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from dataset_model.definition import SOURCE_KINDS, Dataset
from dataset_model.faults import Path

_LONGEST = 128
"""A longer name is no misspelt field, and a comparison of it takes long."""


def known_field(path: Path) -> str:
    """Return what was expected instead of the last name of a path."""
    fields = _fields_at(tuple(part for part in path[:-1] if isinstance(part, str)))
    name = str(path[-1])
    close = difflib.get_close_matches(name, fields, n=1) if len(name) <= _LONGEST else []
    return f"a known field (did you mean {close[0]}?)" if close else f"a known field: {', '.join(fields)}"


@cache
def _fields_at(names: tuple[str, ...]) -> tuple[str, ...]:
    model: type[BaseModel] = Dataset
    if names[:1] == ("source",) and len(names) > 1:
        model, names = SOURCE_KINDS[names[1]], names[2:]
    for name in names:
        field = model.model_fields.get(name)
        model = (_model_in(field.annotation) if field else None) or model
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
