"""Parameters of saved SQL: `{{start_date}}`, `{{least:number}}`. Bound by Athena, never pasted into the text. Pure.

A parameter is a date where its name is `date` or ends in `_date`, otherwise a text; `:date`, `:number` and `:text`
after its name say otherwise. While the SQL is parsed and checked, a parameter stands there as a quoted name of the same
length, so that every fault keeps its place.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import TokenError

from dashboard.errors import RefusedSql
from dashboard.model.statements import text_literal
from dashboard.sql.parser import DIALECT, refusal

Kind = Literal["date", "number", "text"]

_WRITTEN = re.compile(r"\{\{\s*([A-Za-z_]\w{0,39})\s*(?::\s*(date|number|text)\s*)?\}\}", re.ASCII)
_STANDING = re.compile(r"\{\s*([A-Za-z_]\w{0,39})\s*(?::\s*(?:date|number|text)\s*)?\}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,38}(\.\d{1,38})?", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """A name in the SQL that wants a value."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Bound:
    """SQL as Athena takes it, with `?` for each parameter, and with the values in place for people to read."""

    sql: str
    literals: tuple[str, ...]
    shown: str


def parameters_of(sql: str) -> tuple[Parameter, ...]:
    """Return the parameters of a text in the order of their first mention; texts and comments hold none."""
    found: dict[str, Parameter] = {}
    for match in _matches(sql):
        name = match.group(1)
        said = next((kind for kind in get_args(Kind) if kind == match.group(2)), None)
        found.setdefault(name, Parameter(name, said or _kind(name)))
    return tuple(found.values())


def standing_in(sql: str) -> str:
    """Return the text with a quoted name of equal length for every parameter."""
    for match in _matches(sql):
        sql = f'{sql[: match.start()]}"{match.group()[1:-1]}"{sql[match.end() :]}'
    return sql


def check_parameters(tree: exp.Expr, sql: str, values: Mapping[str, str]) -> None:
    """Raise RefusedSql where a parameter stands outside a condition, where alone Athena binds it, or has no value."""
    for node in tree.find_all(exp.Identifier):
        name = _name(node.name) if node.quoted else None
        if name is None:
            continue
        column = node.parent
        place = column.find_ancestor(exp.Where, exp.Select) if isinstance(column, exp.Column) else None
        if not isinstance(place, exp.Where) or not isinstance(column, exp.Column) or column.table:
            raise refusal("A parameter may stand in a WHERE condition alone", sql, node, "Athena binds it there only.")
        if name not in values:
            raise refusal(f"The parameter {name} has no value", sql, node, "Fill in the parameter.")


def bound(sent: str, values: Mapping[str, str]) -> Bound:
    """Return checked SQL with its parameters bound; `values` holds their literals (see `literal_of`)."""
    sql = shown = sent
    literals: list[str] = []
    for token in reversed(sqlglot.tokenize(sent, read=DIALECT)):
        name = _name(token.text) if token.token_type == TokenType.IDENTIFIER else None
        if name is not None and name in values:
            literals.insert(0, values[name])
            sql = f"{sql[: token.start]}?{sql[token.end + 1 :]}"
            shown = f"{shown[: token.start]}{values[name]}{shown[token.end + 1 :]}"
    return Bound(sql, tuple(literals), shown)


def literal_of(parameter: Parameter, text: str) -> str | None:
    """Return a value as the SQL literal that Athena binds; None where it is not one of the parameter's kind."""
    match parameter.kind:
        case "text":
            return text_literal(text)
        case "number":
            return text if _NUMBER.fullmatch(text) else None
        case "date":
            try:
                return f"DATE '{dt.date.fromisoformat(text).isoformat()}'"
            except ValueError:
                return None


def formatted(sql: str) -> str:
    """Return SQL laid out in lines, its parameters kept; as it is where it cannot be read."""
    try:
        laid_out = sqlglot.parse_one(standing_in(sql), dialect=DIALECT).sql(DIALECT, pretty=True)
        tokens = sqlglot.tokenize(laid_out, read=DIALECT)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return sql
    for token in reversed(tokens):
        if token.token_type == TokenType.IDENTIFIER and _name(token.text):
            laid_out = f"{laid_out[: token.start]}{{{token.text}}}{laid_out[token.end + 1 :]}"
    return laid_out


def _matches(sql: str) -> list[re.Match[str]]:
    try:
        tokens = sqlglot.tokenize(sql, read=DIALECT)
    except TokenError:
        return []
    braces = [token.start for token in tokens if token.token_type == TokenType.L_BRACE]
    return [match for match in (_WRITTEN.match(sql, start) for start in braces) if match]


def _name(text: str) -> str | None:
    match = _STANDING.fullmatch(text)
    return match.group(1) if match else None


def _kind(name: str) -> Kind:
    return "date" if name.lower() == "date" or name.lower().endswith("_date") else "text"


def literals_of(sql: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the literals of a text's parameters; raise RefusedSql for a value that is not of its parameter's kind."""
    literals = {}
    for parameter in parameters_of(sql):
        text = given.get(parameter.name, "")
        literal = literal_of(parameter, text) if text else None
        if text and literal is None:
            raise RefusedSql(f"The parameter {parameter.name} is not a {parameter.kind}", mend="Look at its value.")
        if literal is not None:
            literals[parameter.name] = literal
    return literals
