"""Partition projection: partition values computed from a table's properties instead of looked up.

Pure: nothing here knows S3 or Glue. Values are text, as they stand in an object's key; a value that the properties
do not produce is invisible even where objects exist under it
(Athena User Guide, "Partition projection with Amazon Athena" and "Supported types for partition projection").
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from local.athena.catalog.glue import Table
from local.athena.errors import QueryError

_INTEGER_RANGE = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*")
_NOW = re.compile(r"NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?", re.IGNORECASE)
_JAVA_FIELDS = {
    "yyyy": ("%Y", r"\d{4}"),
    "yy": ("%y", r"\d{2}"),
    "MM": ("%m", r"\d{2}"),
    "MMM": ("%b", r"[A-Za-z]{3}"),
    "dd": ("%d", r"\d{2}"),
    "HH": ("%H", r"\d{2}"),
    "mm": ("%M", r"\d{2}"),
    "ss": ("%S", r"\d{2}"),
}
_FINEST_UNIT = (("s", "SECONDS"), ("m", "MINUTES"), ("H", "HOURS"), ("d", "DAYS"), ("M", "MONTHS"), ("y", "YEARS"))


class Projection(Protocol):
    """The values that one partition column can take."""

    def values(self, limit: int) -> list[str] | None:
        """List the values in order, or None where there are more than `limit` or no end."""

    def holds(self, text: str) -> bool:
        """Tell whether `text` is a value, in exactly this spelling."""


@dataclass(frozen=True)
class IntegerProjection:
    """Whole numbers from `low` to `high`, both included; `digits` pads with zeros, 0 does not."""

    low: int
    high: int
    step: int = 1
    digits: int = 0

    def text(self, number: int) -> str:
        """Spell a number as it stands in a key."""
        return f"{number:0{self.digits}d}"

    def values(self, limit: int) -> list[str] | None:
        """List the values in order, or None where there are more than `limit`."""
        numbers = range(self.low, self.high + 1, self.step)
        return [self.text(number) for number in numbers] if len(numbers) <= limit else None

    def holds(self, text: str) -> bool:
        """Tell whether `text` is a value, in exactly this spelling."""
        if not re.fullmatch(r"-?\d+", text):
            return False
        number = int(text)
        return self.low <= number <= self.high and not (number - self.low) % self.step and self.text(number) == text


@dataclass(frozen=True)
class EnumProjection:
    """A closed list."""

    members: tuple[str, ...]

    def values(self, limit: int) -> list[str] | None:
        """List the members."""
        return list(self.members) if len(self.members) <= limit else None

    def holds(self, text: str) -> bool:
        """Tell whether `text` is a member."""
        return text in self.members


@dataclass(frozen=True)
class InjectedProjection:
    """Whatever the query asks for, and only that."""

    def values(self, limit: int) -> list[str] | None:  # noqa: ARG002 - the other kinds need it
        """Return None: the query must name the values."""
        return None

    def holds(self, text: str) -> bool:
        """Tell whether `text` can be part of a key."""
        return bool(text)


@dataclass(frozen=True)
class DateProjection:
    """Times from `low` to `high`, both included, `step` units of `unit` apart, spelled in a Java date format."""

    low: datetime
    high: datetime
    java_format: str
    step: int
    unit: str

    def text(self, moment: datetime) -> str:
        """Spell a time as it stands in a key."""
        return moment.strftime(_strftime_format(self.java_format))

    def moments(self) -> Iterator[datetime]:
        """Walk the times in order."""
        for count in itertools.count():
            moment = moved(self.low, count * self.step, self.unit)
            if moment > self.high:
                return
            yield moment

    def values(self, limit: int) -> list[str] | None:
        """List the values in order, or None where there are more than `limit`."""
        found = [self.text(moment) for moment in itertools.islice(self.moments(), limit + 1)]
        return list(dict.fromkeys(found)) if len(found) <= limit else None

    def holds(self, text: str) -> bool:
        """Tell whether `text` is a value, in exactly this spelling."""
        try:
            moment = datetime.strptime(text, _strftime_format(self.java_format)).replace(tzinfo=self.low.tzinfo)
        except ValueError:
            return False
        return self.text(moment) == text and self.low <= moment <= self.high and self._on_a_step(moment)

    def _on_a_step(self, moment: datetime) -> bool:
        unit = self.unit.upper().rstrip("S")
        if unit in ("YEAR", "MONTH"):
            months = (moment.year - self.low.year) * 12 + moment.month - self.low.month
            return months % (self.step * (12 if unit == "YEAR" else 1)) == 0
        return not (moment - self.low) % timedelta(**{f"{unit.lower()}s": self.step})


def moved(moment: datetime, count: int, unit: str) -> datetime:
    """Move a time by calendar units; the 31st falls back to a shorter month's last day."""
    unit = unit.upper().rstrip("S")
    if unit in ("YEAR", "MONTH"):
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
        first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        next_month = (first + timedelta(days=32)).replace(day=1)
        return first.replace(day=min(moment.day, (next_month - timedelta(days=1)).day))
    return moment + count * timedelta(**{f"{unit.lower()}s": 1})


