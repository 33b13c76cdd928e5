"""Numbers and other values as the text that Trino writes."""

from __future__ import annotations

import pyarrow as pa

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


def cast_text(kind: str | None, text: str | None) -> str | None:
    """Spell a value as a cast to varchar does: doubles with an exponent, timestamps with milliseconds.

    `kind` is DuckDB's name of its type, `text` DuckDB's own cast.
    """
    if kind is None or text is None:
        return None
    if kind in ("DOUBLE", "FLOAT"):
        return _with_exponent(float(text)) if kind == "DOUBLE" else _with_exponent(float(real_text(float(text)) or "0"))
    zone = " UTC" if kind == "TIMESTAMP WITH TIME ZONE" else ""
    moment = text.removesuffix("+00")
    whole, _, fraction = moment.partition(".")
    return f"{whole}.{fraction.ljust(3, '0')}{zone}"


def _with_exponent(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN alone differs from itself
        return str(double_text(value))
    if value == 0:
        return "-0.0E0" if str(value).startswith("-") else "0.0E0"
    return _scientific(repr(value))
