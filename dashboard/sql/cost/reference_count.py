"""A parsed statement flows in; how often each part of it runs at most flows out.

A named query (WITH) runs once for every mention of its name.
"""

from collections.abc import Callable

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.tree import NamedQuery, ParsedSql, TableName

MOST_RECURSIONS = 11
"""Athena's limit on a recursive query is ten steps after the first."""
MOST_TIMES = 1_000
"""Mentions multiply: thirty named queries that each mention the one before twice are a thousand million readings."""


def mentions(parsed: ParsedSql) -> Callable[[TableName], int]:
    """Return the function that gives, for a table of the statement, how often it is read at most."""
    mentioned_in: dict[int, list[NamedQuery | None]] = {}
    for table in parsed.tables:
        if table.named is not None and table.named is not table.inside:
            mentioned_in.setdefault(id(table.named), []).append(table.inside)
    times: dict[int, int] = {}

    def runs(query: NamedQuery | None) -> int:
        return 1 if query is None else times.get(id(query), 0)

    # A query is mentioned only in later ones and in those around it, which all end after it.
    for query in reversed(parsed.named_queries):
        counted = sum(runs(where) for where in mentioned_in.get(id(query), ()))
        times[id(query)] = max(counted, runs(query.inside), 1) * (MOST_RECURSIONS if query.recursive else 1)
        if times[id(query)] > MOST_TIMES:
            raise read_too_often()
    return lambda table: runs(table.inside)


def read_too_often() -> RefusedSql:
    """Return the refusal of a statement that reads a table more than `MOST_TIMES` times."""
    return RefusedSql("A table is read more than a thousand times", mend="Name its result less often.")
