"""Row counts of Athena and the manifest flow in, the days on which they differ flow out."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.model.selection.filters import Days
from dataset_model.records.manifest import Manifest


@dataclass(frozen=True)
class DayDifference:
    """A day on which Athena counts other rows than the manifest records."""

    day: dt.date
    recorded: int | None
    """Rows in the manifest; None where the day is not published."""
    counted: int
    """Rows that Athena counts."""


def differences_from(
    counted: Mapping[dt.date, int], manifest: Manifest | None, days: Days | None
) -> tuple[DayDifference, ...]:
    """Return the days that differ, in order; `counted` holds every day with rows among `days` (None: all days)."""
    recorded = {day: record.rows for day, record in manifest.days.items()} if manifest else {}
    known = {day for day in recorded if days is None or day in days} | set(counted)
    return tuple(
        DayDifference(day, recorded.get(day), counted.get(day, 0))
        for day in sorted(known)
        if recorded.get(day, 0) != counted.get(day, 0)
    )
