"""SQL that reads every day flows in; the same SQL with conditions on the partition columns flows out.

The person's text stays as it is, comments too: the conditions follow WHERE, or become a WHERE clause. The result is a
proposal: the caller has the guard check it and compares what it reads.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.errors import RefusedSql
from dashboard.model.selection.filters import Days
from dashboard.model.selection.partition_filter import partition_conjuncts
from dashboard.sql.catalogue import Catalogue
from dashboard.sql.grammar.tokens import Token
from dashboard.sql.grammar.tree import Select, TableName
from dashboard.sql.parser import one_statement

Find = Callable[[TableName], Days | None]
"""Returns the days proposed for the table that a name in the SQL means; None for any other name."""


@dataclass(frozen=True)
class Proposal:
    """SQL that reads less than what was written."""

    sql: str
    days: Days
    """From the first to the last day that it reads of any table."""
    condition: str


def proposal_from(
    sql: str, catalogue: Catalogue, latest: Mapping[tuple[str, str], Days], reads_less: Callable[[str], bool]
) -> Proposal | None:
    """Return the SQL confined to the `latest` days of its tables, where `reads_less` agrees that this helps."""
    used: list[Days] = []

    def find(table: TableName) -> Days | None:
        names = [part.name for part in table.parts][-2:]
        served = catalogue.find(names[0] if len(names) > 1 else None, names[-1]) if table.named is None else None
        days = latest.get((served.database, served.table)) if served else None
        used.extend([days] if days else [])
        return days

    try:
        proposed = narrowed(sql, find)
        if proposed is None or not reads_less(proposed):
            return None
    except RefusedSql:
        return None
    days = Days(min(each.first for each in used), max(each.last for each in used))
    return Proposal(proposed, days, condition(used[0]))


def narrowed(sql: str, find: Find) -> str | None:
    """Return the SQL confined to the proposed days; None where no table in it could be confined."""
    parsed = one_statement(sql)
    conditions: dict[int, tuple[Select, list[str]]] = {}
    for table in parsed.tables:
        select = table.select
        # Rows of an outer join may be missing: a condition on one table would then drop rows of the others.
        if select is None or select.has_outer_join or not table.alias:
            continue
        days = find(table)
        if days is not None:
            _, wanted = conditions.setdefault(id(select), (select, []))
            wanted.append(condition(days, "" if select.sources == 1 else f"{table.alias}."))
    insertions = [
        insertion
        for select, wanted in conditions.values()
        for insertion in _insertions(parsed.tokens, select, "\n  AND ".join(wanted))
    ]
    for offset, text in sorted(insertions, reverse=True):
        sql = f"{sql[:offset]}{text}{sql[offset:]}"
    return sql if conditions else None


def condition(days: Days, prefix: str = "") -> str:
    """Return the condition on year, month and day that holds for these days alone."""
    return re.sub(r'"(year|month|day)"', rf"{prefix}\1", " AND ".join(partition_conjuncts(days)))


def _insertions(tokens: Sequence[Token], select: Select, wanted: str) -> list[tuple[int, str]]:
    """Return texts and the offsets at which they make the condition part of a SELECT."""
    if select.where is None or select.where_at is None:
        return [(tokens[select.after_from - 1].end, f"\nWHERE {wanted}")]
    first, last = tokens[select.where_at + 1].start, tokens[select.after_where - 1].end
    if select.where.kind == "or":
        # The parenthesis closes on a line of its own: a comment to the end of the line would swallow it.
        return [(first, f"{wanted}\n  AND ("), (last, "\n  )")]
    return [(first, f"{wanted}\n  AND ")]