@functools.lru_cache(maxsize=256)
def _strftime_format(java_format: str) -> str:
    out = []
    for quoted, letters, other in re.findall(r"'([^']*)'|([a-zA-Z]+)|([^a-zA-Z'])", java_format):
        if letters:
            runs = (match[0] for match in re.finditer(r"(.)\1*", letters))
            out += [_java_field(run, java_format) for run in runs]
        else:
            out.append((quoted or other).replace("%", "%%"))
    return "".join(out)


def _java_field(run: str, java_format: str) -> str:
    known = {**_JAVA_FIELDS, "d": _JAVA_FIELDS["dd"], "M": _JAVA_FIELDS["MM"], "H": _JAVA_FIELDS["HH"]}
    if run not in known:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: projection format '{java_format}' uses '{run}', which the local Athena does not "
            f"read; it knows {', '.join(_JAVA_FIELDS)}"
        )
    return known[run][0]


def _bound(text: str, java_format: str, now: datetime) -> datetime:
    matched = _NOW.fullmatch(text.strip())
    if not matched:
        return datetime.strptime(text.strip(), _strftime_format(java_format)).replace(tzinfo=now.tzinfo)
    if not matched[1]:
        return now
    return moved(now, int(f"{matched[1]}{matched[2]}"), matched[3])


def projection(column: str, properties: Mapping[str, str], now: datetime) -> Projection:
    """Read the projection of one partition column from a table's properties.

    `now` is what NOW stands for. Properties that are missing or malformed raise QueryError.
    """

    def setting(name: str) -> str:
        return properties.get(f"projection.{column}.{name}", "").strip()

    kind = setting("type").lower()
    if kind == "injected":
        return InjectedProjection()
    if kind == "enum" and setting("values"):
        return EnumProjection(tuple(value.strip() for value in setting("values").split(",")))
    if kind == "integer" and (matched := _INTEGER_RANGE.fullmatch(setting("range"))):
        step, digits = int(setting("interval") or 1), int(setting("digits") or 0)
        return IntegerProjection(int(matched[1]), int(matched[2]), step, digits)
    if kind == "date" and setting("format") and setting("range").count(",") == 1:
        return _date_projection(setting("format"), setting("range"), setting("interval"), setting("interval.unit"), now)
    raise QueryError(
        f"INVALID_TABLE_PROPERTY: partition column '{column}' has no valid projection: projection.{column}.type is "
        f"'{kind}' and its range or values are '{setting('range') or setting('values')}'. Set type to integer, date, "
        f"enum or injected, with range (integer: two whole numbers), format and range (date) or values (enum)."
    )


def _date_projection(java_format: str, limits: str, step: str, unit: str, now: datetime) -> DateProjection:
    low, high = limits.split(",")
    finest = next((name for letter, name in _FINEST_UNIT if letter in java_format), "DAYS")
    try:
        return DateProjection(
            low=_truncated(_bound(low, java_format, now), finest),
            high=_bound(high, java_format, now),
            java_format=java_format,
            step=int(step or 1),
            unit=(unit or finest).upper(),
        )
    except ValueError as error:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: projection range '{limits}' does not fit the format '{java_format}': {error}"
        ) from error


def _truncated(moment: datetime, unit: str) -> datetime:
    cleared: dict[str, int] = {"microsecond": 0}
    for name, blank in (("SECONDS", "second"), ("MINUTES", "minute"), ("HOURS", "hour"), ("DAYS", "day")):
        if name == unit:
            return moment.replace(**cleared)  # type: ignore[arg-type]
        cleared[blank] = 1 if blank == "day" else 0
    if unit == "YEARS":
        cleared["month"] = 1
    return moment.replace(**cleared)  # type: ignore[arg-type]


@dataclass(frozen=True)
class LocationTemplate:
    """Where the objects of a partition lie: a URI with `${column}` in it."""

    text: str

    def location(self, values: Mapping[str, str]) -> str:
        """Put values into the template."""
        return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1].lower()], self.text)

    def known_prefix(self, values: Mapping[str, str]) -> str:
        """The start of every location, as far as single values are known."""
        out = []
        for literal, name in re.findall(r"([^$]*)(?:\$\{(\w+)\})?", self.text):
            out.append(literal)
            if not name:
                continue
            if name.lower() not in values:
                break
            out.append(values[name.lower()])
        return "".join(out)

    def values(self, uri: str) -> dict[str, str] | None:
        """Take the values out of an object's URI, or None where it is elsewhere."""
        matched = self._pattern.match(uri)
        return {name: matched[name] for name in self._pattern.groupindex} if matched else None

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, seen = [], set[str]()
        for literal, name in re.findall(r"([^$]*)(?:\$\{(\w+)\})?", self.text):
            parts.append(re.escape(literal))
            if name:
                lower = name.lower()
                parts.append(f"(?P={lower})" if lower in seen else f"(?P<{lower}>[^/]+?)")
                seen.add(lower)
        return re.compile("".join(parts))


def location_template(table: Table) -> LocationTemplate:
    """Return a table's template: `storage.location.template`, or Hive's `key=value` folders below its location."""
    given = table.parameters.get("storage.location.template", "")
    folders = "/".join(f"{key.name}=${{{key.name}}}" for key in table.partition_keys)
    text = given or f"{table.location.rstrip('/')}/{folders}"
    return LocationTemplate(text if text.endswith("/") else f"{text}/")
