"""Point 2: every statement that the product sends, recorded while it works, then asked of both engines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.comparison import Case, Part, asked, explanations
from conformance.engine.client import Trino
from conformance.exports.publish import Export
from conformance.parts.product_work import MOST_ROWS, work
from conformance.stand_in import StandIn

_LIMIT = re.compile(r"\s+LIMIT (\d+)\s*$")
_UNLOAD = re.compile(r"^UNLOAD \((.*)\) TO '[^']*' WITH \([^)]*\)$", re.DOTALL)
_GROUPS_IN_ORDER = re.compile(r'GROUP BY .* ORDER BY (1 DESC|"?year)', re.DOTALL)
"""One row per group, ordered by what the groups are made of: the order leaves no choice."""


def compare(trino: Trino, stand_in: StandIn, exports: Iterable[Export]) -> Part:
    """Return how both engines compare on what the product sends over every export."""
    part = Part("Product", "the local Athena")
    explained = explanations("product")
    cases: dict[tuple[str, tuple[str, ...]], Case] = {}
    for export in exports:
        part.tables.add(export.name)
        before = stand_in.executions()
        work(export, stand_in)
        for sql, database, parameters in stand_in.sent(before):
            for case in _cases(export.name, sql, database, parameters):
                cases.setdefault((case.sql, case.parameters), case)
    outcomes = asked(
        list(cases.values()),
        lambda case: trino.ask(case.sql, case.database, case.parameters),
        lambda case: stand_in.ask(case.sql, case.database, case.parameters),
    )
    for case, (engine, local) in outcomes:
        part.compare(case, engine, local, explained)
    return part


def _cases(label: str, sql: str, database: str, parameters: tuple[str, ...]) -> Iterator[Case]:
    """Yield what of a statement two engines can be asked.

    UNLOAD is Athena's own: its SELECT is compared. A LIMIT that cuts among rows of a day may choose any of them, so the
    statement is compared without it, and its own rows by their number.
    """
    unloaded = _UNLOAD.match(sql)
    sql = unloaded[1] if unloaded else sql
    bound = _LIMIT.search(sql)
    if bound and int(bound[1]) < MOST_ROWS:
        yield Case(label, f"SELECT count(*) FROM ({sql})", database, parameters)
        sql = sql[: bound.start()]
    yield Case(label, sql, database, parameters, ordered=bool(_GROUPS_IN_ORDER.search(sql)))
