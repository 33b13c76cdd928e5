"""A question flows in, the statement that answers it flows out: every group, and every total over its own rows.

A distinct count, a mean or a median of a whole is no sum of its parts, so totals come from the same query's grouping
sets, never from the groups.
"""

from dataclasses import dataclass

from dashboard.model.access.table_view import quoted
from dashboard.model.calendar_parts import DATE
from dashboard.model.grouping.aggregates import aggregates_of
from dashboard.model.grouping.question import GroupBy
from dashboard.model.measures import Term
from dashboard.model.selection.filters import Days
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement, filtered_columns, over, text_of, where_of
from dashboard.model.vocabulary import name_of


@dataclass(frozen=True)
class Columns:
    """Names of the columns of an answer, each once."""

    by: tuple[str, ...]
    """One per grouping: values as text, as filters take them; a day is a date."""
    value: str
    rows: str | None
    """The rows of the group; None where they are the measure."""
    counted: str | None
    """For a mean or a median, the rows with a value."""
    level: str | None
    """0 for a group, 1 for a total over the last grouping, 2 over the first of two, 3 over both; None without totals.

    One grouping has the levels 0 and 1.
    """


def columns_of(asked: GroupBy, model: SemanticModel) -> Columns:
    """Return the names of the columns, in the words of the dataset."""
    taken = list(asked.by)

    def free(name: str) -> str:
        chosen, number = name, 2
        while chosen in taken:
            chosen, number = f"{name}_{number}", number + 1
        taken.append(chosen)
        return chosen

    rows = name_of(model.words.rows.many)
    is_rows = asked.measure == "rows"
    value = free(rows if is_rows else f"{asked.measure}_{asked.column}" if asked.column else asked.measure)
    has_values = asked.of(model).kind in {"mean", "median"}
    return Columns(
        asked.by,
        value,
        None if is_rows else free(rows),
        free(f"{value}_values") if has_values else None,
        free("level") if asked.totals and asked.by else None,
    )


def group_statement(model: SemanticModel, asked: GroupBy, days: Days | None, limit: int) -> Statement:
    """Return the statement of a question; columns as `columns_of` names them.

    Totals stand first, so that a limit cuts no total before it cuts groups.
    """
    measure, names = asked.of(model), columns_of(asked, model)
    terms = (*measure.terms, Term("rows"))
    aggregates = aggregates_of(model, terms)
    where = where_of(model, asked.filters, days)
    groups = [f"g{place}" for place in range(len(asked.by))]
    inner = [
        f"{DATE if name == 'day' else text_of(model, name)} AS {group}"
        for name, group in zip(asked.by, groups, strict=True)
    ]
    # A table expression has at least one column.
    inner = [*inner, *aggregates.read] or ["1 AS g"]
    shown = [f"{group} AS {quoted(name)}" for name, group in zip(names.by, groups, strict=True)]
    shown.append(f"{aggregates.figure(measure)} AS {quoted(names.value)}")
    if names.counted:
        shown.append(f"{aggregates.sql(measure.terms[-1])} AS {quoted(names.counted)}")
    if names.rows:
        shown.append(f"count(*) AS {quoted(names.rows)}")
    if names.level:
        shown.append(f"grouping({', '.join(groups)}) AS {quoted(names.level)}")
    body = f"SELECT {', '.join(shown)} FROM (SELECT {', '.join(inner)} FROM {model.relation}{where.sql}) AS shown"
    body += _grouped(groups, has_totals=names.level is not None)
    order = _order(asked, names, len(shown))
    read = (*(column for name in asked.by if name != "day" for column in model.reads(name)), *measure.reads)
    read = tuple(dict.fromkeys((*read, *filtered_columns(model, asked.filters))))
    sql = f"{body}{order} LIMIT {limit + 1}"
    return over(model, Statement(sql, where.parameters, limit, days, read, "group_by", body=body, order=order))


def _grouped(groups: list[str], *, has_totals: bool) -> str:
    if not groups:
        return ""
    if not has_totals:
        return f" GROUP BY {', '.join(groups)}"
    sets = [groups, *([[group] for group in groups] if len(groups) > 1 else []), []]
    listed = (f"({', '.join(each)})" for each in sets)
    return f" GROUP BY GROUPING SETS ({', '.join(listed)})"


def _order(asked: GroupBy, names: Columns, count: int) -> str:
    """Return ORDER BY by places: totals first, then the order asked for, then the groups, so that it is total."""
    if not asked.by:
        return ""
    places = [f"{count} DESC"] if names.level else []
    if asked.sort != "groups":
        direction = "DESC" if asked.sort == "largest" else "ASC"
        places.append(f"{len(asked.by) + 1} {direction} NULLS LAST")
    places += [f"{place + 1} ASC NULLS LAST" for place in range(len(asked.by))]
    return f" ORDER BY {', '.join(places)}"
