"""SQL text to one parsed statement, and nodes of the tree back to where they stand in the text. Pure."""

import itertools
import logging
import re
from collections.abc import Sequence

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

from dashboard.errors import RefusedSql

DIALECT = "athena"

MOST_TOKENS = 20_000
DEEPEST = 60
"""Parentheses and CASEs within one another."""
DEEPEST_ARRAY = 8
"""Square brackets within one another: the parser's time doubles with each, to a minute at twenty."""

_OPENING = {TokenType.L_PAREN, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.END}

# The parser logs a warning for everything that it reads as an opaque command; here that is refused, with a reason.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


def one_statement(sql: str) -> exp.Expr:
    """Return the parsed statement of a text that holds exactly one; raise RefusedSql with the place of the fault."""
    tokens = _tokens(sql)
    first = _only_statement(sql, tokens)
    _check_depth(sql, first)
    _check_numbers(sql, first)
    try:
        tree = sqlglot.parse_one(sql[: first[-1].end + 1], read=DIALECT)
    except ParseError as error:
        raise _not_understood(sql, tokens, error) from None
    except RecursionError:
        raise RefusedSql("The statement is nested too deeply", mend="Split it with WITH.") from None
    _keep_decimals_exact(tree, first)
    return tree


def position(sql: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a place in a text."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def refusal(reason: str, sql: str, node: exp.Expr | None, mend: str = "") -> RefusedSql:
    """Return a refusal that points at where a node begins; at the beginning where that is not known."""
    starts = [inner.meta["start"] for inner in node.walk() if "start" in inner.meta] if node is not None else []
    if not starts:
        return RefusedSql(reason, *position(sql, len(sql) - len(sql.lstrip())), mend)
    return RefusedSql(reason, *position(sql, min(starts)), mend)


def position_of_failure(written: str, reason: str) -> tuple[str, int | None, int | None]:
    """Return Athena's reason without its own position, and the place in what was written where that can be told.

    Athena counts in the text that it was sent, which is not the one that the person sees, so the name that it
    complains of (`Column 'agent' cannot be resolved`) is looked for instead; None, None where it names nothing found.
    """
    told = re.sub(r"(?:^|(?<=: ))line \d+:\d+: ", "", reason)
    for name in re.findall(r"['\"]([^'\"]+)['\"]|(?:Function|Table) (\w+)", told):
        wanted = (name[0] or name[1]).rpartition(".")[2].lower()
        for token in _tokens(written):
            if token.text.lower() == wanted and token.token_type != TokenType.STRING:
                return told, *position(written, token.start)
    return told, None, None


def _tokens(sql: str) -> Sequence[Token]:
    try:
        return sqlglot.tokenize(sql, read=DIALECT)
    except TokenError:
        raise RefusedSql("A text, a quoted name or a comment is not closed", mend="Close it.") from None


def _only_statement(sql: str, tokens: Sequence[Token]) -> Sequence[Token]:
    end = next((place for place, token in enumerate(tokens) if token.token_type == TokenType.SEMICOLON), len(tokens))
    after = next((token for token in tokens[end:] if token.token_type != TokenType.SEMICOLON), None)
    if after is not None and end:
        raise RefusedSql("Only one statement can run", *position(sql, after.start), "Remove what follows the `;`.")
    if not end:
        raise RefusedSql("There is no statement", 1, 1, "Write a SELECT.")
    return tokens[:end]


def _check_depth(sql: str, tokens: Sequence[Token]) -> None:
    if len(tokens) > MOST_TOKENS:
        raise RefusedSql(f"The statement has more than {MOST_TOKENS:,} words", mend="Make it shorter.")
    depth = arrays = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        arrays += (token.token_type == TokenType.L_BRACKET) - (token.token_type == TokenType.R_BRACKET)
        if depth > DEEPEST or arrays > DEEPEST_ARRAY:
            raise RefusedSql("The statement is nested too deeply", *position(sql, token.start), "Split it with WITH.")
        if token.token_type == TokenType.L_BRACE and sql[token.start : token.start + 2] == "{{":
            raise RefusedSql("A parameter has no value", *position(sql, token.start), "Fill in the parameter.")


def _check_numbers(sql: str, tokens: Sequence[Token]) -> None:
    # The parser reads 1_000 as `1 AS _000` and 0x1F as bytes: a wrong answer without a word.
    for token, following in itertools.pairwise((*tokens, tokens[-1])):
        joined = token.token_type == TokenType.NUMBER and following.start == token.end + 1 and following.text[:1] == "_"
        if joined or sql[token.start : token.start + 2].lower() == "0x":
            raise RefusedSql(
                "A number is written in a way that is not served",
                *position(sql, token.start),
                "Write its digits alone.",
            )


def _keep_decimals_exact(tree: exp.Expr, tokens: Sequence[Token]) -> None:
    """Give `DECIMAL '1.25'` the precision of its text.

    The parser turns it into a cast to DECIMAL, which in Athena has no digits after the point: 1.25 would become 1.
    """
    literals = {after.start for word, after in itertools.pairwise(tokens) if word.token_type == TokenType.DECIMAL}
    for cast in tree.find_all(exp.Cast):
        if cast.this.is_string and cast.this.meta.get("start", cast.meta.get("start")) in literals:
            whole, _, part = cast.this.name.strip().lstrip("+-").partition(".")
            precision = max(len(whole) + len(part), 1)
            cast.set("to", exp.DataType.build(f"DECIMAL({precision}, {len(part)})", dialect=DIALECT))


def _not_understood(sql: str, tokens: Sequence[Token], error: ParseError) -> RefusedSql:
    details = error.errors[0] if error.errors else {}
    line, column, near = details.get("line"), details.get("col"), str(details.get("highlight") or "")
    # The parser gives the last character of the word at fault; people look for the first.
    token = next((token for token in tokens if token.line == line and token.col == column), None)
    if token is not None:
        line, column = position(sql, token.start)
    near = near if len(near) <= 40 else f"{near[:37]}..."
    mend = 'Names are quoted with ", not with `.' if "`" in near else "Look at what stands there."
    return RefusedSql(
        f"This is not SQL that Athena reads{f', near {near}' if near.strip() else ''}", line, column, mend
    )
