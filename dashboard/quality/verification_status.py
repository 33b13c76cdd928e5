"""How sure the published days are: verified, not verified, or changed since their export. Pure.

That an object is the one that the manifest recorded is one thing; that its rows are those of DynamoDB is another, and
only `exporter verify` finds that out. So a day counts as verified where both hold, and the finding is not older than
the object that it is about.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from dataset_model.manifest import DayRecord, Manifest
from dataset_model.partitions import day_from_key

AssuranceState = Literal["verified", "unverified", "changed"]


@dataclass(frozen=True)
class StoredObject:
    """An object as S3 lists it."""

    key: str
    etag: str
    """Without quotes."""
    modified: dt.datetime
    """When it was published (aware); S3 tells whole seconds."""


@dataclass(frozen=True)
class DayAssurance:
    """What is known of one published day."""

    state: AssuranceState
    verified_at: dt.datetime | None = None
    """Set for a verified day alone."""


@dataclass(frozen=True)
class Assurance:
    """What is known of several days together: the worst of them."""

    state: AssuranceState
    verified_at: dt.datetime | None
    """For verified days, when the one looked at longest ago was."""
    days: tuple[dt.date, ...]
    """The days that are in this state, in order."""
    of: int
    """Days in all."""


def day_assurance(record: DayRecord, stored: Collection[StoredObject]) -> DayAssurance:
    """Return what is known of a day from its record and the objects that lie on S3 for it."""
    if {(item.key, item.etag) for item in record.objects} != {(item.key, item.etag) for item in stored}:
        return DayAssurance("changed")
    published = max((item.modified for item in stored), default=record.read_at).replace(microsecond=0)
    if record.verified_at is None or record.verified_at < max(published, record.read_at):
        return DayAssurance("unverified")
    return DayAssurance("verified", record.verified_at)


def assurances_from(
    prefix: str, manifest: Manifest, stored: Collection[StoredObject]
) -> Mapping[dt.date, DayAssurance]:
    """Return what is known of each published day of a dataset, whose objects lie below `prefix`."""
    found: dict[dt.date, list[StoredObject]] = {}
    for item in stored:
        if day := day_from_key(prefix, item.key):
            found.setdefault(day, []).append(item)
    return {day: day_assurance(record, found.get(day, [])) for day, record in manifest.days.items()}


def is_as_recorded(manifest: Manifest, stored: Collection[StoredObject]) -> bool:
    """Return whether the objects on S3 are those that the manifest records: every one of them, and no other."""
    recorded = {(item.key, item.etag) for day in manifest.days.values() for item in day.objects}
    return recorded == {(item.key, item.etag) for item in stored}


def assurance_of(days: Mapping[dt.date, DayAssurance]) -> Assurance:
    """Return what is known of days together; of none at all it is that they are not verified."""
    for state in ("changed", "unverified"):
        found = tuple(sorted(day for day, known in days.items() if known.state == state))
        if found or not days:
            return Assurance("changed" if found and state == "changed" else "unverified", None, found, len(days))
    moments = [known.verified_at for known in days.values() if known.verified_at]
    return Assurance("verified", min(moments), tuple(sorted(days)), len(days))
