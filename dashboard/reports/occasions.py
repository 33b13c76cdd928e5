"""A notice, the time and the manifest flow in, the occasion that is due flows out.

An occasion lasts from its time of day to the next one, so that a run that comes late still finds it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, get_args

from dashboard.model.selection.filters import Days, days_of_preset
from dataset_model.dashboard.notices import Alert, Notice, Report, Weekday
from dataset_model.records.manifest import Manifest

_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
_DAY: Final = dt.timedelta(days=1)
_WEEK: Final = 7


@dataclass(frozen=True)
class Occasion:
    """What is sent at most once."""

    key: str
    """Names it in the journal; the same in every process."""
    days: Days
    """The days that it is about, in the dataset's time zone."""


def alert_occasion(alert: Alert, zone: dt.tzinfo, now: dt.datetime) -> Occasion:
    """Return the occasion of an alert: one per day, over the days that end the day before."""
    last = _due_day(alert, zone, now) - _DAY
    return Occasion(last.isoformat(), Days(last - (alert.days - 1) * _DAY, last))


def report_occasion(
    report: Report, zone: dt.tzinfo, now: dt.datetime, manifest: Manifest, first_weekday: int
) -> Occasion:
    """Return the occasion of a report: of its day, of its week, or of what is published now.

    `first_weekday` is the ISO number of the day that a week begins with.
    """
    if report.every == "export":
        day, key = now.astimezone(zone).date(), f"export-{manifest.version}-{manifest.updated_at:%Y%m%dT%H%M%S.%f}"
    else:
        day = _due_day(report, zone, now)
        if report.every == "week":
            wanted = _WEEKDAYS.index(report.weekday or "monday")
            day -= ((day.weekday() - wanted) % _WEEK) * _DAY
        key = day.isoformat()
    return Occasion(key, days_of_preset(report.shown_period, day, first_weekday))


def earlier_days(days: Days) -> Days:
    """Return the days that a change is against: the same weekdays, as few whole weeks before as they do not overlap."""
    moved = -(-len(days) // _WEEK) * _WEEK * _DAY
    return Days(days.first - moved, days.last - moved)


def _due_day(notice: Notice, zone: dt.tzinfo, now: dt.datetime) -> dt.date:
    local = now.astimezone(zone)
    # Instants: a clock that is put back shows an hour twice, and what was due does not become due again.
    due = dt.datetime.combine(local.date(), dt.time.fromisoformat(notice.at), zone)
    is_due = now >= due.astimezone(dt.UTC)
    return local.date() if is_due else local.date() - _DAY
