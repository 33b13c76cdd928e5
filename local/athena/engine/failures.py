"""DuckDB's errors flow in, Athena's errors for the same mistakes flow out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from local.athena.errors import DATA, ENGINE, SYNTAX, SYSTEM, QueryError
from local.athena.functions.errors import MARK
from local.athena.sql.positions import position_of

_TYPE_NAMES = {
    "INT8": "TINYINT",
    "INT16": "SMALLINT",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "FLOAT": "REAL",
    "BOOL": "BOOLEAN",
}
_AT = "{at}"


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    message: Callable[[re.Match[str]], str]
    kind: int = SYNTAX


def _rule(pattern: str, message: str | Callable[[re.Match[str]], str], kind: int = SYNTAX) -> _Rule:
    make = message if callable(message) else lambda found: found.expand(message)
    return _Rule(re.compile(pattern, re.DOTALL), make, kind)


def _name(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)


def _column_not_found(found: re.Match[str]) -> str:
    return (
        f"COLUMN_NOT_FOUND: {_AT}: Column '{_name(found)}' cannot be resolved or requester is not authorized to access "
        "requested resources"
    )


def _cast(found: re.Match[str]) -> str:
    return f"INVALID_CAST_ARGUMENT: Cannot cast '{found[1]}' to {_TYPE_NAMES.get(found[2], found[2])}"


def _out_of_range(found: re.Match[str]) -> str:
    kind = _TYPE_NAMES.get(found[2], found[2]).lower()
    return f"NUMERIC_VALUE_OUT_OF_RANGE: Out of range for {kind}: {found[1]}"


_RULES = (
    _rule(rf"{MARK} ([A-Z_]+): ([^\n]*)", r"\1: \2", DATA),
    _rule(r'Referenced column "([^"]+)" (?:was )?not found|does not have a column named "([^"]+)"', _column_not_found),
    _rule(r'Referenced table "([^"]+)" not found', _column_not_found),
    _rule(r'column "?([^"\s]+)"? must appear in the GROUP BY clause', lambda found: (
        f"EXPRESSION_NOT_AGGREGATE: {_AT}: '{found[1]}' must be an aggregate expression or appear in GROUP BY clause")),
    _rule(r'Ambiguous reference to column name "([^"]+)"', lambda found: (
        f"AMBIGUOUS_NAME: {_AT}: Column '{found[1]}' is ambiguous")),
    _rule(r"(?:Function|Macro|Aggregate) with name (\w+) does not exist", lambda found: (
        f"FUNCTION_NOT_FOUND: {_AT}: Function '{found[1]}' not registered")),
    _rule(r"value (\S+) can't be cast because the value is out of range for the destination type (\w+)", _out_of_range,
          DATA),
    _rule(r"[Dd]ivision by zero", "DIVISION_BY_ZERO: Division by zero", DATA),
    _rule(r"Could not convert (?:string|value) ['\"](.*?)['\"] to '?([\w()]+)'?", _cast, DATA),
    _rule(r"(?:invalid|date|timestamp|time) (?:timestamp |date |time )?field(?: format| value)?[^:]*: \"([^\"]*)\"",
          lambda found: f"INVALID_CAST_ARGUMENT: Value cannot be cast to date or timestamp: {found[1]}", DATA),
    _rule(r"Conversion Error: (.*?)(?:\n|$)", lambda found: f"INVALID_CAST_ARGUMENT: {found[1]}", DATA),
    _rule(r"Overflow in|out of range|Out of Range", lambda found: (
        f"NUMERIC_VALUE_OUT_OF_RANGE: {found.string.splitlines()[0]}"), DATA),
    _rule(r"[Mm]ore than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned "
          "multiple rows", DATA),
    _rule(r"No function matches the given name and argument types '(\w+)\((.*?)\)'", lambda found: (
        f"FUNCTION_NOT_FOUND: {_AT}: Unexpected parameters ({found[2].lower()}) for function {found[1].lower()}")),
    _rule(r'Could not choose a best candidate function for the function call "(\w+)\(', lambda found: (
        f"FUNCTION_NOT_FOUND: {_AT}: Unexpected parameters for function {found[1].lower()}")),
    _rule(r"aggregate function calls cannot be nested", lambda _: (
        f"NESTED_AGGREGATION: {_AT}: Cannot nest aggregations inside aggregation")),
    _rule(r"(\w+) clause cannot contain (?:aggregates|window functions)", lambda found: (
        f"EXPRESSION_NOT_SCALAR: {_AT}: {found[1]} clause cannot contain aggregations, window functions or grouping "
        "operations")),
    _rule(r"ORDER term out of range", lambda _: (
        f"INVALID_COLUMN_REFERENCE: {_AT}: ORDER BY position is not in select list")),
    _rule(r"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT: Duplicate map keys are not allowed", DATA),
    _rule(r"map key list does not align", "INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length",
          DATA),
    _rule(r"Insufficient padding", "INVALID_FUNCTION_ARGUMENT: Padding string must not be empty", DATA),
    _rule(r"Unknown TimeZone '([^']*)'", r"INVALID_FUNCTION_ARGUMENT: '\1' is not a valid time zone", DATA),
    _rule(r"Malformed JSON", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON", DATA),
    _rule(r"DECIMAL type width", "INVALID_FUNCTION_ARGUMENT: DECIMAL precision must be in range [1, 38]"),
    _rule(r"Cannot compare values of type (\S+) and(?: type)? (\S+)", lambda found: (
        f"TYPE_MISMATCH: {_AT}: Cannot apply operator: {found[1].lower()} = {found[2].lower()}")),
    _rule(r"Set operations can only apply to expressions with the same number", lambda _: (
        f"TYPE_MISMATCH: {_AT}: UNION query has different number of fields")),
    _rule(r"Could not parse string \"(.*?)\"", r'INVALID_FUNCTION_ARGUMENT: Invalid format: "\1"', DATA),
)  # fmt: skip


def query_error(error: duckdb.Error, sql: str) -> QueryError:
    """Translate an error of DuckDB; `sql` is the statement as the user wrote it, for positions."""
    text = str(error)
    for rule in _RULES:
        found = rule.pattern.search(text)
        if found:
            name = next((group for group in found.groups() if group), "")
            return QueryError(rule.message(found).replace(_AT, position_of(sql, name)), rule.kind)
    first = text.split("\n", maxsplit=1)[0]
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        return QueryError(f"SYNTAX_ERROR: line 1:1: {first.partition(': ')[2]}", SYNTAX)
    return QueryError(f"GENERIC_INTERNAL_ERROR: {first}", ENGINE, SYSTEM)
