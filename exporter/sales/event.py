"""The event of a day's sales flows in, its date and the rows of four datasets flow out, or every fault by its field."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exporter.errors import UsageError

Row = Mapping[str, Any]

EVENT_LISTS = {
    "top_products": ("product_metrics",),
    "anomalies": ("insights", "anomalies"),
    "trends": ("insights", "trends"),
    "recommendations": ("insights", "recommendations"),
}
"""Dataset -> where the event has its rows."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_YEAR = 2000
_SHOWN_FAULTS = 20
_SHOWN = 80


@dataclass(frozen=True)
class FieldFault:
    """One field of an event that cannot be used."""

    field: str
    expected: str
    found: object

    def __str__(self) -> str:
        """Return the fault as one line."""
        try:
            found = str(self.found) if isinstance(self.found, Decimal) else repr(self.found)
        except RecursionError:
            found = f"{type(self.found).__name__} with too many others inside one another"
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
        return f"{self.field}: expected {self.expected}; found {shown}"


class WrongEventError(UsageError):
    """An event that cannot be used; nothing was written."""

    def __init__(self, faults: list[FieldFault]) -> None:
        more = [f"  and {len(faults) - _SHOWN_FAULTS:,} more"] if len(faults) > _SHOWN_FAULTS else []
        lines = [f"  {fault}" for fault in faults[:_SHOWN_FAULTS]]
        super().__init__("\n".join(["wrong event, nothing was written", *lines, *more]))


@dataclass(frozen=True)
class SalesEvent:
    """What an event holds."""

    date: dt.date
    rows: Mapping[str, tuple[Row, ...]]
    """Dataset -> its rows, in the order of the event."""


def place_of(dataset: str, number: int) -> str:
    """Return how a fault names a row: `insights.anomalies[2]`."""
    return f"{'.'.join(EVENT_LISTS[dataset])}[{number}]"


def event_from(value: object) -> SalesEvent:
    """Return the event; raise WrongEventError with every fault of its form."""
    faults: list[FieldFault] = []
    event = _object(value, "event", faults)
    date = _date(event.get("date"), faults)
    _object(event.get("company_metrics"), "company_metrics", faults)
    insights = _object(event.get("insights"), "insights", faults)
    rows = {}
    for dataset, path in EVENT_LISTS.items():
        if len(path) > 1 and not isinstance(event.get("insights"), Mapping):
            continue  # which is a fault already
        found = (insights if len(path) > 1 else event).get(path[-1])
        rows[dataset] = _rows(found, dataset, ".".join(path), faults)
    if faults or date is None:
        raise WrongEventError(faults)
    return SalesEvent(date, rows)


def _date(value: object, faults: list[FieldFault]) -> dt.date | None:
    expected = "a date such as 2026-02-16"
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            date = dt.date.fromisoformat(value)
            last = dt.datetime.now(dt.UTC).year + 1
            if _FIRST_YEAR <= date.year <= last:
                return date
            expected = f"a date of {_FIRST_YEAR} to {last}"  # another would be in no table: no export reads it
    except ValueError:
        pass
    faults.append(FieldFault("date", expected, value))
    return None


def _object(value: object, field: str, faults: list[FieldFault]) -> Row:
    if isinstance(value, Mapping):
        return value
    faults.append(FieldFault(field, "an object", value))
    return {}


def _rows(value: object, dataset: str, field: str, faults: list[FieldFault]) -> tuple[Row, ...]:
    if not isinstance(value, list | tuple):
        faults.append(FieldFault(field, "a list of objects", value))
        return ()
    return tuple(_object(row, place_of(dataset, number), faults) for number, row in enumerate(value))
