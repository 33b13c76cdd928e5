"""What a window has changed and the published days flow in; the days that have to be read again flow out.

An export shows an item at the two ends of its window. A day that was read inside the window may hold an item that came
to it and left it in between, of which no image is on that day. So the keys in the files of these days are compared with
those of the window (`leftover_items`).
"""

import datetime as dt
from collections.abc import Collection

from dataset_model.records.changes import MARGIN
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.runs import RunEntry
from exporter.run.incremental.changed_days import ChangedDays

RUNS_BACK = dt.timedelta(days=7)
"""A window is compared with the days of runs that began at most so long before it."""

LONGEST_RUN = dt.timedelta(days=1)
"""Assumed longest duration of a run that is not among the newest of the ledger any more."""


class Readings:
    """When the days of a manifest were read."""

    def __init__(self, manifest: Manifest, runs: Collection[RunEntry]) -> None:
        self._manifest = manifest
        self._over = {run.run_id: run.finished_at for run in runs}

    def within(self, start: dt.datetime, end: dt.datetime, oldest: dt.date) -> list[dt.date]:
        """Return the days with rows, from `oldest` on, that were being read in a window; an index shows it late."""
        return [
            day
            for day, record in sorted(self._manifest.days.items())
            if day >= oldest
            and record.read_at - MARGIN < end
            and any(over is None or over >= start - MARGIN for over in self._ends(record))
        ]

    def is_over(self, record: DayRecord, moment: dt.datetime) -> bool:
        """Return whether a day's reading had certainly ended by then."""
        return record.read_at < moment and all(over is not None and over < moment for over in self._ends(record))

    def _ends(self, record: DayRecord) -> list[dt.datetime | None]:
        """Return when the runs of a day's objects ended; None while one is under way."""
        return [self._over.get(found.run_id, record.read_at + LONGEST_RUN) for found in record.objects]


def outdated_days(changed: ChangedDays, manifest: Manifest) -> set[dt.date]:
    """Return the published days that an item was on, or is on, and that were read before it was last written."""
    return {
        day
        for day, at in changed.touched.items()
        if (record := manifest.days.get(day)) is not None and at >= sure_until(record)
    }


def sure_until(record: DayRecord) -> int:
    """Return the instant, in microseconds since 1970, before which every write is in what was read of a day."""
    return microseconds(record.read_at - MARGIN)


def microseconds(moment: dt.datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
