"""Athena's SQL read into trees, and literals put in the place of question marks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local.athena.errors import SYNTAX, QueryError, RequestError
from local.athena.sql.json_calls import with_plain_json_calls


def tokens(sql: str) -> list[Token]:
    """Split a statement into tokens, refusing what cannot be split."""
    try:
        return list(sqlglot.tokenize(sql, read="athena"))
    except TokenError as error:
        raise RequestError(f"line 1:1: {_plain(error)}", reason="MALFORMED_QUERY") from error


def parse(sql: str) -> exp.Expr:
    """Read one query; text that is no query is refused with its position, as by the service."""
    try:
        found = sqlglot.parse(_with_sized_decimals(with_plain_json_calls(sql)), read="athena")
    except (ParseError, TokenError) as error:
        raise RequestError(_mismatch(error), reason="MALFORMED_QUERY") from error
    trees = [tree for tree in found if tree is not None]
    if len(trees) != 1:
        raise RequestError("Only one sql statement is allowed. Got: " + sql.strip(), reason="MALFORMED_QUERY")
    return trees[0]


def _mismatch(error: ParseError | TokenError) -> str:
    details = getattr(error, "errors", None) or [{}]
    line, column, word = details[0].get("line"), details[0].get("col"), details[0].get("highlight")
    if not line:
        return f"line 1:1: {_plain(error)}"
    start = max(1, (column or 1) - len(word or ""))
    return f"line {line}:{start}: mismatched input '{word}'. Expecting: <query>"


def _plain(error: Exception) -> str:
    return re.sub(r"\x1b\[\d*m", "", str(error)).split("\n")[0]


def _with_sized_decimals(sql: str) -> str:
    """Give `DECIMAL '1.50'` the size that its digits have; the parser would make it a cast to the default size."""
    if "decimal" not in sql.lower():
        return sql
    out, end = [], 0
    found = tokens(sql)
    for word, literal in itertools.pairwise(found):
        if word.token_type == TokenType.DECIMAL and literal.token_type == TokenType.STRING:
            digits = re.sub(r"[^\d.]", "", literal.text)
            scale = len(digits.partition(".")[2])
            precision = max(len(digits.replace(".", "").lstrip("0")), scale, 1)
            out.append(f"{sql[end : word.start]}CAST('{literal.text}' AS DECIMAL({precision},{scale}))")
            end = literal.end + 1
    return "".join(out) + sql[end:]


def with_parameters(tree: exp.Expr, parameters: Sequence[str]) -> exp.Expr:
    """Put SQL literals in the place of question marks, in order."""
    marks = [node for node in tree.find_all(exp.Placeholder, bfs=False) if not node.args.get("this")]
    if len(marks) != len(parameters):
        raise QueryError(
            f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected {len(marks)} but found "
            f"{len(parameters)}",
            SYNTAX,
        )
    for mark, text in zip(_in_text_order(marks), parameters, strict=True):
        mark.replace(exp.Paren(this=parse_value(text)))
    return tree


def _in_text_order(marks: list[exp.Placeholder]) -> list[exp.Placeholder]:
    positions = [mark.meta.get("start", index) for index, mark in enumerate(marks)]
    return [mark for _, mark in sorted(zip(positions, marks, strict=True), key=lambda pair: pair[0])]


def parse_value(text: str) -> exp.Expr:
    """Read one parameter: a SQL literal, or bare text, which Athena takes as a string."""
    try:
        found = sqlglot.parse_one(_with_sized_decimals(text), read="athena")
    except (ParseError, TokenError):
        return exp.Literal.string(text)
    is_bare_name = isinstance(found, exp.Column) or not isinstance(found, exp.Expr)
    return exp.Literal.string(text) if is_bare_name else found
