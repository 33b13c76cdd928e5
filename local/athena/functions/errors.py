"""How a function written in Python ends a query with one of Trino's errors."""

from __future__ import annotations

MARK = "trino-error"
"""Stands before the error in what DuckDB makes of the exception; `engine.failures` reads it."""


class FunctionError(Exception):
    """Ends the query: the error's name and Trino's words."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{MARK} {name}: {message}")


def fail(name: str, message: str) -> None:
    """End the query."""
    raise FunctionError(name, message)


def invalid_argument(message: str) -> FunctionError:
    """Return the error of an argument that a function refuses."""
    return FunctionError("INVALID_FUNCTION_ARGUMENT", message)
