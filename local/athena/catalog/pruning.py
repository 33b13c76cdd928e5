"""Which partitions a query can touch, by the filters that reach a table.

The filters are DuckDB expressions that the planner has already pushed through views, joins and subqueries (`plan`).
A filter that mentions other columns too is weakened to what it says about the partition columns alone; what cannot be
weakened constrains nothing, so that a partition is dropped only where no row of it can match.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.athena.catalog.glue import Column

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class PartitionFilters:
    """Conjuncts over partition columns, in DuckDB's SQL."""

    conjuncts: tuple[exp.Expr, ...] = ()

    def about(self, names: Iterable[str]) -> PartitionFilters:
        """Return the conjuncts that mention no column outside `names`."""
        allowed = set(names)
        return PartitionFilters(tuple(part for part in self.conjuncts if _columns(part) <= allowed))

    def named_values(self, column: str) -> list[str] | None:
        """Return the literals that `=` or IN demand of a column, or None where nothing of that kind is said."""
        found: set[str] | None = None
        for part in self.about([column]).conjuncts:
            literals = _equalities(part)
            if literals is not None:
                found = literals if found is None else found & literals
        return None if found is None else sorted(found)

    def integer_bounds(self, column: str) -> tuple[int | None, int | None]:
        """Return the smallest and largest whole number that comparisons leave to a column."""
        low: int | None = None
        high: int | None = None
        for part in self.about([column]).conjuncts:
            for below, above in map(_bounds, _flat(part)):
                low = below if low is None or (below is not None and below > low) else low
                high = above if high is None or (above is not None and above < high) else high
        return low, high


def partition_filters(filters: Iterable[str], partition_keys: Sequence[str]) -> PartitionFilters:
    """Keep what the planner's filters say about the partition columns."""
    names = set(partition_keys)
    weakened = [weakened_part for text in filters if (weakened_part := weaken(_parsed(text), names)) is not None]
    return PartitionFilters(tuple(part for whole in weakened for part in _flat(whole)))


@functools.lru_cache(maxsize=2048)
def _parsed(text: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(text.removeprefix("optional: "), read="duckdb")
    except SqlglotError:
        return None


def weaken(expression: exp.Expr | None, names: set[str]) -> exp.Expr | None:
    """Return a condition over `names` that holds in each row where `expression` does; None where only TRUE would."""
    if expression is None:
        return None
    if isinstance(expression, exp.Paren):
        return weaken(expression.this, names)
    if isinstance(expression, exp.And):
        sides = [side for side in (weaken(expression.left, names), weaken(expression.right, names)) if side is not None]
        return exp.and_(*sides) if sides else None
    if isinstance(expression, exp.Or):
        left, right = weaken(expression.left, names), weaken(expression.right, names)
        return exp.or_(left, right) if left is not None and right is not None else None
    columns = _columns(expression)
    is_decidable = columns and columns <= names and not expression.find(exp.Query, exp.Placeholder, exp.Rand)
    return expression.copy() if is_decidable else None


def _columns(expression: exp.Expr) -> set[str]:
    return {column.name.lower() for column in expression.find_all(exp.Column)}


def _flat(expression: exp.Expr) -> list[exp.Expr]:
    return list(expression.flatten()) if isinstance(expression, exp.And) else [expression]


def _equalities(expression: exp.Expr) -> set[str] | None:
    expression = expression.unnest()
    if isinstance(expression, exp.Or):
        left, right = _equalities(expression.left), _equalities(expression.right)
        return left | right if left is not None and right is not None else None
    if isinstance(expression, exp.EQ):
        literal = next((side for side in (expression.left, expression.right) if isinstance(side, exp.Literal)), None)
        has_column = any(isinstance(side, exp.Column) for side in (expression.left, expression.right))
        return {literal.name} if literal is not None and has_column else None
    if isinstance(expression, exp.In) and isinstance(expression.this, exp.Column):
        members = expression.expressions
        return {member.name for member in members} if all(isinstance(m, exp.Literal) for m in members) else None
    return None


def _bounds(expression: exp.Expr) -> tuple[int | None, int | None]:
    expression = expression.unnest()
    is_plain = isinstance(expression, exp.Binary) and isinstance(expression.left, exp.Column)
    if not is_plain or not isinstance(expression.expression, exp.Literal) or not expression.expression.is_int:
        return None, None
    number = int(expression.expression.name)
    if isinstance(expression, exp.EQ):
        return number, number
    if isinstance(expression, exp.GTE | exp.GT):
        return number + isinstance(expression, exp.GT), None
    if isinstance(expression, exp.LTE | exp.LT):
        return None, number - isinstance(expression, exp.LT)
    return None, None


def surviving(
    candidates: Sequence[tuple[str, ...]],
    keys: Sequence[Column],
    filters: PartitionFilters,
    connection: duckdb.DuckDBPyConnection,
) -> list[tuple[str, ...]]:
    """Return the candidates that satisfy the filters, evaluated by the engine that evaluates the rows later."""
    if not filters.conjuncts or not candidates:
        return list(candidates)
    names = [f"v{index}" for index in range(len(keys))]
    columns = [pa.array(column, pa.string()) for column in zip(*candidates, strict=True)]
    connection.register(
        "partition_candidates", pa.table([pa.array(range(len(candidates))), *columns], names=["position", *names])
    )
    typed = ", ".join(
        f"TRY_CAST(NULLIF({name}, '{_NULL_PARTITION}') AS {key.type.duckdb}) AS \"{key.name}\""
        for name, key in zip(names, keys, strict=True)
    )
    conditions = [part.sql(dialect="duckdb") for part in filters.conjuncts]
    source = f"SELECT position FROM (SELECT position, {typed} FROM partition_candidates) WHERE "
    # A condition can fail on a value that exists in the projection alone (31 February): such values are kept, the
    # folders of impossible days being empty.
    strict = " AND ".join(f"({condition})" for condition in conditions)
    lenient = " AND ".join(f"COALESCE(TRY({condition}), TRUE)" for condition in conditions)
    try:
        for query in (strict, lenient):
            with contextlib.suppress(duckdb.Error):
                kept = connection.execute(f"{source} {query} ORDER BY position").fetchall()
                return [candidates[position] for (position,) in kept]
    finally:
        connection.unregister("partition_candidates")
    return list(candidates)
