"""The datasets of a board and their days flow in; as-of, verification status and open days flow out, in words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.model import formats
from dashboard.model.selection.filters import Days
from dashboard.quality.freshness import Badge, freshness_badges, part_badges
from dashboard.services.service import Service


@dataclass(frozen=True)
class Standing:
    """How far the figures of one dataset can be trusted."""

    name: str
    label: str
    badges: tuple[Badge, ...]

    @property
    def text(self) -> str:
        """One line for the foot of a page or a mail."""
        return f"{self.label}: {' · '.join(badge.text for badge in self.badges)}"


def standing_of(service: Service, name: str, asked: Iterable[Days | None]) -> Standing:
    """Return the standing of a dataset for the days that its cards ask; None among them stands for all."""
    dataset, manifest = service.dataset(name), service.manifest(name)
    if manifest is None or not manifest.days:
        missing = f"{dataset.label} has no published day. Run `python -m exporter export --dataset {name}`."
        return Standing(name, dataset.label, (Badge("Nothing exported yet", "inventory_2", "warn", missing),))
    wanted = list(asked)
    days = {
        day: status
        for day, status in service.day_statuses(name).items()
        if any(each is None or day in each for each in wanted)
    }
    badges = freshness_badges(dataset, manifest, days, dt.datetime.now(dt.UTC))
    open_days = [day for day in sorted(days) if manifest.days[day].state == "open"]
    return Standing(name, dataset.label, (*badges, *_open(open_days), *part_badges(service.model(name).view.remark)))


def _open(days: list[dt.date]) -> tuple[Badge, ...]:
    if not days:
        return ()
    listed = formats.listed(formats.day(day) for day in days)
    text = f"{formats.plural(len(days), 'day')} still open"
    return (Badge(text, "hourglass_top", "warn", f"More rows may come: {listed}. Figures of these days will grow."),)
