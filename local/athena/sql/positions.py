"""Where a name stands in a statement, as error messages give it."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import TokenError


def position_of(sql: str, name: str) -> str:
    """Return `line 1:8` for the first token that spells `name`, or the statement's start."""
    try:
        found = sqlglot.tokenize(sql, read="athena")
    except TokenError:
        return "line 1:1"
    wanted = name.lower()
    token = next((token for token in found if token.text.lower() == wanted), None)
    if token is None:
        return "line 1:1"
    return position_at(sql, token.start)


def position_at(sql: str, start: int) -> str:
    """Return `line 1:8` for a place in a statement."""
    return f"line {sql.count(chr(10), 0, start) + 1}:{start - sql.rfind(chr(10), 0, start)}"
