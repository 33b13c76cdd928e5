"""Trino's functions, written as DuckDB macros under Trino's own names where DuckDB has none or another meaning.

`translate` sends expressions here that depend on types which only the engine knows: DuckDB picks an overload.
Each macro follows Trino's documentation, "Functions and operators".
"""

from __future__ import annotations

from local.athena.functions.numbers.decimal_macros import DECIMAL_MACROS, INTEGERS

_URL_PARTS = ("host", "path", "query", "fragment", "protocol")
_BELOW_A_DAY = ("millisecond", "second", "minute", "hour")


def _refusal(name: str, message: str) -> str:
    """An expression that ends the query with one of Trino's errors; `message` is SQL.

    DuckDB's own error() is volatile, which its TRY does not take.
    """
    return f"trino_fail('{name}', {message})"


def _shift(expression: str) -> str:
    """Overloads that keep a DATE a DATE when whole days are added, and take no smaller unit for it."""
    unit = next((unit for unit in _BELOW_A_DAY if unit in expression), None)
    date = (
        f"CAST({expression} AS DATE)"
        if unit is None
        else _refusal("INVALID_FUNCTION_ARGUMENT", f"'''{unit}'' is not a valid DATE field'")
    )
    return (
        f"(n BIGINT, d DATE) AS {date}, (n BIGINT, d TIMESTAMP) AS {expression}, "
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


def _whole(kind: str) -> str:
    """Casts to a whole number: doubles are rounded, text holds digits alone."""
    refused = _refusal("INVALID_CAST_ARGUMENT", f"'Cannot cast ''' || x || ''' to {kind}'")
    others = ", ".join(f"(x {other}) AS CAST(x AS {kind})" for other in ("BOOLEAN", *INTEGERS, "DECIMAL"))
    return (
        f"(x DOUBLE) AS CAST(round(x) AS {kind}), (x FLOAT) AS CAST(round(x) AS {kind}), "
        rf"(x VARCHAR) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '\s*[+-]?\d+\s*') "
        f"THEN CAST(x AS {kind}) ELSE {refused} END, {others}"
    )


def _tried(kind: str) -> str:
    """The same casts with NULL for what they refuse."""
    others = ", ".join(f"(x {other}) AS TRY_CAST(x AS {kind})" for other in ("BOOLEAN", *INTEGERS, "DECIMAL"))
    return (
        f"(x DOUBLE) AS TRY_CAST(round(x) AS {kind}), (x FLOAT) AS TRY_CAST(round(x) AS {kind}), "
        rf"(x VARCHAR) AS CASE WHEN regexp_full_match(x, '\s*[+-]?\d+\s*') THEN TRY_CAST(x AS {kind}) END, {others}"
    )


def _moment(kind: str, pattern: str, others: tuple[str, ...]) -> str:
    """Casts to a date or timestamp: of text in Trino's one form alone."""
    refused = _refusal("INVALID_CAST_ARGUMENT", f"'Value cannot be cast to {kind.lower()}: ' || x")
    plain = ", ".join(f"(x {other}) AS CAST(x AS {kind})" for other in others)
    return (
        f"(x VARCHAR) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '{pattern}') "
        f"THEN CAST(x AS {kind}) ELSE {refused} END, {plain}"
    )


_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 64}


def _logical_shift(kind: str, bits: int) -> str:
    """Shift to the right: the bits above a negative number's are those of its type, sums of which are BIGINT."""
    shifted = f"CASE WHEN a < 0 THEN (CAST(a AS HUGEINT) + {1 << bits}) >> n ELSE a >> n END"
    return f"(a {kind}, n) AS CAST({shifted} AS {kind.replace('HUGE', 'BIG')})"


