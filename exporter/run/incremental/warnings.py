"""What a window has found and the published days flow in; warnings for the report flow out."""

import datetime as dt
from collections.abc import Collection, Iterator

from dataset_model.records.changes import MARGIN
from dataset_model.records.manifest import DayRecord, Manifest
from exporter.run.account import days_text
from exporter.run.incremental.changed_days import ChangedDays
from exporter.run.incremental.leftover_items import MOST_LOOKUPS, Leftovers


def beginning_warnings(manifest: Manifest, begin: dt.datetime, changed: Collection[dt.date]) -> Iterator[str]:
    """Yield of which days not all changes are known when windows begin; `changed` have change files from before."""
    early = [record.day for record in _closed(manifest) if record.read_at - MARGIN < begin]
    if early:
        yield (
            f"{days_text(early)} were read before {_known(begin)}. "
            f"{_read_again(early, begin)}, or leave them as they are"
        )
    unpublished = sorted(set(changed) - manifest.days.keys())
    if unpublished:
        yield (
            f"{days_text(unpublished)} have change files from before {begin:%Y-%m-%d %H:%M} UTC, from when changes are "
            "known, and were never exported: the view may show items that have gone since. Export them once by "
            f"`exporter backfill {range_of(unpublished)}`"
        )


def continuing_warnings(manifest: Manifest, begun_at: dt.datetime | None) -> Iterator[str]:
    """Yield which days state that changes count from an instant at which none were known yet."""
    early = [
        record.day
        for record in _closed(manifest)
        if begun_at is not None and record.as_of is not None and record.read_at - MARGIN < begun_at
    ]
    if early and begun_at is not None:
        yield (
            f"{days_text(early)} were read before {_known(begun_at)}, as days of an older table export are: what was "
            f"written in between shows nowhere. {_read_again(early, begun_at)}"
        )


def window_warnings(
    changed: ChangedDays, manifest: Manifest, leftovers: Leftovers, table_key: Collection[str]
) -> Iterator[str]:
    """Yield what a window has found and could not write, open or look up."""
    unpublished = sorted(changed.touched.keys() - manifest.days.keys())
    if unpublished:
        yield (
            f"items of {days_text(unpublished)} have changed, which were never exported and stay so; `exporter "
            "backfill` exports such days"
        )
    if leftovers.untold:
        yield (
            f"the files of {days_text(leftovers.untold)} do not hold the table's key ({', '.join(table_key)}) exactly, "
            "so nothing shows whether an item came and left while they were read; declare it as a column of type "
            "string (a number: string or bigint). A binary key cannot be looked up"
        )
    if leftovers.unasked:
        yield (
            f"{sum(leftovers.unasked.values()):,} items of {days_text(leftovers.unasked)} were not looked up, "
            f"because more than {MOST_LOOKUPS:,} would be: one that came and went while its day was read stays in "
            "it. `exporter verify` compares these days with the table"
        )


def _known(begin: dt.datetime) -> str:
    """Return until when a reading may lack writes that no window has: an index shows some late."""
    return f"{begin + MARGIN:%Y-%m-%d %H:%M} UTC, and changes are known from {begin:%H:%M} on"


def _read_again(days: Collection[dt.date], begin: dt.datetime) -> str:
    """Return what to do, and from when: a reading that begins earlier is warned of again."""
    again = f"`exporter backfill --force {range_of(days)}`"
    return f"Read them again once, from {begin + MARGIN:%H:%M} UTC on, by {again}"


def range_of(days: Collection[dt.date]) -> str:
    """Return the options that name all of some days."""
    return f"--start {min(days)} --end {max(days)}"


def _closed(manifest: Manifest) -> Iterator[DayRecord]:
    return (record for record in manifest.days.values() if record.state == "closed")
