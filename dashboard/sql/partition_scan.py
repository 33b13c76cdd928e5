"""Which days a person's SQL may open, told from its conditions on the partition columns alone. Pure.

An upper bound: a condition that is not understood, or that stands outside the SELECT that names the table, leaves every
day in. Athena may do better, never worse. A condition on a date column leaves every day in too: which days hold the
date is written in the files, so all of them are opened to find out.
"""

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlglot import exp

from dashboard.sql.reference_count import mentions
from dataset_model.partitions import PARTITION_COLUMNS

Value = int | bool
DayTest = Callable[[dt.date], bool]


class _UnknownError(Exception):
    """A condition that cannot be decided from the day alone."""


def scans_of(tree: exp.Expr, database: str, table: str) -> list[DayTest]:
    """Return, per reading of a table by the SQL, whether it may open a day.

    Athena reads a table once for every mention of it, and runs a named query once for every mention of that.
    """
    times = mentions(tree)
    return [
        test
        for node in tree.find_all(exp.Table)
        if (node.db, node.name) == (database, table)
        for test in [_day_test(list(_conditions(node)))] * times(node)
    ]


def _day_test(conditions: list[exp.Expr]) -> DayTest:
    return lambda day: all(_may_hold(condition, _values(day)) for condition in conditions)


def _values(day: dt.date) -> dict[str, Value]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _conditions(use: exp.Table) -> Iterator[exp.Expr]:
    select = use.find_ancestor(exp.Select)
    where = select.args.get("where") if select else None
    if select is None or where is None:
        return
    sources = 1 + len(select.args.get("joins") or ())
    name = use.alias_or_name.lower()
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(condition.find_all(exp.Column))
        ours = all(
            column.name.lower() in PARTITION_COLUMNS
            and (column.table.lower() == name if column.table else sources == 1)
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
        case exp.Binary() if type(node) in _COMPARISONS:
            return _compared(_COMPARISONS[type(node)], node.this, node.expression, values)
    raise _UnknownError


_ENDS = ((operator.ge, "low"), (operator.le, "high"))


def _compared(
    compare: Callable[[Any, Any], Value], left: exp.Expr, right: exp.Expr, values: Mapping[str, Value]
) -> Value:
    first, second = _value(left, values), _value(right, values)
    # Athena refuses to compare a number with a boolean, so what that would mean is not for us to say.
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
