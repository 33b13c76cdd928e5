"""How often a part of a person's SQL runs: a named query (WITH) runs once for every mention of its name. Pure."""

from collections.abc import Callable

from sqlglot import exp

from dashboard.errors import RefusedSql

MOST_RECURSIONS = 11
"""Athena's limit on a recursive query is ten steps after the first."""
MOST_TIMES = 1_000
"""Mentions multiply: thirty named queries that each mention the one before twice are a thousand million readings."""


def mentions(tree: exp.Expr) -> Callable[[exp.Expr], int]:
    """Return what tells, for a node of the tree, how often it runs at most.

    Names are counted wherever they stand: where one hides another, that is too many rather than too few.
    """
    named: dict[str, list[exp.Table]] = {}
    for table in tree.find_all(exp.Table):
        if not table.db:
            named.setdefault(table.name.lower(), []).append(table)
    known: dict[int, int] = {}

    def times(node: exp.Expr) -> int:
        query = node.find_ancestor(exp.CTE)
        if query is None:
            return 1
        if id(query) not in known:
            # Its own mentions of itself are the recursion; while they are counted they count nothing.
            known[id(query)] = 0
            clause = query.parent
            steps = MOST_RECURSIONS if isinstance(clause, exp.With) and clause.recursive else 1
            counted = sum(times(mention) for mention in named.get(query.alias.lower(), ()))
            known[id(query)] = max(counted, times(query), 1) * steps
            if known[id(query)] > MOST_TIMES:
                raise RefusedSql("A table is read more than a thousand times", mend="Name its result less often.")
        return known[id(query)]

    return _within_depth(times)


def _within_depth(times: Callable[[exp.Expr], int]) -> Callable[[exp.Expr], int]:
    def asked(node: exp.Expr) -> int:
        try:
            return times(node)
        except RecursionError:
            raise RefusedSql("The statement is nested too deeply", mend="Use fewer named queries.") from None

    return asked
