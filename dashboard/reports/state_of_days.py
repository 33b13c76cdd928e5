"""A dataset's records and some days flow in, what a reader must know of them flows out: as of when, open, verified."""

import datetime as dt
from dataclasses import dataclass

from dashboard.model import formats
from dashboard.model.selection.filters import Days
from dashboard.quality.freshness import Badge, freshness_badges
from dashboard.services.service import Service
from dataset_model.definition import Dataset


@dataclass(frozen=True)
class StateOfDays:
    """Whether the figures of some days are final."""

    lines: tuple[str, ...]
    """Sentences; the first says as of when."""
    badges: tuple[Badge, ...]
    """The same as the Overview shows."""
    doubts: tuple[str, ...]
    """Those of the sentences that say why figures may still change; none where every day is closed and verified."""


def state_of_days(service: Service, dataset: Dataset, days: Days, now: dt.datetime) -> StateOfDays:
    """Return the state of the days up to today; later ones are not expected."""
    manifest = service.manifest(dataset.name)
    if manifest is None:
        text = "Nothing is published yet."
        return StateOfDays((text,), (), (text,))
    over = [day for day in days if day <= now.astimezone(dataset.zone).date()]
    missing = [day for day in over if day not in manifest.days]
    still_open = [day for day in over if day in manifest.days and manifest.days[day].state == "open"]
    badges = freshness_badges(dataset, manifest, service.day_statuses(dataset.name, days), now)
    doubts = []
    if missing:
        doubts.append(f"Not published: {_listed(missing)}. Their rows are not in these figures.")
    if still_open:
        doubts.append(f"Still open: {_listed(still_open)}. Rows may still come.")
    doubts += [f"{badge.text}: {badge.help}" for badge in badges[1:] if badge.tone != "good"]
    verified = [f"{badge.text}." for badge in badges[1:] if badge.tone == "good"]
    return StateOfDays((f"{badges[0].text}.", *doubts, *verified), badges, tuple(doubts))


def _listed(days: list[dt.date]) -> str:
    return formats.listed((formats.day(day) for day in days), 4)
