"""SQL with `{{start_date}}` and values flow in; SQL with `?` and the literals that Athena binds flow out.

A parameter is a date where its name is `date` or ends in `_date`, otherwise a text; `:date`, `:number` and `:text`
after its name say otherwise.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.tokens import Token, position, tokens_of
from dashboard.sql.grammar.tree import ParsedSql
from dataset_model.dashboard.condition import text_literal

Kind = Literal["date", "number", "text"]

_PARAMETER = re.compile(r"\{\{\s*(\w+)\s*(?::\s*(date|number|text)\s*)?\}\}", re.ASCII)
_COMPARISONS = frozenset({"=", "<", ">", "<=", ">=", "<>", "!="})
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


def literals_of(sql: str, given: Mapping[str, str], text_columns: Collection[str] = ()) -> dict[str, str]:
    """Return the literals of a text's parameters; raise RefusedSql for a value that is not of its parameter's kind.

    A date that is compared with one of `text_columns` is bound as text, because Athena compares no text with a DATE.
    """
    literals = {}
    compared = _compared_with(sql, text_columns)
    for parameter in parameters_of(sql):
        text = given.get(parameter.name, "")
        literal = literal_of(parameter, text) if text else None
        if text and literal is None:
            raise RefusedSql(f"The parameter {parameter.name} is not a {parameter.kind}", mend="Look at its value.")
        if literal is not None and parameter.kind == "date" and parameter.name in compared:
            literal = literal.removeprefix("DATE ")
        if literal is not None:
            literals[parameter.name] = literal
    return literals


def _compared_with(sql: str, columns: Collection[str]) -> set[str]:
    """Return the parameters that are compared with one of these columns: `a >= {{p}}`, `a BETWEEN {{p}} AND {{q}}`."""
    found: set[str] = set()
    tokens = tokens_of(sql) if columns else []
    for at, token in enumerate(tokens):
        if token.kind != "parameter":
            continue
        words = [other.word for other in tokens[max(at - 3, 0) : at]]
        if words[-1:] == ["AND"] and words[:1] == ["BETWEEN"]:
            neighbours = tokens[max(at - 4, 0) : at - 3]
        elif words and words[-1] in {"BETWEEN", *_COMPARISONS}:
            neighbours = tokens[max(at - 2, 0) : at - 1]
        elif at + 1 < len(tokens) and tokens[at + 1].word in _COMPARISONS:
            qualified = [other.word for other in tokens[at + 3 : at + 4]] == ["."]
            neighbours = tokens[at + 4 : at + 5] if qualified else tokens[at + 2 : at + 3]
        else:
            continue
        if any(other.kind in {"word", "quoted"} and other.name.lower() in columns for other in neighbours):
            found.add(_parameter(token).name)
    return found


def _parameter(token: Token) -> Parameter:
    match = _PARAMETER.fullmatch(token.text)
    if match is None:
        raise ValueError(token.text)
    name = match.group(1)
    named = next((kind for kind in get_args(Kind) if kind == match.group(2)), None)
    return Parameter(name, named or ("date" if name.lower() == "date" or name.lower().endswith("_date") else "text"))
