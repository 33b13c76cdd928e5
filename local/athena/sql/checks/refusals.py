"""What DuckDB would run and Athena refuses: functions and types of other engines, operators, clauses.

The text is checked as tokens where the parser does not keep the spelling, and as a tree elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from local.athena.errors import SYNTAX, QueryError
from local.athena.sql.checks.names import FUNCTIONS, KEYWORDS, TYPES
from local.athena.sql.positions import position_at

_OPERATORS = {"::", "==", "//", "**", "<<", ">>", "&", "^", "~", "{", "^@", "&&"}
_WORDS = {"ILIKE", "QUALIFY", "PIVOT", "UNPIVOT", "ASOF", "POSITIONAL", "EXCLUDE"}
_ANGLES = (TokenType.LT, TokenType.GT)
_NEWLY_NAMED = {TokenType.R_PAREN, TokenType.ALIAS, TokenType.VAR, TokenType.IDENTIFIER}


def check_spelling(sql: str) -> None:
    """Fail, as Athena does, at the first token that its grammar has not, and at functions that it does not know."""
    try:
        found = list(sqlglot.tokenize(sql, read="athena"))
    except TokenError:
        return
    for at, token in enumerate(found):
        written = sql[token.start : token.end + 1]
        if written in _OPERATORS or written.startswith("`") or written.upper() in _WORDS:
            if written.upper() in _WORDS and not _is_clause(found, at):
                continue
            raise _refused("SYNTAX_ERROR", sql, token, f"mismatched input '{written}'")
        if token.text.upper() == "LIMIT" and [after.text.upper() for after in found[at + 2 : at + 3]] == ["OFFSET"]:
            raise _refused("SYNTAX_ERROR", sql, found[at + 2], "mismatched input 'OFFSET'. It stands before LIMIT")
        following = found[at + 1] if at + 1 < len(found) else None
        if following is not None and _are_no_pair(token, following):
            raise _refused("SYNTAX_ERROR", sql, following, f"mismatched input '{following.text}'")
        if at + 1 < len(found) and found[at + 1].token_type == TokenType.L_PAREN:
            _check_name(sql, found, at)
            if token.text.upper() in {"CAST", "TRY_CAST"}:
                _check_type(sql, found, at + 1)


def _are_no_pair(first: Token, second: Token) -> bool:
    """Whether two tokens never follow each other: two texts, `<<`."""
    texts = first.token_type == second.token_type == TokenType.STRING
    is_together = first.end + 1 == second.start
    return texts or (is_together and first.token_type == second.token_type and first.token_type in _ANGLES)


def _check_name(sql: str, found: Sequence[Token], at: int) -> None:
    token = found[at]
    name = token.text.lower()
    is_word = token.token_type == TokenType.VAR or token.text.replace("_", "").isalnum()
    if not is_word or token.token_type in (TokenType.STRING, TokenType.NUMBER) or name in FUNCTIONS | TYPES | KEYWORDS:
        return
    before = found[at - 1] if at else None
    if before is not None and (before.token_type in _NEWLY_NAMED or before.text.upper() in {"AS", "WITH", "RECURSIVE"}):
        return  # the name of a table with those of its columns
    if before is not None and before.token_type in (TokenType.DOT, TokenType.COMMA) and _names_a_query(found, at):
        return
    raise _refused("FUNCTION_NOT_FOUND", sql, token, f"Function '{name}' not registered")


def _check_type(sql: str, found: Sequence[Token], opening: int) -> None:
    depth = 0
    for place in range(opening, len(found) - 1):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(found[place].token_type, 0)
        if depth == 0:
            return
        if depth == 1 and found[place].text.upper() == "AS":
            kind = found[place + 1]
            if kind.text.lower() not in TYPES:
                raise _refused("TYPE_MISMATCH", sql, kind, f"Unknown type: {kind.text.lower()}")
            return


def _names_a_query(found: Sequence[Token], at: int) -> bool:
    """Whether `, name (a, b) AS (` is meant."""
    depth = 0
    for place in range(at + 1, len(found)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(found[place].token_type, 0)
        if depth == 0:
            return place + 1 < len(found) and found[place + 1].text.upper() == "AS"
    return False


def _is_clause(found: Sequence[Token], at: int) -> bool:
    return found[at].token_type not in (TokenType.IDENTIFIER, TokenType.STRING) and at > 0 and at + 1 < len(found)


def _refused(name: str, sql: str, token: Token, message: str) -> QueryError:
    return QueryError(f"{name}: {position_at(sql, token.start)}: {message}", SYNTAX)


def check_clauses(tree: exp.Expr) -> None:
    """Fail, as Athena does, at the first clause that only the parser knows."""
    for name, message in _clauses(tree):
        raise QueryError(f"{name}: line 1:1: {message}", SYNTAX)


def _clauses(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in tree.walk():
        if isinstance(node, exp.Star) and any(node.args.get(key) for key in ("except_", "except", "replace", "rename")):
            yield "SYNTAX_ERROR", "mismatched input after '*'. Athena has no EXCEPT, EXCLUDE or REPLACE of columns"
        elif isinstance(node, exp.Group) and node.args.get("all") and not node.expressions:
            yield "COLUMN_NOT_FOUND", "Column 'all' cannot be resolved"
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "SYNTAX_ERROR", "mismatched input 'ON'. Expecting: '*', <expression>"
        elif isinstance(node, exp.Join) and str(node.args.get("kind") or "").upper() in {"SEMI", "ANTI"}:
            yield "SYNTAX_ERROR", "mismatched input 'SEMI'"
        elif isinstance(node, exp.Join) and str(node.args.get("method") or "").upper() == "NATURAL":
            yield "NOT_SUPPORTED", "Natural join not supported"
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
            yield "SYNTAX_ERROR", "mismatched input '('. Use UNNEST, or TABLE() around a table function"
