"""A profile of attributes flows in; a type, role and reason per column, and a date format, flow out."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from dataset_model.columns.attribute_paths import attribute_text
from dataset_model.columns.column import Mask
from dataset_model.columns.types import BIGINT, BOOLEAN, DATE, DOUBLE, JSON, STRING, TIMESTAMP, ColumnType
from exporter.decoding.columns import cells_from_values
from exporter.decoding.timestamps import Clock
from exporter.discovery.naming import column_names
from exporter.discovery.personal_data import is_personal
from exporter.discovery.profile import AttributeProfile, Sampled
from exporter.discovery.table_survey import IndexKeys
from exporter.planning.format_guess import formats_of, other_order, readable_keys
from exporter.planning.sort_key import SortKey
from exporter.values.numbers import MAX_DIGITS

Role = Literal["key", "dimension", "measure"]

MOST_DIMENSION_VALUES = 50

MONEY_DECIMALS = 3
"""Most decimals of an amount of money."""

MOST_MEMBERS = 5
"""Members of a map that a proposal names."""

NEARLY_ALL = 0.99
"""Share of the values that decide a type, where there are at least a hundred. The others become null in their rows
and are quarantined."""

_NAMES_TIME = re.compile(r"(?:[tT]ime|[dD]ate|[sS]tamp|_at|At|_on|On)$|(?:^|_)(?:time|date)(?:_|$)")
_NAMES_IDENTITY = re.compile(r"(?:^|_|[a-z])(?:id|Id|ID|code|Code|number|Number|version|Version|reference|Reference)$")
_JSON_KINDS = {"M", "L", "SS", "NS", "BS"}


@dataclass(frozen=True)
class ProposedColumn:
    """A proposed column with its reason."""

    name: str
    attribute: str
    type: ColumnType
    reason: str
    role: Role | None = None
    role_reason: str = ""
    mask: Mask | None = None
    """Proposed for what looks personal."""


@dataclass(frozen=True)
class Proposal:
    """A dataset, as a sample suggests it."""

    name: str
    keys: IndexKeys
    partition_values: tuple[str, ...]
    values_reason: str
    date_format: str
    date_reason: str
    columns: tuple[ProposedColumn, ...]
    items: int
    """Items of the sample."""


def proposed_format(
    values: Sequence[str], keys: IndexKeys, latest_year: int, preferred: str | None = None
) -> tuple[str, str]:
    """Return the date format that reads most sort keys, and how many; `preferred` wins where it reads as many."""
    key_type: Literal["S", "N"] = "N" if keys.sort_key_type == "N" else "S"
    texts = pa.array(values, pa.string())
    candidates = formats_of(key_type)
    made = [SortKey(name, ZoneInfo("UTC"), key_type, latest_year) for name in candidates]
    if preferred:
        made.insert(0, SortKey(preferred, ZoneInfo("UTC"), key_type, latest_year))
    counts = [readable_keys(each, texts) for each in made]
    read = max(counts)
    chosen = made[counts.index(read)]
    best = chosen.date_format
    if not values:
        return best, "no item to read it from"
    if read == 0:
        return best, f"none of {len(values):,} sort keys is readable in any format, for example {values[0]!r}"
    seen = f"reads {read:,} of {len(values):,} sort keys, for example {values[0][:40]!r}"
    if best == "HUMAN_READABLE":
        seen += "; does not sort by time, so every export reads the whole key"
    if other_order(chosen, texts):
        seen += "; month before day would read as many: look at the data"
    return best, seen


def proposed_columns(sample: Sampled, keys: IndexKeys, date_format: str) -> tuple[ProposedColumn, ...]:
    """Return a column per attribute: keys first, the others by name."""
    first = [*keys.table_key, keys.partition_key, keys.sort_key]  # a table has no partition key of an index
    order = [name for name in dict.fromkeys(first) if name in sample.attributes]
    order += sorted(sample.attributes.keys() - set(order))
    names = column_names(order)
    return tuple(_column(names[attribute], attribute, sample, keys, date_format) for attribute in order)


def proposed_type(  # noqa: PLR0911 - a table, one line per DynamoDB type
    attribute: str, found: AttributeProfile
) -> tuple[ColumnType, str]:
    """Return the type that holds every value seen, and why."""
    count = found.values
    kind, others = _main_kind(found)
    match kind:
        case None if not count:
            return STRING, "nothing but NULL"
        case None:
            kinds = " and ".join(f"{number:,} {kind}" for kind, number in sorted(found.kinds.items()) if kind != "NULL")
            return STRING, f"values of several types: {kinds}"
        case "BOOL":
            return BOOLEAN, f"{count:,} booleans"
        case "N":
            column_type, reason = _number_type(attribute, found)
            return column_type, reason + others
        case "S":
            return _text_type(found)
        case "B":
            return STRING, f"{count:,} binary values, as base64 text"
        case _:
            return JSON, f"{count:,} values of type {kind}{_members(attribute, found)}"


def _members(attribute: str, found: AttributeProfile) -> str:
    """Return which members of a map can have columns of their own."""
    names = sorted({name for value in found.seen if value.M is not None for name in value.M})
    paths = ", ".join(f"{attribute_text(attribute)}.{attribute_text(name)}" for name in names[:MOST_MEMBERS])
    more = ", ..." if len(names) > MOST_MEMBERS else ""
    return f"; each member can be a column: {paths}{more}" if names else ""


def _main_kind(found: AttributeProfile) -> tuple[str | None, str]:
    """Return the one type that all values have, or nearly all numbers have, and a remark about the others."""
    numbers = found.kinds["N"]
    if found.kind is None and found.values >= 100 and numbers >= NEARLY_ALL * found.values:
        return "N", f"; {found.values - numbers:,} of {found.values:,} values are no numbers"
    return found.kind, ""


_ANY_CLOCK = Clock(SortKey("ISO", ZoneInfo("UTC"), "S", dt.MAXYEAR))


def contradiction(declared: ColumnType, found: AttributeProfile, clock: Clock = _ANY_CLOCK) -> str | None:
    """Return why a declared type does not hold what was seen, or None where it does, as far as a sample can show.

    Values are read as an export reads them; `clock` is that of the column. A few values that do not fit are ignored:
    an export quarantines them.
    """
    odd = len(cells_from_values(found.seen, declared, clock).contradictions)
    if not odd or (found.values >= 100 and odd <= (1 - NEARLY_ALL) * found.values):
        return None
    return f"{odd:,} of {found.values:,} values {_reason(declared, found)}"


def _reason(declared: ColumnType, found: AttributeProfile) -> str:
    """Return in which way values contradict a type: the most serious way, where there are several."""
    odd_kinds = set(found.kinds) - {"NULL"} - _takes(declared)
    if odd_kinds:
        return f"are {', '.join(sorted(odd_kinds))}, which {declared} does not take"
    if declared.is_number and found.numeric_texts < found.kinds["S"]:
        return "are texts that are not numbers"
    if declared.name in {"bigint", "decimal"}:
        return _beyond(declared, found)
    return f"are not readable as {declared}"


def _beyond(declared: ColumnType, found: AttributeProfile) -> str:
    """Return in which way most numbers go beyond an exact type."""
    scale = declared.scale or 0
    fine = sum(count for digits, count in found.scales.items() if digits > scale)
    reason = f"have more than {scale} decimals" if scale else "have a fraction"
    if declared.name == "bigint":
        large, too_large = found.long, "are beyond 64 bits"
    else:
        most = (declared.precision or MAX_DIGITS) - scale
        large = sum(count for digits, count in found.wholes.items() if digits > most)
        too_large = f"have more than {most} digits before the point"
    return reason if fine >= large else too_large


def _takes(declared: ColumnType) -> set[str]:
    if declared.name in {"string", "json"}:
        return {"S", "N", "BOOL", "B", *_JSON_KINDS}
    return {"BOOL"} if declared.name == "boolean" else {"S", "N"}


def _column(name: str, attribute: str, sample: Sampled, keys: IndexKeys, date_format: str) -> ProposedColumn:
    found = sample.attributes[attribute]
    column_type, reason = proposed_type(attribute, found)
    if attribute == keys.sort_key:
        return ProposedColumn(
            name,
            attribute,
            TIMESTAMP,
            f"{'the sort key, ' if keys.index else ''}read as {date_format}; places an item on its day",
        )
    # The partition key's values stand in every record, so a mask would hide nothing.
    personal = attribute != keys.partition_key and is_personal(attribute, found.texts)
    mask: Mask | None = ("hash" if column_type == STRING else "hidden") if personal else None
    if attribute in keys.table_key:
        return ProposedColumn(name, attribute, column_type, reason, "key", "primary key of the table", mask)
    role, role_reason = _role(attribute, column_type, found, keys)
    return ProposedColumn(name, attribute, column_type, reason, role, role_reason, mask)


def _role(attribute: str, column_type: ColumnType, found: AttributeProfile, keys: IndexKeys) -> tuple[Role | None, str]:
    if is_personal(attribute, found.texts):
        return None, ""
    if attribute == keys.partition_key:
        return "dimension", "partition key of the index"
    if column_type.is_number and not _NAMES_IDENTITY.search(attribute):
        return "measure", "a number"
    few = found.distinct is not None and found.distinct <= MOST_DIMENSION_VALUES
    if column_type == STRING and found.kind == "S" and few and len(found.texts) * 2 <= found.values:
        return "dimension", f"{len(found.texts):,} different values in {found.values:,}"
    return None, ""


def _number_type(attribute: str, found: AttributeProfile) -> tuple[ColumnType, str]:
    count = found.kinds["N"]
    if found.whole == count:
        for per, times in (("seconds", found.seconds), ("milliseconds", found.milliseconds)):
            if times == count and _NAMES_TIME.search(attribute):
                return TIMESTAMP, f"{count:,} numbers, all of them recent as {per} since 1970"
        seen = f"{count:,} numbers, all whole, largest {found.largest:,f}"
        return _whole_type(found, seen)
    decimals = f"{count:,} numbers, up to {found.scale} decimals"
    if found.inexact:
        seen = f"{decimals}, {found.inexact:,} not exact as double"
        if found.digits + found.scale > MAX_DIGITS:
            return STRING, f"{seen}; with {found.digits} digits before the point more than a decimal holds"
        return ColumnType("decimal", MAX_DIGITS, found.scale), seen
    if found.scale <= MONEY_DECIMALS and found.digits + MONEY_DECIMALS <= MAX_DIGITS:
        # Sums of such numbers are exact as decimals alone. Amounts have two decimals, even where none needs them yet.
        return ColumnType("decimal", MAX_DIGITS, max(2, found.scale)), f"{decimals}, so that sums are exact"
    return DOUBLE, f"{decimals}, all exact as double"


def _whole_type(found: AttributeProfile, seen: str) -> tuple[ColumnType, str]:
    if not found.long:
        return BIGINT, seen
    if found.digits > MAX_DIGITS:
        return STRING, f"{found.kinds['N']:,} whole numbers of up to {found.digits} digits, more than a decimal holds"
    return ColumnType("decimal", MAX_DIGITS, 0), f"{seen}, more than 64 bits hold"


def _text_type(found: AttributeProfile) -> tuple[ColumnType, str]:
    count = found.values
    if found.dates == count:
        return DATE, f"{count:,} texts, all YYYY-MM-DD"
    times = found.times + found.dates
    if times == count:
        return TIMESTAMP, f"{count:,} texts, all ISO 8601 times"
    if count >= 100 and times >= NEARLY_ALL * count:
        return TIMESTAMP, f"{times:,} of {count:,} texts are ISO 8601 times; the others become null and are quarantined"
    many = "many" if found.distinct is None else f"{found.distinct:,}"
    return STRING, f"{count:,} texts, {many} different"


def today_next_year(now: dt.datetime) -> dt.date:
    """Return the last day of the last readable year."""
    return dt.date(now.year + 1, 12, 31)
