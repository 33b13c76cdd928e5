"""Every function that is written in Python, by the name under which macros and rules call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from local.athena.functions import encodings, hashes, json_functions, patterns, text
from local.athena.functions.errors import fail
from local.athena.functions.macros import MACROS
from local.athena.functions.numbers import decimals, distributions, number_text

_TEXT, _TEXTS, _NUMBER, _DOUBLE, _BYTES, _BOOLEAN = "VARCHAR", "VARCHAR[]", "BIGINT", "DOUBLE", "BLOB", "BOOLEAN"
_Function = tuple[Callable[..., Any], Sequence[str], str]
_PACKED = {
    "big_endian_64": (">q", _NUMBER),
    "big_endian_32": (">i", "INTEGER"),
    "ieee754_64": (">d", _DOUBLE),
    "ieee754_32": (">f", "FLOAT"),
}

_FUNCTIONS: dict[str, _Function] = {
    "trino_fail": (fail, [_TEXT, _TEXT], "NULL"),
    "trino_type_name": (number_text.trino_type_name, [_TEXT], _TEXT),
    "trino_cast_text": (number_text.cast_text, [_TEXT, _TEXT], _TEXT),
    # Text.
    "trino_strpos": (text.strpos, [_TEXT, _TEXT, _NUMBER], _NUMBER),
    "trino_split": (text.split, [_TEXT, _TEXT, _NUMBER], _TEXTS),
    "trino_substr": (text.substring, [_TEXT, _NUMBER, _NUMBER], _TEXT),
    "trino_replace": (text.replace, [_TEXT, _TEXT, _TEXT], _TEXT),
    "soundex": (text.soundex, [_TEXT], _TEXT),
    "hamming_distance": (text.hamming_distance, [_TEXT, _TEXT], _NUMBER),
    "luhn_check": (text.luhn_check, [_TEXT], _BOOLEAN),
    "url_extract_parameter": (text.url_parameter, [_TEXT, _TEXT], _TEXT),
    "trino_url_encode": (text.url_encode, [_TEXT], _TEXT),
    "trino_url_decode": (text.url_decode, [_TEXT], _TEXT),
    "format_number": (text.format_number, [_DOUBLE], _TEXT),
    "human_readable_seconds": (text.human_readable_seconds, [_DOUBLE], _TEXT),
    "trino_url_part": (text.url_part, [_TEXT, _TEXT], _TEXT),
    # Decimals, as text: their size is in their type.
    "trino_quotient": (decimals.quotient, [_TEXT, _TEXT, "INTEGER"], _TEXT),
    "trino_rounded": (decimals.rounded, [_TEXT, _NUMBER], _TEXT),
    "trino_truncated": (decimals.truncated, [_TEXT, _NUMBER], _TEXT),
    # Patterns.
    "trino_regexp_like": (patterns.like, [_TEXT, _TEXT], _BOOLEAN),
    "trino_regexp_extract": (patterns.extract, [_TEXT, _TEXT, _NUMBER], _TEXT),
    "trino_regexp_extract_all": (patterns.extract_all, [_TEXT, _TEXT, _NUMBER], _TEXTS),
    "trino_regexp_replace": (patterns.replace, [_TEXT, _TEXT, _TEXT], _TEXT),
    "trino_regexp_split": (patterns.split, [_TEXT, _TEXT], _TEXTS),
    "trino_regexp_groups": (patterns.groups, [_TEXT, _TEXT], "VARCHAR[][]"),
    "trino_regexp_joined": (patterns.joined, [_TEXTS, _TEXTS], _TEXT),
    "trino_regexp_count": (patterns.count, [_TEXT, _TEXT], _NUMBER),
    "trino_regexp_position": (patterns.position, [_TEXT, _TEXT, _NUMBER, _NUMBER], "INTEGER"),
    # JSON.
    "trino_json_exists": (json_functions.json_exists, [_TEXT, _TEXT, _TEXT], _BOOLEAN),
    "trino_json_value": (json_functions.json_value, [_TEXT, _TEXT, _TEXT], _TEXT),
    "trino_json_query": (json_functions.json_query, [_TEXT, _TEXT, _TEXT], _TEXT),
    # Hashes.
    "crc32": (hashes.crc32, [_BYTES], _NUMBER),
    "xxhash64": (hashes.xxhash64_bytes, [_BYTES], _BYTES),
    **{
        f"trino_{name}": (partial(hashes.digest, name), [_BYTES], _BYTES)
        for name in ("md5", "sha1", "sha256", "sha512")
    },
    **{
        f"hmac_{name}": (partial(hashes.keyed_digest, name), [_BYTES, _BYTES], _BYTES)
        for name in ("md5", "sha1", "sha256", "sha512")
    },
    # Bytes.
    "trino_to_base32": (encodings.to_base32, [_BYTES], _TEXT),
    "trino_from_base32": (encodings.from_base32, [_TEXT], _BYTES),
    "to_base64url": (encodings.to_base64url, [_BYTES], _TEXT),
    "from_base64url": (encodings.from_base64url, [_TEXT], _BYTES),
    "trino_normalized": (encodings.normalized, [_TEXT, _TEXT], _TEXT),
    **{f"to_{name}": (partial(encodings.packed, form), [kind], _BYTES) for name, (form, kind) in _PACKED.items()},
    **{f"from_{name}": (partial(encodings.unpacked, form), [_BYTES], kind) for name, (form, kind) in _PACKED.items()},
    # Distributions.
    "normal_cdf": (distributions.normal_cdf, [_DOUBLE, _DOUBLE, _DOUBLE], _DOUBLE),
    "inverse_normal_cdf": (distributions.inverse_normal_cdf, [_DOUBLE, _DOUBLE, _DOUBLE], _DOUBLE),
    "wilson_interval_lower": (distributions.wilson_lower, [_NUMBER, _NUMBER, _DOUBLE], _DOUBLE),
    "wilson_interval_upper": (distributions.wilson_upper, [_NUMBER, _NUMBER, _DOUBLE], _DOUBLE),
    "trino_data_size": (distributions.data_size, [_TEXT], _TEXT),
    # Of arrays: they look at the NULLs inside.
    "trino_checksum_texts": (hashes.checksum_of_texts, [_TEXTS], _BYTES),
    "trino_checksum_integers": (hashes.checksum_of_integers, ["BIGINT[]"], _BYTES),
    "trino_checksum_doubles": (hashes.checksum_of_doubles, ["DOUBLE[]"], _BYTES),
    "trino_formatted": (text.formatted, [_TEXT, _TEXTS, _TEXTS], _TEXT),
}


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the Python functions and the macros."""
    for name, (function, parameters, result) in _FUNCTIONS.items():
        connection.create_function(
            name, _of_values(function), list[Any](parameters), result, null_handling=FunctionNullHandling.SPECIAL
        )
    for name, overloads in MACROS.items():
        connection.execute(f"CREATE MACRO {name}{overloads}")


def _of_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """Answer NULL for NULL, as Trino's functions do."""

    @wraps(function)  # DuckDB counts the parameters by the signature
    def answer(*values: Any) -> Any:
        return None if any(value is None for value in values) else function(*values)

    return answer
