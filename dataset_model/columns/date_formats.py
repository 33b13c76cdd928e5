"""Date formats of a sort key: one row for each name, and what a `DATE_FORMAT` text means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ANYTHING = "*"
"""At the end of a format: the key continues with any text, as in `2026-02-16T10:00:00Z#c-1`."""

_DAY_DIRECTIVES = ("%d", "%j", "%s", "%x", "%c", "%D", "%F")


@dataclass(frozen=True)
class DateFormatRow:
    """One named format."""

    name: str
    per_second: int | None
    """Units per second of a number since 1970; None for formats that are texts."""
    begins_with: str | None
    """strptime pattern at the start of every key, by which texts sort; None if there is none."""
    time: str | None
    """RE2 of the longest text that is one time, for keys that continue after it; None if nothing may follow."""


_ISO_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"(?: ?(?:Z|z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_EPOCH_TIME = r"[0-9]+(?:\.[0-9]+)?"

_ROWS = (
    DateFormatRow("ISO", None, "%Y-%m-%d", _ISO_TIME),
    DateFormatRow("EPOCH", 1, None, _EPOCH_TIME),
    DateFormatRow("EPOCH_MILLIS", 1000, None, _EPOCH_TIME),
    DateFormatRow("HUMAN_READABLE", None, None, None),
)

DATE_FORMATS: Mapping[str, DateFormatRow] = {row.name: row for row in _ROWS}

NUMBER_FORMATS = tuple(row.name for row in _ROWS if row.per_second)
"""Formats that an index has as a number key."""

CANDIDATES = (
    "ISO", "EPOCH", "EPOCH_MILLIS", "%Y%m%d%H%M%S", "%Y%m%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "HUMAN_READABLE",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y",
    "%Y%m%dT%H%M%S%z", "%Y%m%dT%H%M%S.%f%z", "%Y%m%dT%H%M%S",
    "ISO*", "EPOCH*", "EPOCH_MILLIS*", "%Y%m%dT%H%M%S%z*", "%Y%m%dT%H%M%S.%f%z*", "%Y%m%dT%H%M%S*",
    "%Y%m%d*", "%Y/%m/%d*",
)  # fmt: skip
"""Formats to try on keys of an unknown format, in this order: exact ones before those that allow any ending."""


def natural_type(date_format: str) -> Literal["S", "N"]:
    """Return the DynamoDB type in which a date format is usually stored: N for numbers since 1970."""
    return "N" if DateFormatText.parse(date_format).base in NUMBER_FORMATS else "S"


@dataclass(frozen=True)
class DateFormatText:
    """A `DATE_FORMAT`, taken apart."""

    base: str
    """A name, or a strptime pattern."""
    open_ended: bool
    """Whether any text may follow the time."""

    @classmethod
    def parse(cls, text: str) -> "DateFormatText":
        """Read `ISO`, `EPOCH*`, `%d/%m/%Y`, `%Y-%m-%d#*`; raise ValueError naming the choices for anything else."""
        read = cls(text.removesuffix(ANYTHING), text.endswith(ANYTHING))
        row = read.row
        if row and read.open_ended and row.time is None:
            raise ValueError(f"{read.base} without *, because no rule says where such a date ends")
        if row is None and not any(directive in read.base for directive in _DAY_DIRECTIVES):
            raise ValueError(f"{', '.join(DATE_FORMATS)} or a strptime pattern such as %d/%m/%Y %H:%M")
        return read

    @property
    def row(self) -> DateFormatRow | None:
        """The named format, or None for a pattern."""
        return DATE_FORMATS.get(self.base)

    @property
    def per_second(self) -> int | None:
        """Units per second of a number since 1970; None for every other format."""
        return 1 if self.base == "%s" else self.row.per_second if self.row else None
