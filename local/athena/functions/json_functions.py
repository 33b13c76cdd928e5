"""json_exists, json_value and json_query: a path, and what happens where it finds nothing or fails."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from local.athena.functions.errors import FunctionError
from local.athena.functions.json_path import JsonPath, PathError, PathSyntaxError, json_path

_DEFAULT = re.compile(r"\bDEFAULT\s+('(?:[^']|'')*'|\S+)\s+ON\s+(EMPTY|ERROR)", re.IGNORECASE)
_ON = re.compile(r"\b(NULL|ERROR|TRUE|FALSE|UNKNOWN|EMPTY ARRAY|EMPTY OBJECT)\s+ON\s+(EMPTY|ERROR)", re.IGNORECASE)


class _NotJson(Exception):
    """The input is no JSON document."""


def json_exists(text: str | None, path: str, options: str) -> bool | None:
    """Whether the path finds anything."""
    if text is None:
        return None
    try:
        return bool(_found(text, path))
    except (PathError, _NotJson) as error:
        choice = _behaviour(options, "ERROR", "FALSE")
        if choice == "ERROR":
            raise _failed(error) from None
        return {"TRUE": True, "FALSE": False}.get(choice)


def json_value(text: str | None, path: str, options: str) -> str | None:
    """The one scalar that the path finds, as text."""
    if text is None:
        return None
    try:
        found = _found(text, path)
        value = _one_scalar(found) if found else None
    except (PathError, _NotJson) as error:
        return _otherwise(options, "ERROR", _failed(error))
    return value if found else _otherwise(options, "EMPTY", _nothing("JSON_VALUE_RESULT_ERROR"))


def json_query(text: str | None, path: str, options: str) -> str | None:
    """What the path finds, as JSON text; several items need a wrapper."""
    if text is None:
        return None
    words = options.upper()
    try:
        found = _found(text, path)
        result = _wrapped(found, words) if found else None
    except (PathError, _NotJson) as error:
        return _otherwise(options, "ERROR", _failed(error))
    if not found:
        return _otherwise(options, "EMPTY", _nothing("JSON_QUERY_RESULT_ERROR"))
    is_bare = "OMIT QUOTES" in words and isinstance(result, str)
    return result if is_bare else json_text(result)


def _one_scalar(found: list[Any]) -> str | None:
    if len(found) > 1 or isinstance(found[0], dict | list):
        raise PathError("the path leads to several items, or to an array or object")
    return _scalar(found[0])


def _wrapped(found: list[Any], words: str) -> Any:
    is_wrapped = "WRAPPER" in words and "WITHOUT" not in words
    if is_wrapped and "CONDITIONAL" in words:
        is_wrapped = not (len(found) == 1 and isinstance(found[0], dict | list))
    if not is_wrapped and len(found) > 1:
        raise PathError("the path leads to several items")
    return found if is_wrapped else found[0]


def _nothing(name: str) -> FunctionError:
    return FunctionError(name, "the path leads to no item")


def json_text(value: Any) -> str:
    """Write JSON as Trino does: without blanks, members in their order, numbers as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_exact)


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def _found(text: str, path: str) -> list[Any]:
    ready = _path(path)
    try:
        document = json.loads(text, parse_float=Decimal)
    except ValueError:
        raise _NotJson(text) from None
    return ready.follow(document)


@lru_cache(maxsize=256)
def _path(text: str) -> JsonPath:
    try:
        return json_path(text)
    except PathSyntaxError as error:
        raise FunctionError("INVALID_PATH", f"invalid JSON path: {text}: {error}") from None


def _behaviour(options: str, case: str, default: str) -> str:
    return next((found[1].upper() for found in _ON.finditer(options) if found[2].upper() == case), default)


def _otherwise(options: str, case: str, error: FunctionError) -> str | None:
    given = next((found[1] for found in _DEFAULT.finditer(options) if found[2].upper() == case), None)
    if given is not None:
        return given[1:-1].replace("''", "'") if given.startswith("'") else given
    choice = _behaviour(options, case, "NULL")
    if choice == "ERROR":
        raise error
    return {"EMPTY ARRAY": "[]", "EMPTY OBJECT": "{}"}.get(choice)


def _failed(error: Exception) -> FunctionError:
    if isinstance(error, _NotJson):
        return FunctionError("JSON_INPUT_CONVERSION_ERROR", "conversion to JSON failed")
    return FunctionError("PATH_EVALUATION_ERROR", f"path evaluation failed: {error}")


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
