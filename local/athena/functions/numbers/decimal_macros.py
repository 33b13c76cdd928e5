"""Macros of arithmetic with a decimal result of another size than DuckDB gives, or one where DuckDB gives a double.

A parameter without a type takes what no other overload takes, and keeps the size of a decimal; `cast_to_type` gives an
answer the type of a sample. Rules of sizes: Trino's documentation, "Decimal functions and operators".
"""

from __future__ import annotations

import itertools

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_ONE_DIGIT = "CAST(0 AS DECIMAL(1,0))"


def _by_type(value: str, of_decimal: str, otherwise: str, sample: str) -> str:
    """Choose by the type of a value, known when the query is bound, and give the answer the type of `sample`."""
    chosen = f"CASE WHEN typeof({value}) LIKE 'DECIMAL%' THEN {of_decimal} ELSE CAST({otherwise} AS VARCHAR) END"
    return f"cast_to_type({chosen}, {sample})"


def _division() -> str:
    """Overloads: whole numbers; what is divided by a whole number keeps its type; the rest is a double or a float."""
    whole = [f"(a {left}, b {right}) AS a // b" for left, right in itertools.product(INTEGERS, INTEGERS)]
    quotient = _by_type("a", "trino_quotient(CAST(a AS VARCHAR), CAST(b AS VARCHAR), -1)", "a / b", "a")
    return ", ".join([*whole, *(f"(a, b {kind}) AS {quotient}" for kind in INTEGERS), "(a, b) AS a / b"])


def _mean() -> str:
    none = "any_value(x) FILTER (WHERE false)"
    whole = [f"(x {kind}) AS avg(x)" for kind in (*INTEGERS, "INTERVAL")]
    exact = "CASE WHEN count(x) > 0 THEN trino_quotient(CAST(sum(x) AS VARCHAR), CAST(count(x) AS VARCHAR), -1) END"
    return ", ".join([*whole, f"(x) AS {_by_type(none, exact, 'avg(x)', none)}"])


def _rounding(name: str, of_decimal: str, sample: str) -> str:
    whole = [f"(x {kind}, n) AS {name}(x, n)" for kind in INTEGERS]
    return ", ".join([*whole, f"(x, n) AS {_by_type('x', of_decimal, f'{name}(x, n)', sample)}"])


DECIMAL_MACROS: dict[str, str] = {
    "trino_divide": _division(),
    "trino_avg": _mean(),
    # Rounding may carry into one digit more, which a sum with a number of one digit has room for.
    "trino_round": _rounding("round", "trino_rounded(CAST(x AS VARCHAR), n)", f"x + {_ONE_DIGIT}"),
    "trino_truncate": _rounding("trunc", "trino_truncated(CAST(x AS VARCHAR), n)", "x"),
}
