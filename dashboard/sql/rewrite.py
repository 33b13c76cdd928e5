"""SQL that reads every day, with conditions on the partition columns put where they belong. Pure.

The person's text stays as it is, comments and all: conditions go in behind WHERE, or make one where there is none. What
comes out is a proposal; whoever shows it lets the guard read it again and looks whether it reads less.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import Token, TokenType, exp

from dashboard.errors import RefusedSql
from dashboard.model.filters import Days
from dashboard.model.partition_filter import partition_conjuncts
from dashboard.sql.guard import Catalogue, is_named_query
from dashboard.sql.parameters import standing_in
from dashboard.sql.parser import DIALECT, one_statement

Find = Callable[[exp.Table], Days | None]
"""Says which days are proposed of the table that a name in the SQL means; None for any other name."""

_AFTER_WHERE = {
    *(TokenType.GROUP_BY, TokenType.HAVING, TokenType.WINDOW, TokenType.ORDER_BY, TokenType.OFFSET, TokenType.LIMIT),
    *(TokenType.FETCH, TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT, TokenType.SEMICOLON),
}


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

    def find(table: exp.Table) -> Days | None:
        served = None if is_named_query(table) else catalogue.find(table.db or None, table.name)
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
    text = standing_in(sql)
    tokens = sqlglot.tokenize(text, read=DIALECT)
    conditions: dict[int, tuple[exp.Select, int, list[str]]] = {}
    for table in one_statement(text).find_all(exp.Table):
        select, found = table.find_ancestor(exp.Select), find(table)
        start = table.this.meta.get("start") if isinstance(table.this, exp.Identifier) else None
        if found is None or select is None or start is None or _may_be_missing(select):
            continue
        alone = not select.args.get("joins")
        _, _, wanted = conditions.setdefault(id(select), (select, start, []))
        wanted.append(condition(found, "" if alone else f"{table.alias_or_name}."))
    places = [(start, select, wanted) for select, start, wanted in conditions.values()]
    for start, select, wanted in sorted(places, key=lambda place: place[0], reverse=True):
        sql = _with_condition(sql, tokens, start, select, "\n  AND ".join(wanted))
    return sql if places else None


def condition(days: Days, prefix: str = "") -> str:
    """Return the condition on year, month and day that holds for these days alone."""
    return re.sub(r'"(year|month|day)"', rf"{prefix}\1", " AND ".join(partition_conjuncts(days)))


def _may_be_missing(select: exp.Select) -> bool:
    """Whether rows of some table may be missing: a condition on it would then drop rows of the others."""
    return any(join.side for join in select.args.get("joins") or ())


def _with_condition(sql: str, tokens: Sequence[Token], start: int, select: exp.Select, wanted: str) -> str:
    place = next(place for place, token in enumerate(tokens) if token.start == start)
    where = end = None
    depth = 0
    for place_now in range(place + 1, len(tokens)):
        kind = tokens[place_now].token_type
        if depth == 0 and (kind in _AFTER_WHERE or kind == TokenType.R_PAREN):
            end = place_now
            break
        if depth == 0 and kind == TokenType.WHERE:
            where = place_now
        depth += (kind == TokenType.L_PAREN) - (kind == TokenType.R_PAREN)
    last = tokens[(end if end is not None else len(tokens)) - 1].end + 1
    if where is None:
        return f"{sql[:last]}\nWHERE {wanted}{sql[last:]}"
    after = tokens[where].end + 1
    written = sql[after:last]
    # A comment to the end of the line would swallow the parenthesis that closes.
    kept = f" ({written.strip()}\n  )" if isinstance(select.args["where"].this, exp.Or) else written
    return f"{sql[:after]} {wanted}\n  AND{kept}{sql[last:]}"