MACROS: dict[str, str] = {
    # Operators with results that depend on the operands' types.
    **DECIMAL_MACROS,
    "trino_plus": "(d DATE, i INTERVAL) AS CAST(d + i AS DATE), (d TIMESTAMP, i INTERVAL) AS d + i, "
    "(d TIMESTAMPTZ, i INTERVAL) AS d + i, (d TIME, i INTERVAL) AS d + i, (d INTERVAL, i INTERVAL) AS d + i",
    "trino_minus": "(d DATE, i INTERVAL) AS CAST(d - i AS DATE), (d TIMESTAMP, i INTERVAL) AS d - i, "
    "(d TIMESTAMPTZ, i INTERVAL) AS d - i, (d TIME, i INTERVAL) AS d - i, (d INTERVAL, i INTERVAL) AS d - i",
    "trino_at_zone": "(x TIMESTAMPTZ, z VARCHAR) AS timezone(z, x), "
    "(x TIMESTAMP, z VARCHAR) AS timezone(z, timezone('UTC', x))",
    # Without a type per overload a decimal keeps its size. The type is known when the query is bound.
    "trino_text": "(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') "
    "THEN trino_cast_text(typeof(x), CAST(x AS VARCHAR)) "
    # DuckDB leaves out the 0 before the point where a decimal has digits after it alone.
    r"WHEN typeof(x) LIKE 'DECIMAL%' THEN regexp_replace(CAST(x AS VARCHAR), '^(-?)\.', '\1' || '0.') "
    "WHEN typeof(x) = 'JSON' THEN json_extract_string(CAST(x AS VARCHAR), '$') ELSE CAST(x AS VARCHAR) END",
    **{f"trino_{name}": _whole(name.upper()) for name in ("integer", "bigint")},
    **{f"trino_try_{name}": _tried(name.upper()) for name in ("integer", "bigint")},
    "trino_boolean": "(x VARCHAR) AS CASE WHEN x IS NULL THEN NULL WHEN lower(x) IN ('true', 't', '1') THEN true "
    "WHEN lower(x) IN ('false', 'f', '0') THEN false ELSE "
    + _refusal("INVALID_CAST_ARGUMENT", "'Cannot cast ''' || x || ''' to BOOLEAN'")
    + " END, (x BOOLEAN) AS x, (x DOUBLE) AS x <> 0, (x BIGINT) AS x <> 0, (x DECIMAL) AS x <> 0",
    "trino_date": _moment("DATE", r"\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}\s*", ("DATE", "TIMESTAMP", "TIMESTAMPTZ")),
    "trino_timestamp": _moment(
        "TIMESTAMP",
        r"\s*\d{4,}-\d{1,2}-\d{1,2}( \d{1,2}:\d{2}(:\d{2}(\.\d{1,12})?)?)?( \S+)?\s*",
        ("DATE", "TIMESTAMP", "TIMESTAMPTZ"),
    ),
    # Dates.
    **{f"trino_date_add_{unit}": _shift(f"d + {step}") for unit, step in _DATE_ADD.items()},
    "millisecond": "(x) AS datepart('millisecond', x) % 1000",
    "current_timezone": "() AS 'UTC'",
    "trino_date_trunc": "(u VARCHAR, d DATE) AS CASE WHEN lower(u) IN ('day', 'week', 'month', 'quarter', 'year') "
    "THEN CAST(date_trunc(u, d) AS DATE) ELSE "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'''' || u || ''' is not a valid DATE field'")
    + " END, "
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
    "trino_split_part": "(s, d, n) AS CASE WHEN n < 1 THEN "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'Index must be greater than zero'")
    + " WHEN n <= len(string_split(s, d)) THEN split_part(s, d, n) END",
    "codepoint": "(s) AS unicode(s)",
    "to_utf8": "(s) AS encode(s)",
    "from_utf8": "(b) AS decode(b)",
    "from_hex": "(s) AS unhex(s)",
    "to_base64": "(b) AS base64(b)",
    **{f"url_extract_{part}": f"(u) AS trino_url_part(u, '{part}')" for part in _URL_PARTS},
    "url_extract_port": "(u) AS CAST(trino_url_part(u, 'port') AS BIGINT)",
    # JSON.
    "trino_valid_json": "(j) AS CASE WHEN json_valid(j) THEN j END",
    "trino_json_scalar": "(j, p) AS CASE WHEN json_type(json_extract(trino_valid_json(j), p)) IN ('OBJECT', 'ARRAY', "
    "'NULL') THEN NULL ELSE json_extract_string(trino_valid_json(j), p) END",
    "trino_json_extract": "(j, p) AS json_extract(trino_valid_json(j), p)",
    "json_array_get": "(j, i) AS json_extract(j, '$[' || CASE WHEN i < 0 THEN '#' ELSE '' END || i || ']')",
    "trino_json_array_length": "(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END",
    "is_json_scalar": "(j) AS json_type(j) NOT IN ('OBJECT', 'ARRAY')",
    "json_size": "(j, p) AS CASE json_type(json_extract(j, p)) WHEN 'ARRAY' THEN json_array_length(json_extract(j, p)) "
    "WHEN 'OBJECT' THEN len(json_keys(json_extract(j, p))) ELSE 0 END",
    "json_array_contains": "(j, x) AS list_contains(list_transform(json_extract(j, '$[*]'), LAMBDA e: "
    "CAST(e AS VARCHAR)), CAST(to_json(x) AS VARCHAR))",
    # Arrays and maps.
    "trino_sequence": "(a DATE, b DATE) AS list_transform(generate_series(a, b, to_days(1)), "
    "LAMBDA x: CAST(x AS DATE)), "
    "(a DATE, b DATE, s INTERVAL) AS list_transform(generate_series(a, b, s), LAMBDA x: CAST(x AS DATE)), "
    "(a TIMESTAMP, b TIMESTAMP, s INTERVAL) AS generate_series(a, b, s), "
    "(a BIGINT, b BIGINT) AS CASE WHEN a <= b THEN generate_series(a, b) ELSE generate_series(a, b, -1) END, "
    "(a BIGINT, b BIGINT, s BIGINT) AS generate_series(a, b, s)",
    "trino_greatest": "(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END",
    "trino_least": "(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END",
    "trino_array_join": "(a, s) AS array_to_string(list_transform(a, LAMBDA x: trino_text(x)), s), "
    "(a, s, n) AS array_to_string(list_transform(a, LAMBDA x: COALESCE(trino_text(x), n)), s)",
    "trino_array_position": "(a, x) AS CAST(COALESCE(list_position(a, x), 0) AS BIGINT)",
    "trino_has_null": "(a) AS len(list_filter(a, LAMBDA e: e IS NULL)) > 0",
    "arrays_overlap": "(a, b) AS CASE WHEN list_has_any(a, b) THEN true WHEN trino_has_null(a) OR trino_has_null(b) "
    "THEN NULL ELSE false END",
    "trino_contains": "(a, x) AS CASE WHEN list_contains(a, x) THEN true WHEN x IS NULL OR trino_has_null(a) THEN NULL "
    "ELSE false END",
    "trino_decided": "(found, has_null, empty) AS CASE WHEN found IS NOT NULL AND found <> empty THEN found "
    "WHEN has_null THEN NULL ELSE empty END",
    "trino_bit_and": "(a, b) AS a & b",
    "trino_bit_or": "(a, b) AS a | b",
    # In the order of the first appearance, NULL once.
    "array_distinct": "(a) AS list_filter(a, LAMBDA e, i: COALESCE(list_position(a, e), list_position("
    "list_transform(a, LAMBDA z: z IS NULL), true)) = i)",
    "array_remove": "(a, x) AS list_filter(a, LAMBDA e: e <> x)",
    "array_except": "(a, b) AS list_filter(array_distinct(a), LAMBDA e: NOT COALESCE(list_contains(b, e), false))",
    "array_intersect": "(a, b) AS list_filter(array_distinct(a), LAMBDA e: COALESCE(list_contains(b, e), false))",
    "array_union": "(a, b) AS array_distinct(list_concat(a, b))",
    "trino_array_max": "(a) AS CASE WHEN trino_has_null(a) THEN NULL ELSE list_max(a) END",
    "trino_array_min": "(a) AS CASE WHEN trino_has_null(a) THEN NULL ELSE list_min(a) END",
    "trim_array": "(a, n) AS a[:len(a) - n]",
    "dot_product": "(a, b) AS list_dot_product(a, b)",
    "ngrams": "(a, n) AS CASE WHEN len(a) <= n THEN [a] ELSE list_transform(generate_series(1, len(a) - n + 1), "
    "LAMBDA i: a[i:i + n - 1]) END",
    "contains_sequence": "(a, b) AS len(list_filter(generate_series(1, len(a) - len(b) + 1), "
    "LAMBDA i: a[i:i + len(b) - 1] = b)) > 0",
    "trino_element": "(a, i) AS CASE WHEN i = 0 THEN "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'SQL array indices start at 1'")
    + " WHEN i < 0 THEN "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'Array subscript is negative: ' || i")
    + " WHEN i > len(a) THEN "
    + _refusal(
        "INVALID_FUNCTION_ARGUMENT",
        "'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(a)",
    )
    + " ELSE a[i] END",
    "trino_map_value": "(m, k) AS CASE WHEN m IS NULL OR map_contains(m, k) THEN m[k] ELSE "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'Key not present in map: ' || k")
    + " END",
    "trino_slice": "(a, i, n) AS CASE WHEN i < 0 THEN a[len(a) + i + 1:len(a) + i + n] ELSE a[i:i + n - 1] END",
    "trino_repeat": "(x, n) AS list_transform(range(n), LAMBDA i: x)",
    "trino_first_entries": "(l) AS list_filter(l, LAMBDA e, i: list_position(list_transform(l, LAMBDA z: z.key), "
    "e.key) = i)",
    "map_agg": "(k, v) AS map_from_entries(trino_first_entries(list({'key': k, 'value': v})))",
    "trino_pairs": "(s, e, k) AS list_transform(list_filter(string_split(s, e), LAMBDA x, i: x <> '' OR "
    "i < len(string_split(s, e))), LAMBDA x: CASE WHEN len(string_split(x, k)) = 2 THEN "
    "{'key': string_split(x, k)[1], 'value': string_split(x, k)[2]} ELSE "
    + _refusal(
        "INVALID_FUNCTION_ARGUMENT", "'Key-value delimiter must appear exactly once in each entry. Bad input: ' || x"
    )
    + " END)",
    "trino_split_to_map": "(s, e, k) AS map_from_entries(trino_pairs(s, e, k))",
    "trino_map_entries": "(m) AS list_transform(map_entries(m), LAMBDA e: ROW(e.key, e.value))",
    # Aggregates.
    "every": "(x) AS bool_and(x)",
    "trino_grouped": "(l) AS list_transform(trino_first_entries(l), LAMBDA f: {'key': f.key, 'value': "
    "list_transform(list_filter(l, LAMBDA e: e.key = f.key), LAMBDA e: e.value)})",
    "multimap_agg": "(k, v) AS map_from_entries(trino_grouped(list({'key': k, 'value': v})))",
    "split_to_multimap": "(s, e, k) AS map_from_entries(trino_grouped(trino_pairs(s, e, k)))",
    "multimap_from_entries": "(l) AS map_from_entries(trino_grouped(list_transform(l, LAMBDA e: "
    "{'key': e[1], 'value': e[2]})))",
    "trino_checksum": "(a VARCHAR[]) AS trino_checksum_texts(a), (a BIGINT[]) AS trino_checksum_integers(a), "
    "(a DOUBLE[]) AS trino_checksum_doubles(a), (a DATE[]) AS trino_checksum_integers(list_transform(a, LAMBDA d: "
    "CAST(d - DATE '1970-01-01' AS BIGINT)))",
    # Numbers.
    "trino_sign": "(x DOUBLE) AS CAST(sign(x) AS DOUBLE), (x INTEGER) AS CAST(sign(x) AS INTEGER), "
    "(x BIGINT) AS CAST(sign(x) AS BIGINT), (x HUGEINT) AS CAST(sign(x) AS BIGINT)",
    "trino_random": "(low, high) AS low + CAST(floor(random() * (high - low)) AS INTEGER)",
    "width_bucket": "(x, low, high, n) AS CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1 "
    "ELSE CAST(floor((x - low) / (high - low) * n) AS BIGINT) + 1 END",
    "infinity": "() AS CAST('Infinity' AS DOUBLE)",
    "nan": "() AS CAST('NaN' AS DOUBLE)",
    "e": "() AS exp(1.0e0)",
    "is_finite": "(x) AS isfinite(x)",
    "is_infinite": "(x) AS isinf(x)",
    "trino_log": "(b, x) AS ln(x) / ln(b)",
    "bitwise_left_shift": "(a, n) AS a << n",
    "bitwise_right_shift_arithmetic": "(a, n) AS a >> n",
    "bitwise_right_shift": ", ".join(_logical_shift(kind, bits) for kind, bits in _BITS.items()),
    "trino_bit_count": "(x, n) AS CASE WHEN n NOT BETWEEN 2 AND 64 THEN "
    + _refusal("INVALID_FUNCTION_ARGUMENT", "'Bits specified in bit_count must be between 2 and 64, got ' || n")
    + " ELSE CAST(bit_count(CASE WHEN n = 64 THEN CAST(x AS BIGINT) "
    "ELSE CAST(x AS BIGINT) & ((CAST(1 AS BIGINT) << n) - 1) END) AS BIGINT) END",
    "parse_data_size": "(s) AS CAST(trino_data_size(s) AS DECIMAL(38,0))",
    "to_milliseconds": "(i) AS epoch_ms(i)",
    "trino_typeof": "(x) AS trino_type_name(typeof(x))",
}
