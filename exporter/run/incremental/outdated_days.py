"""What a window has changed and the published days flow in; the days that have to be read again flow out.

An export shows an item at the two ends of its window. A day that was read inside the window may hold an item that came
to it and left it in between, of which no image is on that day. So the keys in the files of these days are compared with
those of the window (`leftover_items`). It may also lack an item that was away and came back, or hold another value of
one that is as it was: then the write says so, although the images do not differ.
"""

import datetime as dt
from collections.abc import Collection, Mapping

from dataset_model.records.changes import MARGIN
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.runs import RunEntry

RUNS_BACK = dt.timedelta(days=7)
"""A window is compared with the days of runs that began at most so long before it."""

LONGEST_RUN = dt.timedelta(days=1)
"""Assumed longest duration of a run that was killed, or is not among the newest of the ledger any more."""


class Readings:
    """When the days of a manifest were read; for the holder of the lease, so that no run is under way."""

    def __init__(self, manifest: Manifest, runs: Collection[RunEntry]) -> None:
        self._manifest = manifest
        # A killed run has no end, also not once another one has seen that it died.
        self._over = {run.run_id: run.finished_at or run.started_at + LONGEST_RUN for run in runs}

    def within(self, start: dt.datetime, end: dt.datetime, oldest: dt.date) -> list[dt.date]:
        """Return the days from `oldest` on that were being read in a window; an index shows it late."""
        return [
            day
            for day, record in sorted(self._manifest.days.items())
            if day >= oldest
            and record.read_at - MARGIN < end
            and any(over >= start - MARGIN for over in self._ends(record))
        ]

    def is_over(self, record: DayRecord, moment: dt.datetime) -> bool:
        """Return whether a day's reading had certainly ended by then, also where clocks differ."""
        return record.read_at < moment and all(over < moment - MARGIN for over in self._ends(record))

    def _ends(self, record: DayRecord) -> list[dt.datetime]:
        """Return when the runs that have read a day ended, at the latest; an empty day does not name its run."""
        latest = record.read_at + LONGEST_RUN
        return [self._over.get(found.run_id, latest) for found in record.objects] or [latest]


def outdated_days(writes: Mapping[dt.date, int], manifest: Manifest) -> set[dt.date]:
    """Return the published days that were read before the latest write of an item of theirs."""
    return {
        day for day, at in writes.items() if (record := manifest.days.get(day)) is not None and at >= sure_until(record)
    }


def sure_until(record: DayRecord) -> int:
    """Return the instant, in microseconds since 1970, before which every write is in what was read of a day."""
    return microseconds(record.read_at - MARGIN)


def microseconds(moment: dt.datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
