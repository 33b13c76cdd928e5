"""Trino's functions, written as DuckDB macros under Trino's own names where DuckDB has none or another meaning.

`translate` sends expressions here whose meaning depends on types that only the engine knows: DuckDB picks an overload.
Each macro follows Trino's documentation, "Functions and operators".
"""

from __future__ import annotations

import itertools
import re

import duckdb
import pyarrow as pa

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")

_DIVISION = ", ".join(
    [f"(a {left}, b {right}) AS a // b" for left, right in itertools.product(_INTEGERS, _INTEGERS)]
    + ["(a DOUBLE, b DOUBLE) AS a / b"]
)


def _shift(expression: str) -> str:
    """Overloads that keep a DATE a DATE when whole days are added."""
    return (
        f"(n BIGINT, d DATE) AS CAST({expression} AS DATE), (n BIGINT, d TIMESTAMP) AS {expression}, "
        f"(n BIGINT, d TIMESTAMPTZ) AS {expression}"
    )


_DATE_ADD = {
    "millisecond": "to_milliseconds(n)",
    "second": "to_seconds(n)",
    "minute": "to_minutes(n)",
    "hour": "to_hours(n)",
    "day": "to_days(CAST(n AS INTEGER))",
    "week": "to_weeks(CAST(n AS INTEGER))",
    "month": "to_months(CAST(n AS INTEGER))",
    "quarter": "to_months(CAST(n * 3 AS INTEGER))",
    "year": "to_years(CAST(n AS INTEGER))",
}

_MILLIS = "strftime(x, '%Y-%m-%d %H:%M:%S.') || lpad(CAST(millisecond(x) % 1000 AS VARCHAR), 3, '0')"
_TEXT_OF = {
    "DOUBLE": "trino_double_text(x)",
    "FLOAT": "trino_real_text(x)",
    "TIMESTAMP": _MILLIS,
    "TIMESTAMPTZ": f"{_MILLIS} || ' UTC'",
}
_TEXT_AS_IS = ("VARCHAR", "BOOLEAN", *_INTEGERS, "DATE", "DECIMAL", "TIME", "UUID")

