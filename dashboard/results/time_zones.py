"""Timestamps in UTC flow in, timestamps as a clock in a named zone shows them flow out.

Stored timestamps have no zone and are UTC. In the hour that a clock repeats, a time is followed by its offset, so that
two instants never read the same.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa

UTC: Final = "UTC"


def heading(field: pa.Field, zone: str) -> str:
    """Return a column's name as files and pages show it; a timestamp names its zone: `started (Europe/Berlin)`."""
    return f"{field.name} ({zone})" if pa.types.is_timestamp(field.type) else str(field.name)


def headings(table: pa.Table, zone: str) -> list[str]:
    """Return the `heading` of each column."""
    return [heading(field, zone) for field in table.schema]


def has_times(table: pa.Table, columns: Sequence[str]) -> bool:
    """Return whether one of the columns is a timestamp."""
    return any(pa.types.is_timestamp(table.schema.field(name).type) for name in columns)


def in_zone(table: pa.Table, zone: str) -> pa.Table:
    """Return a table with the timestamps of a clock in the zone, for charts."""
    if zone == UTC:
        return table
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            # Not by Arrow, which knows no rule of a zone after 2037. Each distinct instant is converted once.
            column = table.column(place).combine_chunks().dictionary_encode()
            times = [
                None if instant is None else clock_time(instant, zone)[0] for instant in column.dictionary.to_pylist()
            ]
            table = table.set_column(place, field, pa.array(times, field.type).take(column.indices))
    return table


def clock_time(instant: dt.datetime, zone: str) -> tuple[dt.datetime, str]:
    """Return what a clock in the zone shows at an instant in UTC, and its offset where the clock shows it twice."""
    if zone == UTC:
        return instant, ""
    try:
        local = instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    except OverflowError:  # the first or last day of all
        return instant, "+00:00"
    is_repeated = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    shown = local.replace(tzinfo=None, fold=0)
    return shown, local.isoformat().removeprefix(shown.isoformat()) if is_repeated else ""


def time_text(instant: dt.datetime, zone: str, precision: str) -> str:
    """Return `clock_time` as text; `precision` is `seconds` or `milliseconds`."""
    shown, offset = clock_time(instant, zone)
    return f"{shown.isoformat(' ', precision)}{offset}"
