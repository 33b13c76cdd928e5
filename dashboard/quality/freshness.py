"""Manifest and verification statuses flow in, the badges of the Overview flow out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.model import formats
from dashboard.quality.day_differences import DayDifference
from dashboard.quality.verification_status import DayStatus, VerificationStatus, combined_status
from dataset_model import Dataset
from dataset_model.records.changes import live_view_of
from dataset_model.records.manifest import Manifest

Tone = Literal["plain", "good", "warn"]


@dataclass(frozen=True)
class Badge:
    """A short text with an icon, and a sentence of help."""

    text: str
    icon: str
    """Name of a Material symbol."""
    tone: Tone
    help: str


def freshness_badges(
    dataset: Dataset, manifest: Manifest, days: Mapping[dt.date, DayStatus], now: dt.datetime
) -> tuple[Badge, ...]:
    """Return the badges of some published days; for no days there is no verification badge."""
    moment = formats.instant(manifest.updated_at, dataset.zone, dataset.source.time_zone)
    age = formats.age(manifest.updated_at, now)
    published = f"Published {age}. Days are days in {dataset.source.time_zone}."
    if any(record.as_of is not None for record in manifest.days.values()):
        view = live_view_of(dataset.target.table)
        published += f" Figures are of the days as they were read; {view} has what changed since as well."
    as_of = Badge(f"As of {moment}", "schedule", "plain", published)
    return (as_of, _verification_badge(combined_status(days), dataset)) if days else (as_of,)


def difference_badges(differences: Sequence[DayDifference]) -> tuple[Badge, ...]:
    """Return the badge of days on which Athena and the manifest differ; none where they agree."""
    if not differences:
        return ()
    days = formats.listed(f"{each.day} (Athena {each.counted:,}, manifest {_recorded(each)})" for each in differences)
    return (
        Badge(
            f"Counts differ on {formats.plural(len(differences), 'day')}",
            "report",
            "warn",
            f"Athena counts other rows than the manifest records: {days}. An export may be running; if this stays, "
            "run `python -m exporter doctor`.",
        ),
    )


def _recorded(difference: DayDifference) -> str:
    return "no record" if difference.recorded is None else f"{difference.recorded:,}"


def _verification_badge(known: VerificationStatus, dataset: Dataset) -> Badge:
    days = formats.listed(day.isoformat() for day in known.days)
    some = "" if len(known.days) == known.of else f"{formats.plural(len(known.days), 'day')} "
    if known.state == "later_changes" and known.verified_at is not None:
        moment = formats.instant(known.verified_at, dataset.zone, dataset.source.time_zone)
        return Badge(
            f"Later changes on {formats.plural(len(known.days), 'day')}",
            "update",
            "warn",
            f"Verified {moment}, and changed in DynamoDB since: {days}. Figures are of the days as they were read; "
            f"{live_view_of(dataset.target.table)} has the changes, and the next export of these days takes them in.",
        )
    if known.verified_at is not None:
        return Badge(
            # The badge before it names the zone.
            f"Verified {formats.instant(known.verified_at, dataset.zone)}",
            "verified",
            "good",
            "Every day shown agreed with DynamoDB and Athena then, and its objects have not changed since.",
        )
    if known.state == "changed":
        return Badge(
            f"{some}{'c' if some else 'C'}hanged since {'its' if len(known.days) == 1 else 'their'} export",
            "report",
            "warn",
            f"The objects on S3 are not the ones that were recorded: {days}. The next run replaces or confirms them.",
        )
    return Badge(
        f"{some}{'n' if some else 'N'}ot verified",
        "help",
        "plain",
        f"Not compared with DynamoDB since the export of {days}. "
        f"Run `python -m exporter verify --dataset {dataset.name}`.",
    )


def part_badges(remark: str) -> tuple[Badge, ...]:
    """Return the badge of one who sees a part of the rows; `remark` says which, empty: all of them."""
    return (Badge("A part of the rows", "filter_alt", "plain", remark),) if remark else ()