MACROS: dict[str, str] = {
    # Operators whose result depends on the operands' types.
    "trino_divide": _DIVISION,
    "trino_plus": "(d DATE, i INTERVAL) AS CAST(d + i AS DATE), (d TIMESTAMP, i INTERVAL) AS d + i, "
    "(d TIMESTAMPTZ, i INTERVAL) AS d + i, (d TIME, i INTERVAL) AS d + i, (d INTERVAL, i INTERVAL) AS d + i",
    "trino_minus": "(d DATE, i INTERVAL) AS CAST(d - i AS DATE), (d TIMESTAMP, i INTERVAL) AS d - i, "
    "(d TIMESTAMPTZ, i INTERVAL) AS d - i, (d TIME, i INTERVAL) AS d - i, (d INTERVAL, i INTERVAL) AS d - i",
    "trino_at_zone": "(x TIMESTAMPTZ, z VARCHAR) AS timezone(z, x), "
    "(x TIMESTAMP, z VARCHAR) AS timezone(z, timezone('UTC', x))",
    "trino_text": ", ".join(
        [f"(x {kind}) AS {text}" for kind, text in _TEXT_OF.items()]
        + [f"(x {kind}) AS CAST(x AS VARCHAR)" for kind in _TEXT_AS_IS]
    ),
    "trino_integer": "(x DOUBLE) AS CAST(round(x) AS INTEGER), (x FLOAT) AS CAST(round(x) AS INTEGER), "
    + ", ".join(f"(x {kind}) AS CAST(x AS INTEGER)" for kind in ("VARCHAR", "BOOLEAN", *_INTEGERS, "DECIMAL")),
    "trino_bigint": "(x DOUBLE) AS CAST(round(x) AS BIGINT), (x FLOAT) AS CAST(round(x) AS BIGINT), "
    + ", ".join(f"(x {kind}) AS CAST(x AS BIGINT)" for kind in ("VARCHAR", "BOOLEAN", *_INTEGERS, "DECIMAL")),
    # Dates.
    **{f"trino_date_add_{unit}": _shift(f"d + {step}") for unit, step in _DATE_ADD.items()},
    "trino_date_trunc": "(u VARCHAR, d DATE) AS CAST(date_trunc(u, d) AS DATE), "
    "(u VARCHAR, d TIMESTAMP) AS CAST(date_trunc(u, d) AS TIMESTAMP), (u VARCHAR, d TIMESTAMPTZ) AS date_trunc(u, d)",
    "from_iso8601_timestamp": "(s) AS CAST(CASE WHEN regexp_matches(s, '[T ]') THEN s ELSE s || ' 00:00:00' END "
    "AS TIMESTAMPTZ)",
    "to_iso8601": "(d DATE) AS CAST(d AS VARCHAR), (d TIMESTAMP) AS strftime(d, '%Y-%m-%dT%H:%M:%S.%g'), "
    "(d TIMESTAMPTZ) AS strftime(d, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "from_unixtime_nanos": "(n) AS to_timestamp(n / 1e9)",
    "day_of_year": "(d) AS dayofyear(d)",
    "doy": "(d) AS dayofyear(d)",
    "year_of_week": "(d) AS isoyear(d)",
    "yow": "(d) AS isoyear(d)",
    "day_of_month": "(d) AS day(d)",
    "last_day_of_month": "(d) AS last_day(d)",
    # Text.
    "trino_regexp_extract": "(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END, "
    "(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    "trino_split_part": "(s, d, n) AS CASE WHEN n <= len(string_split(s, d)) THEN split_part(s, d, n) END",
    "trino_strpos": "(s, t) AS strpos(s, t), (s, t, n) AS CASE WHEN len(string_split(s, t)) > n THEN "
    "length(array_to_string(string_split(s, t)[:n], t)) + 1 ELSE 0 END",
    "codepoint": "(s) AS unicode(s)",
    "to_utf8": "(s) AS encode(s)",
    "from_utf8": "(b) AS decode(b)",
    "from_hex": "(s) AS unhex(s)",
    "to_base64": "(b) AS base64(b)",
    "url_extract_host": "(u) AS nullif(regexp_extract(u, '^[a-zA-Z]+://([^/:?#]+)', 1), '')",
    "url_extract_path": "(u) AS regexp_extract(u, '^[a-zA-Z]+://[^/?#]*([^?#]*)', 1)",
    "trino_format": "(f, a) AS trino_formatted(f, a)",
    # JSON.
    "trino_valid_json": "(j) AS CASE WHEN json_valid(j) THEN j END",
    "trino_json_scalar": "(j, p) AS CASE WHEN json_type(json_extract(trino_valid_json(j), p)) IN ('OBJECT', 'ARRAY', "
    "'NULL') THEN NULL ELSE json_extract_string(trino_valid_json(j), p) END",
    "trino_json_extract": "(j, p) AS json_extract(trino_valid_json(j), p)",
    "json_array_get": "(j, i) AS json_extract(j, '$[' || i || ']')",
    "json_size": "(j, p) AS COALESCE(json_array_length(json_extract(j, p)), len(json_keys(json_extract(j, p))))",
    "json_array_contains": "(j, x) AS list_contains(CAST(CAST(j AS JSON) AS VARCHAR[]), CAST(x AS VARCHAR))",
    # Arrays and maps.
    "trino_sequence": "(a DATE, b DATE) AS list_transform(generate_series(a, b, to_days(1)), "
    "LAMBDA x: CAST(x AS DATE)), "
    "(a DATE, b DATE, s INTERVAL) AS list_transform(generate_series(a, b, s), LAMBDA x: CAST(x AS DATE)), "
    "(a TIMESTAMP, b TIMESTAMP, s INTERVAL) AS generate_series(a, b, s), "
    "(a BIGINT, b BIGINT) AS CASE WHEN a <= b THEN generate_series(a, b) ELSE generate_series(a, b, -1) END, "
    "(a BIGINT, b BIGINT, s BIGINT) AS generate_series(a, b, s)",
    "trino_greatest": "(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END",
    "trino_least": "(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END",
    "trino_array_join": "(a, s) AS array_to_string(a, s), (a, s, n) AS array_to_string(list_transform(a, LAMBDA x: "
    "COALESCE(CAST(x AS VARCHAR), n)), s)",
    "trino_array_position": "(a, x) AS COALESCE(list_position(a, x), 0)",
    "arrays_overlap": "(a, b) AS list_has_any(a, b)",
    "array_remove": "(a, x) AS list_filter(a, LAMBDA e: e <> x)",
    "array_except": "(a, b) AS list_filter(list_distinct(a), LAMBDA e: NOT list_contains(b, e))",
    "array_union": "(a, b) AS list_distinct(list_concat(a, b))",
    "trino_slice": "(a, i, n) AS CASE WHEN i < 0 THEN a[len(a) + i + 1:len(a) + i + n] ELSE a[i:i + n - 1] END",
    "trino_repeat": "(x, n) AS list_transform(range(n), LAMBDA i: x)",
    "trino_first_entries": "(l) AS list_filter(l, LAMBDA e, i: list_position(list_transform(l, LAMBDA z: z.key), "
    "e.key) = i)",
    "map_agg": "(k, v) AS map_from_entries(trino_first_entries(list({'key': k, 'value': v})))",
    # Numbers.
    "width_bucket": "(x, low, high, n) AS CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1 "
    "ELSE CAST(floor((x - low) / (high - low) * n) AS BIGINT) + 1 END",
    "infinity": "() AS CAST('Infinity' AS DOUBLE)",
    "nan": "() AS CAST('NaN' AS DOUBLE)",
    "e": "() AS exp(1.0e0)",
    "is_finite": "(x) AS isfinite(x)",
    "is_infinite": "(x) AS isinf(x)",
    "trino_log": "(b, x) AS ln(x) / ln(b)",
    "bitwise_left_shift": "(a, n) AS a << n",
    "bitwise_right_shift": "(a, n) AS a >> n",
    "trino_typeof": "(x) AS trino_type_name(typeof(x))",
}

