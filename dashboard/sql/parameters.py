"""SQL with `{{start_date}}` and values flow in; SQL with `?` and the literals that Athena binds flow out.

A parameter is a date where its name is `date` or ends in `_date`, otherwise a text; `:date`, `:number` and `:text`
after its name say otherwise.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from dashboard.errors import RefusedSql
from dashboard.model.statements import text_literal
from dashboard.sql.grammar.tokens import Token, position, tokens_of
from dashboard.sql.grammar.tree import ParsedSql

Kind = Literal["date", "number", "text"]

_PARAMETER = re.compile(r"\{\{\s*(\w+)\s*(?::\s*(date|number|text)\s*)?\}\}", re.ASCII)
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
    try:
        tokens = tokens_of(sql)
    except RefusedSql:
        return ()
    found: dict[str, Parameter] = {}
    for token in tokens:
        if token.kind == "parameter":
            parameter = _parameter(token)
            found.setdefault(parameter.name, parameter)
    return tuple(found.values())


def check_parameters(parsed: ParsedSql, values: Mapping[str, str] | None) -> None:
    """Raise RefusedSql where a parameter has no value; with None none has one."""
    for token in parsed.parameters:
        name = _parameter(token).name
        where = position(parsed.sql, token.start)
        if values is None:
            raise RefusedSql("A parameter has no value", *where, "Write the value itself.")
        if name not in values:
            raise RefusedSql(f"The parameter {name} has no value", *where, "Fill in the parameter.")


def bound(sent: str, values: Mapping[str, str]) -> Bound:
    """Return checked SQL with its parameters bound; `values` holds their literals (see `literal_of`)."""
    sql = shown = sent
    literals: list[str] = []
    for token in reversed(tokens_of(sent) if values else []):
        if token.kind == "parameter":
            value = values[_parameter(token).name]
            literals.insert(0, value)
            sql = f"{sql[: token.start]}?{sql[token.end :]}"
            shown = f"{shown[: token.start]}{value}{shown[token.end :]}"
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


def _parameter(token: Token) -> Parameter:
    match = _PARAMETER.fullmatch(token.text)
    if match is None:
        raise ValueError(token.text)
    name = match.group(1)
    said = next((kind for kind in get_args(Kind) if kind == match.group(2)), None)
    return Parameter(name, said or ("date" if name.lower() == "date" or name.lower().endswith("_date") else "text"))
