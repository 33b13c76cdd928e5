"""Manifest and S3 listing flow in, the verification status of each day flows out.

A day is verified where `exporter verify` found its rows equal to DynamoDB's, and its objects are still those that the
manifest records and not newer than that finding. It has later changes where a stream has brought changes since: the
finding covers the day as it was read, and the table's live view has what came later.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from dataset_model.records.changes import as_of, milliseconds
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.targets.partitions import day_from_key

VerificationState = Literal["verified", "later_changes", "unverified", "changed"]


@dataclass(frozen=True)
class StoredObject:
    """An object as S3 lists it."""

    key: str
    etag: str
    """Without quotes."""
    modified: dt.datetime
    """When it was published (aware); S3 gives whole seconds."""


@dataclass(frozen=True)
class DayStatus:
    """The verification status of one published day."""

    state: VerificationState
    verified_at: dt.datetime | None = None
    """Set only for a day that is verified, or has later changes."""


@dataclass(frozen=True)
class VerificationStatus:
    """The verification status of several days: the worst of them."""

    state: VerificationState
    verified_at: dt.datetime | None
    """For verified days, or those with later changes, the earliest of their verifications."""
    days: tuple[dt.date, ...]
    """The days that are in this state, in order."""
    of: int
    """Days in all."""


def day_status_from(record: DayRecord, stored: Collection[StoredObject], changed_at: int | None = None) -> DayStatus:
    """Return the status of a day from its record and its objects on S3.

    `changed_at` is the latest write in its change files, in milliseconds since 1970; None where it has none. A finding
    covers what was written before its margin, as a reading does.
    """
    if {(item.key, item.etag) for item in record.objects} != {(item.key, item.etag) for item in stored}:
        return DayStatus("changed")
    published = max((item.modified for item in stored), default=record.read_at).replace(microsecond=0)
    if record.verified_at is None or record.verified_at < max(published, record.read_at):
        return DayStatus("unverified")
    is_covered = changed_at is None or changed_at < milliseconds(as_of(record.verified_at))
    return DayStatus("verified" if is_covered else "later_changes", record.verified_at)


def day_statuses_from(
    prefix: str,
    manifest: Manifest,
    stored: Collection[StoredObject],
    changes: Mapping[dt.date, int],
) -> Mapping[dt.date, DayStatus]:
    """Return the status of each published day of the dataset below `prefix`; `changes` has the latest write of each."""
    found: dict[dt.date, list[StoredObject]] = {}
    for item in stored:
        if day := day_from_key(prefix, item.key):
            found.setdefault(day, []).append(item)
    return {day: day_status_from(record, found.get(day, []), changes.get(day)) for day, record in manifest.days.items()}


def is_as_recorded(manifest: Manifest, stored: Collection[StoredObject]) -> bool:
    """Return whether the objects on S3 are those that the manifest records: every one of them, and no other."""
    recorded = {(item.key, item.etag) for day in manifest.days.values() for item in day.objects}
    return recorded == {(item.key, item.etag) for item in stored}


def combined_status(days: Mapping[dt.date, DayStatus]) -> VerificationStatus:
    """Return the status of several days; of no days it is unverified."""
    for state in ("changed", "unverified"):
        found = tuple(sorted(day for day, known in days.items() if known.state == state))
        if found or not days:
            return VerificationStatus(
                "changed" if found and state == "changed" else "unverified", None, found, len(days)
            )
    moment = min(known.verified_at for known in days.values() if known.verified_at)
    later = tuple(sorted(day for day, known in days.items() if known.state == "later_changes"))
    return VerificationStatus("later_changes" if later else "verified", moment, later or tuple(sorted(days)), len(days))