_TYPE_NAMES = {
    "VARCHAR": "varchar",
    "BLOB": "varbinary",
    "FLOAT": "real",
    "HUGEINT": "bigint",
    "TIMESTAMP": "timestamp(3)",
    "TIMESTAMP_S": "timestamp(0)",
    "TIMESTAMP_MS": "timestamp(3)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(3) with time zone",
    "TIME": "time(3)",
    '"NULL"': "unknown",
    "INTERVAL": "interval day to second",
}


def trino_type_name(name: str | None) -> str | None:
    """Spell a DuckDB type as Trino's `typeof` does."""
    if name is None:
        return None
    if name.endswith("[]"):
        return f"array({trino_type_name(name[:-2])})"
    return _TYPE_NAMES.get(name, name.lower().replace(", ", ","))


def double_text(value: float | None) -> str | None:
    """Spell a double as Java does: `1.0`, `1.0E10`, `NaN`, `Infinity`."""
    if value is None:
        return None
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    shortest = repr(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return shortest if "e" not in shortest else format(value, "f")
    return _scientific(shortest)


def _scientific(shortest: str) -> str:
    sign = "-" if shortest.startswith("-") else ""
    digits, _, exponent = shortest.lstrip("-").partition("e")
    whole, _, fraction = digits.partition(".")
    power = int(exponent or 0) + len(whole) - 1
    figures = (whole + ("" if fraction == "0" else fraction)).rstrip("0")
    if whole == "0":
        figures = fraction.lstrip("0").rstrip("0")
        power = int(exponent or 0) - (len(fraction) - len(fraction.lstrip("0")) + 1)
    return f"{sign}{figures[0]}.{figures[1:] or '0'}E{power}"


def real_text(value: float | None) -> str | None:
    """Spell a 32-bit float with the digits that such a float holds."""
    if value is None:
        return None
    shortest = str(pa.scalar(value, pa.float32()).cast(pa.string()).as_py())
    return double_text(float(shortest))


def formatted(pattern: str | None, values: list[str | None] | None) -> str | None:
    """Fill a Java format string; values arrive as text and are numbers where the pattern says so."""
    if pattern is None or values is None:
        return None
    kinds = re.findall(r"%[-#+ 0,(]*\d*(?:\.\d+)?([sdfexXob%])", pattern)
    kinds = [kind for kind in kinds if kind != "%"]
    converted = [
        value if kind == "s" or value is None else (int(value) if kind in "dxXo" else float(value))
        for kind, value in zip(kinds, values, strict=False)
    ]
    grouped = re.sub(r"%,(\d*)d", lambda found: f"%{found[1]}s", pattern)
    if grouped != pattern:
        converted = [f"{value:,}" if isinstance(value, int) else value for value in converted]
    return grouped % tuple(converted)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros and the few functions that need Python."""
    for name, python, kind in (
        ("trino_type_name", trino_type_name, "VARCHAR"),
        ("trino_double_text", double_text, "DOUBLE"),
        ("trino_real_text", real_text, "FLOAT"),
    ):
        connection.create_function(name, python, [kind], "VARCHAR")
    connection.create_function("trino_formatted", formatted, ["VARCHAR", "VARCHAR[]"], "VARCHAR")
    for name, overloads in MACROS.items():
        connection.execute(f"CREATE MACRO {name}{overloads}")
