"""json_exists, json_value, json_query and json_array with their clauses, which the parser does not read.

Each call is rewritten in the text, before it is parsed: `json_value(a, 'lax $.b' RETURNING integer)` becomes
`trino_json_value(a, 'lax $.b', 'RETURNING integer')`, and `cast_to_returned` gives its result the type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local.athena.sql.macro_calls import call

_WITH_PATH = ("json_exists", "json_value", "json_query")
_NULLS = ("NULL ON NULL", "ABSENT ON NULL")
_RETURNING = re.compile(r"\bRETURNING\s+([a-z]+(?:\s*\([\d\s,]+\))?)", re.IGNORECASE)


def with_plain_json_calls(sql: str) -> str:
    """Return the statement with these calls as plain ones; the statement itself where it has none."""
    if "json_" not in sql.lower():
        return sql
    try:
        found = list(sqlglot.tokenize(sql, read="athena"))
    except TokenError:
        return sql
    # From the end, so that inner calls are rewritten before the ones around them and positions stay true.
    for at in reversed(range(len(found) - 1)):
        name = found[at].text.lower()
        if found[at + 1].token_type != TokenType.L_PAREN:
            continue
        end = _closing(found, at + 1)
        if end is None:
            continue
        inside = found[at + 2 : end]
        if name in _WITH_PATH:
            sql = _with_options(sql, name, found[at], inside, found[end])
        elif name == "json_array":
            sql = _array(sql, found[at], inside, found[end])
        else:
            continue
        try:
            found = list(sqlglot.tokenize(sql, read="athena"))
        except TokenError:
            return sql
    return sql


def _closing(found: Sequence[Token], opening: int) -> int | None:
    depth = 0
    for at in range(opening, len(found)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(found[at].token_type, 0)
        if depth == 0:
            return at
    return None


def _with_options(sql: str, name: str, word: Token, inside: Sequence[Token], closing: Token) -> str:
    path = _path(inside)
    if path is None:
        return sql
    options = sql[path.end + 1 : closing.start].strip()
    if options.startswith(","):
        return sql
    quoted = options.replace("'", "''")
    return f"{sql[: word.start]}trino_{name}{sql[word.end + 1 : path.end + 1]}, '{quoted}'{sql[closing.start :]}"


def _path(inside: Sequence[Token]) -> Token | None:
    """Return the path: the text after the first comma that is the call's own."""
    depth = 0
    for at, token in enumerate(inside[:-1]):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth == 0 and token.token_type == TokenType.COMMA:
            return inside[at + 1] if inside[at + 1].token_type == TokenType.STRING else None
    return None


def _array(sql: str, word: Token, inside: Sequence[Token], closing: Token) -> str:
    content = sql[word.end + 1 : closing.start].rstrip()
    clause = next((words for words in _NULLS if _ends_with(inside, words)), None)
    if clause is not None:
        content = content[: inside[-3].start - word.end - 1].rstrip()
    name = "trino_json_array" if clause == "NULL ON NULL" else "trino_json_array_without_nulls"
    return f"{sql[: word.start]}{name}{content}{sql[closing.start :]}"


def _ends_with(inside: Sequence[Token], words: str) -> bool:
    return [token.text.upper() for token in inside[-3:]] == words.split()


def cast_to_returned(arguments: list[exp.Expr]) -> exp.Expr:
    """Return the call of json_value, with the type that its RETURNING names."""
    value = call("trino_json_value", *arguments)
    returned = _RETURNING.search(arguments[-1].name)
    return exp.cast(value, exp.DataType.build(returned[1], dialect="athena")) if returned else value
