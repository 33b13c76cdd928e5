"""What each table reference of a query needs: which columns, and under which conditions.

The translated query is planned by DuckDB against empty tables of the right types, so that pruning sees through views,
common table expressions, joins and subqueries exactly as far as a real optimizer does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb


@dataclass(frozen=True)
class ScanPlan:
    """What one reference reads: column names, and conditions (DuckDB expressions) that every useful row satisfies."""

    columns: frozenset[str]
    filters: tuple[str, ...]
    evaluated: tuple[str, ...] = ()

    def reads(self, column: str) -> bool:
        """Tell whether a column's values are needed, for the result or for a condition evaluated by the scan."""
        if column in self.columns:
            return True
        word = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)", re.IGNORECASE)
        return any(word.search(text) for text in self.evaluated)


def scan_plans(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, ScanPlan]:
    """Plan a query over stub tables and return what it needs of each stub, by stub name.

    A stub that the plan does not touch (a condition that is always false) is absent.
    """
    rows = connection.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()
    plans: dict[str, ScanPlan] = {}
    for root in json.loads(rows[0][1]):
        for name, plan in _scans(root, ()):
            known = plans.get(name)
            # One reference can be planned twice (a common table expression that was inlined): keep what holds for both.
            plans[name] = plan if known is None else _both(known, plan)
    return plans


def _both(one: ScanPlan, other: ScanPlan) -> ScanPlan:
    return ScanPlan(one.columns | other.columns, _shared(one, other), one.evaluated + other.evaluated)


def _shared(one: ScanPlan, other: ScanPlan) -> tuple[str, ...]:
    mine, theirs = (" AND ".join(plan.filters) for plan in (one, other))
    return (f"(({mine}) OR ({theirs}))",) if mine and theirs else ()


def _scans(node: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ScanPlan]]:
    details = node["extra_info"]
    if node["name"].strip() == "SEQ_SCAN":
        table = details["Table"].rpartition(".")[2].strip('"')
        columns = frozenset(column.strip('"') for column in _texts(details.get("Projections")))
        pushed = _texts(details.get("Filters"))
        filters = (*(text for text in pushed if not text.startswith("optional:")), *above)
        yield table, ScanPlan(columns, filters, tuple(pushed))
    is_filter = node["name"].strip() == "FILTER"
    for child in node["children"]:
        yield from _scans(child, (*above, *_texts(details.get("Expression"))) if is_filter else ())


def _texts(found: str | list[str] | None) -> list[str]:
    listed = [found] if isinstance(found, str) else found or []
    return [text for text in listed if text]
