"""Sort keys of an unknown format flow in, the date format that reads most of them flows out."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.columns.date_formats import CANDIDATES, NUMBER_FORMATS
from exporter.planning.sort_key import SortKey

_NUMBER_PATTERNS = ("%Y%m%d%H%M%S", "%Y%m%d")
_ZONE = re.compile(r"(?:[Tt ]?[0-9:.,]+ ?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})|[Zz])(?![0-9A-Za-z])")
"""A zone, with the time before it, where a format has read no zone: it would put items on days of another zone."""


@dataclass(frozen=True)
class FormatGuess:
    """A date format and how many keys it reads."""

    date_format: str
    readable: int
    other: str | None = None
    """The format with month before day, if it reads as many."""


def formats_of(attribute_type: Literal["S", "N"]) -> tuple[str, ...]:
    """Return the formats to try on keys of a type, in this order."""
    return (*NUMBER_FORMATS, *_NUMBER_PATTERNS) if attribute_type == "N" else CANDIDATES


def guessed_format(keys: pa.StringArray, read_so_far: SortKey) -> FormatGuess | None:
    """Return the first format that reads most keys, or None if no known format reads any."""
    made = [replace(read_so_far, date_format=name) for name in formats_of(read_so_far.attribute_type)]
    counts = [readable_keys(each, keys) for each in made]
    most = max(counts)
    best = made[counts.index(most)]
    return FormatGuess(best.date_format, most, other_order(best, keys)) if most else None


def readable_keys(sort_key: SortKey, keys: pa.StringArray) -> int:
    """Return how many keys a format reads, without those of which it would take a zone for an ending."""
    readable = pc.is_valid(sort_key.days(keys))
    times = sort_key.times(keys)
    if not times.equals(keys):
        pairs = zip(keys.to_pylist(), times.to_pylist(), strict=True)
        ignored = [text is not None and _ZONE.match(text[len(time) :]) is not None for text, time in pairs]
        readable = pc.and_not(readable, pa.array(ignored, pa.bool_()))
    return int(readable.true_count)


def other_order(sort_key: SortKey, keys: pa.StringArray) -> str | None:
    """Return the format with month before day if it reads as many keys as this one with day before month."""
    if "%d/%m" not in sort_key.date_format:
        return None
    month_first = replace(sort_key, date_format=sort_key.date_format.replace("%d/%m", "%m/%d"))
    return month_first.date_format if readable_keys(month_first, keys) == readable_keys(sort_key, keys) else None
