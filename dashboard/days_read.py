"""Which days a person's SQL may open, told from its conditions on the partition columns alone. Pure.

An upper bound: a condition that is not understood, or that stands outside the SELECT that names the table, leaves every
day in. Athena may do better, never worse.
"""

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlglot import exp

from datasets.partitions import PARTITION_COLUMNS

Value = int | dt.date | bool
DayTest = Callable[[dt.date], bool]


class _UnknownError(Exception):
    """A condition that cannot be decided from the day alone."""


def days_read(tree: exp.Expr, database: str, table: str, date_column: str | None = None) -> DayTest:
    """Return whether a day of a table may be opened by the SQL.

    `date_column` is the table's column with the day, where it has one.
    """
    uses = [node for node in tree.find_all(exp.Table) if (node.db, node.name) == (database, table)]
    conditions = [list(_conditions(use, date_column)) for use in uses]
    return lambda day: any(
        all(_may_hold(condition, _values(day, date_column)) for condition in each) for each in conditions
    )


def _values(day: dt.date, date_column: str | None) -> dict[str, Value]:
    values: dict[str, Value] = {"year": day.year, "month": day.month, "day": day.day}
    return values | ({date_column: day} if date_column else {})


def _conditions(use: exp.Table, date_column: str | None) -> Iterator[exp.Expr]:
    select = use.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    if select is None or where is None:
        return
    known = {*PARTITION_COLUMNS, date_column}
    sources = 1 + len(select.args.get("joins") or ())
    name = use.alias_or_name.lower()
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(condition.find_all(exp.Column))
        ours = all(
            column.name.lower() in known and (column.table.lower() == name if column.table else sources == 1)
            for column in columns
        )
        if columns and ours and not condition.find(exp.Query):
            yield condition


def _may_hold(condition: exp.Expr, values: Mapping[str, Value]) -> bool:
    try:
        return bool(_value(condition, values))
    except (_UnknownError, TypeError, ZeroDivisionError, OverflowError):
        return True


_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
}


def _value(node: exp.Expr, values: Mapping[str, Value]) -> Value:  # noqa: PLR0911 - one line per kind of node
    match node:
        case exp.Paren():
            return _value(node.this, values)
        case exp.Column():
            return values[node.name.lower()]
        case exp.And() | exp.Or():
            return _joined(node, values)
        case exp.Not():
            return not _value(node.this, values)
        case exp.Between():
            low, high = (_compared(compare, node.this, node.args[end], values) for compare, end in _ENDS)
            return bool(low and high)
        case exp.In() if node.expressions:
            return any(_compared(operator.eq, node.this, choice, values) for choice in node.expressions)
        case exp.Literal() if node.is_int:
            return int(node.name)
        case exp.Cast() if node.is_type("date") and node.this.is_string:
            return _date(node.this.name)
        case exp.Binary() if type(node) in _COMPARISONS:
            return _compared(_COMPARISONS[type(node)], node.this, node.expression, values)
    raise _UnknownError


_ENDS = ((operator.ge, "low"), (operator.le, "high"))


def _compared(
    compare: Callable[[Any, Any], Value], left: exp.Expr, right: exp.Expr, values: Mapping[str, Value]
) -> Value:
    first, second = _value(left, values), _value(right, values)
    # Athena refuses to compare a number with a date, so what that would mean is not for us to say.
    if type(first) is not type(second):
        raise _UnknownError
    return compare(first, second)


def _joined(node: exp.And | exp.Or, values: Mapping[str, Value]) -> bool:
    decisive = isinstance(node, exp.Or)
    unknown = False
    for side in (node.this, node.expression):
        try:
            if bool(_value(side, values)) is decisive:
                return decisive
        except _UnknownError:
            unknown = True
    if unknown:
        raise _UnknownError
    return not decisive


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise _UnknownError from None
