"""A parsed statement flows in; tests of which days each reading of a table may open flow out.

An upper bound: a condition that is not understood, or that stands outside the SELECT that names the table, leaves every
day in. Athena may do better, never worse. A condition on a date column leaves every day in too: which days hold the
date is written in the files, so all of them are opened to find out.
"""

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from dashboard.sql.cost.reference_count import MOST_TIMES, mentions, read_too_often
from dashboard.sql.grammar.tree import Expression, ParsedSql, TableName
from dataset_model.targets.partitions import PARTITION_COLUMNS

MOST_PARTS: Final = 1_000
"""Parts of conditions that are evaluated per day; a statement with more of them is taken to open every day."""

Value = int | bool
DayTest = Callable[[dt.date], bool]


class _UnknownError(Exception):
    """A condition that cannot be decided from the day alone."""


def scans_of(parsed: ParsedSql, database: str, table: str) -> list[DayTest]:
    """Return, per reading of a table by the SQL, whether it may open a day.

    Athena reads a table once for every mention of it, and runs a named query once for every mention of that.
    """
    times = mentions(parsed)
    scans: list[DayTest] = []
    left = MOST_PARTS
    for mention in parsed.tables:
        if mention.named is not None or [part.name for part in mention.parts][-2:] != [database, table]:
            continue
        conditions = list(_conditions(mention))
        left -= sum(_parts(condition) for condition in conditions)
        scans += [_day_test(conditions if left >= 0 else [])] * times(mention)
        if len(scans) > MOST_TIMES:
            raise read_too_often()
    return scans


def _day_test(conditions: list[Expression]) -> DayTest:
    return lambda day: all(_may_hold(condition, _values(day)) for condition in conditions)


def _values(day: dt.date) -> dict[str, Value]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _conditions(mention: TableName) -> Iterator[Expression]:
    select = mention.select
    if select is None or select.where is None:
        return
    alias = mention.alias.strip('"').lower()
    for condition in select.where.parts if select.where.kind == "and" else (select.where,):
        columns, has_query = _columns(condition)
        ours = all(
            words[-1] in PARTITION_COLUMNS and (words[:-1] == (alias,) if len(words) > 1 else select.sources == 1)
            for words in columns
        )
        if columns and ours and not has_query:
            yield condition


def _columns(condition: Expression) -> tuple[list[tuple[str, ...]], bool]:
    """Return the columns that a condition names, and whether it holds a query."""
    columns, has_query = [], False
    left = [condition]
    while left:
        node = left.pop()
        if node.kind == "column":
            columns.append(node.words)
        has_query = has_query or node.kind == "query"
        left += node.parts
    return columns, has_query


def _parts(condition: Expression) -> int:
    count, left = 0, [condition]
    while left:
        count += 1
        left += left.pop().parts
    return count


def _may_hold(condition: Expression, values: Mapping[str, Value]) -> bool:
    try:
        return bool(_value(condition, values))
    except (_UnknownError, TypeError, ZeroDivisionError, OverflowError):
        return True


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def _value(node: Expression, values: Mapping[str, Value]) -> Value:  # noqa: PLR0911 - one line per kind of node
    match node.kind:
        case "paren":
            return _value(node.parts[0], values)
        case "column":
            return values[node.words[-1]]
        case "and" | "or":
            return _joined(node, values)
        case "not":
            return not _value(node.parts[0], values)
        case "between":
            value, low, high = node.parts
            return bool(_compared(operator.ge, value, low, values) and _compared(operator.le, value, high, values))
        case "in":
            return any(_compared(operator.eq, node.parts[0], choice, values) for choice in node.parts[1:])
        case "integer":
            return int(node.words[0])
        case "compare":
            return _compared(_COMPARISONS[node.words[0]], node.parts[0], node.parts[1], values)
        case "arithmetic" if set(node.words) <= set(_ARITHMETIC):
            return _calculated(node, values)
    raise _UnknownError


def _calculated(node: Expression, values: Mapping[str, Value]) -> Value:
    total = _value(node.parts[0], values)
    for sign, part in zip(node.words, node.parts[1:], strict=True):
        other = _value(part, values)
        if isinstance(total, bool) or isinstance(other, bool):
            raise _UnknownError
        total = _ARITHMETIC[sign](total, other)
        if abs(total) >= 2**31:
            # Athena's integers end there: the result of such a condition is not known here.
            raise _UnknownError
    return total


def _compared(
    compare: Callable[[Any, Any], Value], left: Expression, right: Expression, values: Mapping[str, Value]
) -> Value:
    first, second = _value(left, values), _value(right, values)
    # Athena refuses to compare a number with a boolean, so the result is unknown here.
    if type(first) is not type(second):
        raise _UnknownError
    return compare(first, second)


def _joined(node: Expression, values: Mapping[str, Value]) -> bool:
    decisive = node.kind == "or"
    unknown = False
    for side in node.parts:
        try:
            if bool(_value(side, values)) is decisive:
                return decisive
        except _UnknownError:
            unknown = True
    if unknown:
        raise _UnknownError
    return not decisive
