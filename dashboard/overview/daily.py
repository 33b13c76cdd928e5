"""Row counts of Athena and the manifest flow in, rows per day flow out: None for a day that is not published."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.model.selection.filters import Days
from dashboard.overview.figures import DayCount
from dashboard.quality.day_differences import DayDifference, differences_from
from dataset_model.records.manifest import Manifest


@dataclass(frozen=True)
class DailyCounts:
    """Every day of a run of days with its rows."""

    days: tuple[DayCount, ...]
    differences: tuple[DayDifference, ...]
    """Days on which Athena and the manifest differ."""


def daily_counts(
    days: Days, manifest: Manifest | None, counted: Mapping[dt.date, int], *, is_part: bool = False
) -> DailyCounts:
    """Return the counts of some days; `counted` holds Athena's rows of each day that has any.

    `is_part`: they are a part of the rows, which the manifest does not count.
    """
    records = manifest.days if manifest else {}
    return DailyCounts(
        tuple(
            DayCount(
                day,
                counted.get(day, 0) if day in records else 0,
                None,
                published=day in records,
                is_open=day in records and records[day].state == "open",
            )
            for day in days
        ),
        () if is_part else differences_from(counted, manifest, days),
    )
