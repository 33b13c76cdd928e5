"""Sort keys of an unknown format flow in, the date format that reads most of them flows out."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from dataset_model.columns.date_formats import CANDIDATES, NUMBER_FORMATS
from exporter.planning.sort_key import SortKey

_NUMBER_PATTERNS = ("%Y%m%d%H%M%S", "%Y%m%d")


@dataclass(frozen=True)
class FormatGuess:
    """A date format and how many keys it reads."""

    date_format: str
    readable: int


def guessed_format(
    keys: pa.StringArray, attribute_type: Literal["S", "N"], zone: ZoneInfo, latest_year: int
) -> FormatGuess | None:
    """Return the first format that reads most keys, or None if no known format reads any."""
    names = (*NUMBER_FORMATS, *_NUMBER_PATTERNS) if attribute_type == "N" else CANDIDATES
    guesses = [
        FormatGuess(name, SortKey(name, zone, attribute_type, latest_year).days(keys).is_valid().true_count)
        for name in names
    ]
    best = max(guesses, key=lambda guess: guess.readable)
    return best if best.readable else None
