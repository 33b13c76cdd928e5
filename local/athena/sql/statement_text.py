"""Statements as text: comments taken out, names and quoted literals read."""

from __future__ import annotations

import re

from local.athena.catalog.column_types import split_outside_brackets

_QUOTED_OR_COMMENT = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`)|--[^\n]*|/\*.*?\*/""", re.DOTALL)

# A name, plain or quoted, with up to two qualifiers.
NAME = r'((?:[`"][^`"]+[`"]|[\w$]+)(?:\s*\.\s*(?:[`"][^`"]+[`"]|[\w$]+)){0,2})'


def without_comments(sql: str) -> str:
    """Return the statement without comments, closing semicolons and surrounding space."""
    bare = _QUOTED_OR_COMMENT.sub(lambda found: found[1] or " ", sql)
    return bare.strip().rstrip(";").strip()


def split_name(text: str, database: str) -> tuple[str, str]:
    """Return database and table of a name, in lower case."""
    parts = [part.strip().strip('`"').lower() for part in text.split(".")]
    return (parts[-2] if len(parts) > 1 else database.lower()), parts[-1]


def literal(text: str) -> str:
    """Return the text inside a quoted literal."""
    bare = text.strip()
    return bare[1:-1].replace("''", "'") if bare[:1] in "'\"" else bare


def properties(text: str) -> dict[str, str]:
    """Read `'a'='b', 'c'='d'`, the inside of TBLPROPERTIES and WITH."""
    pairs = (piece.partition("=") for piece in split_outside_brackets(text))
    return {literal(name): literal(value) for name, _, value in pairs}


def bracketed(text: str, start: int) -> tuple[str, int]:
    """Return what stands between the bracket at or after `start` and its partner, and the position behind it."""
    opening = text.index("(", start)
    depth, quote = 0, ""
    for position in range(opening, len(text)):
        char = text[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return text[opening + 1 : position], position + 1
    raise ValueError(f"no closing bracket after position {opening}")
