"""Ledger entries and the manifest flow in, the days that earlier runs should have published and did not flow out.

A day is settled when the manifest holds a reading of it that began with the run that owes it or later, by any run.
So owed days need no record of their own.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from exporter.errors import NothingOwed
from exporter.planning.window import OWED_DAYS, Window

RESUMABLE_DAYS = 30
"""How far back `--resume` looks for an unfinished run."""


@dataclass(frozen=True)
class EarlierRuns:
    """What a run takes over from earlier ones."""

    entries: tuple[RunEntry, ...] = ()
    """Recent ledger entries, newest first."""
    scheduled_from: dt.date | None = None
    """First day that the schedule covers; None: the run is not scheduled, or no earlier run is known."""


DIED = "the run ended without a report: it was killed, or its machine stopped"


def died_runs(entries: Iterable[RunEntry], own_run_id: str) -> list[RunEntry]:
    """Return the entries of runs that are over although their status is `running`, with the status `died`.

    For the holder of the lease alone: any other run that is alive would hold it.
    """
    return [
        entry.model_copy(update={"status": "died", "error": DIED})
        for entry in entries
        if entry.status == "running" and entry.run_id != own_run_id
    ]


def unsettled_days(entry: RunEntry, manifest: Manifest | None) -> set[dt.date]:
    """Return the days that a run owes and that no run has read since it began.

    A day that a run has both published and owed was published incomplete, so that reading does not settle it.
    """
    records = manifest.days if manifest else {}
    return {
        day
        for day in (() if entry.status == "succeeded" else entry.owed)
        if (record := records.get(day)) is None or record.read_at < entry.started_at
    } | incomplete_days(entry, manifest)


def incomplete_days(entry: RunEntry, manifest: Manifest | None) -> set[dt.date]:
    """Return the days that a run has published and still owes, and that no other run has published since."""
    records = manifest.days if manifest else {}
    owed = () if entry.status in {"succeeded", "running"} else entry.owed
    return {
        day
        for day in owed
        if day in records and any(published.run_id == entry.run_id for published in records[day].objects)
    }


def days_lacking_values(manifest: Manifest | None, values: Iterable[str]) -> dict[str, list[dt.date]]:
    """Return partition value -> days that were published before the value belonged to the dataset, in order."""
    lacking: dict[str, list[dt.date]] = {}
    for day, record in sorted(manifest.days.items() if manifest else ()):
        if record.partition_values is not None:
            for value in values:
                if value not in record.partition_values:
                    lacking.setdefault(value, []).append(day)
    return lacking


def scheduled_since(
    manifest: Manifest | None, first_scheduled: dt.date | None, own_window: Window | None
) -> dt.date | None:
    """Return the first day that the schedule covers, as manifest, oldest ledger entry and present run show it."""
    known = [manifest.scheduled_from if manifest else None, first_scheduled, own_window.first if own_window else None]
    return min((day for day in known if day is not None), default=None)


def days_owed_by_runs(entries: Iterable[RunEntry], manifest: Manifest | None, today: dt.date) -> set[dt.date]:
    """Return the past days that a scheduled run takes over from unfinished runs.

    Days owed by a scheduled run are taken over at any age. Days owed by other runs are taken over only for the last
    `OWED_DAYS`: a failed backfill of years continues by `--resume`, not in a nightly task.
    """
    owed: set[dt.date] = set()
    for entry in entries:
        days = unsettled_days(entry, manifest)
        if entry.options.get("scope") != "scheduled":
            days = {day for day in days if (today - day).days <= OWED_DAYS}
        owed |= {day for day in days if day < today}
    return owed


def resumed_days(entries: Iterable[RunEntry], manifest: Manifest | None) -> Collection[dt.date] | None:
    """Return the days owed by the newest unfinished run; None means every day, as that run was asked for.

    `entries` come newest first. Raises NothingOwed where all is settled.
    """
    for entry in entries:
        is_everything = entry.options.get("scope") == "all"
        if entry.status == "succeeded":
            if is_everything:
                break
            continue
        if is_everything and not entry.owed and entry.window is None:
            return None  # it ended before it knew its days
        if days := unsettled_days(entry, manifest):
            return days
    raise NothingOwed(f"no run of the last {RESUMABLE_DAYS} days owes a day, so there is nothing to resume")
