"""A model and days flow in, the statement that counts the empty values of every column flows out, and their shares."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.model.access.table_view import quoted
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement, over, where_of

_ROWS = "rows"


def counted_columns(model: SemanticModel) -> tuple[str, ...]:
    """Return the columns of which empty values can be counted: a hidden column is NULL for the requester everywhere."""
    masks = model.view.masks
    return tuple(
        column.name for column in model.columns if not column.is_partition and masks.get(column.name) != "hidden"
    )


def empty_values_statement(model: SemanticModel, days: Days | None) -> Statement:
    """Return the statement that counts the rows with a value, per column; columns: rows, v0, v1 ..."""
    columns = counted_columns(model)
    where = where_of(model, Filters(), days)
    counts = [f"count({quoted(name)}) AS v{place}" for place, name in enumerate(columns)]
    sql = f"SELECT {', '.join([f'count(*) AS {quoted(_ROWS)}', *counts])} FROM {model.relation}{where.sql}"
    return over(model, Statement(sql, where.parameters, None, days, columns, "empty_values"))


def empty_shares(model: SemanticModel, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the share of empty values per column, of the answer to `empty_values_statement`; nothing without rows."""
    (counts,) = rows
    total = counts[_ROWS]
    if not total:
        return {}
    return {name: 1 - counts[f"v{place}"] / total for place, name in enumerate(counted_columns(model))}
