"""Dataset files flow in, what they send flows out, with the rights that it is made with."""

import datetime as dt
from dataclasses import dataclass

from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import Roles
from dataset_model.dashboard.notices import Alert, Notice, Report
from dataset_model.definition import Dataset


@dataclass(frozen=True)
class Sendable:
    """A notice of one dataset, and who it is made for."""

    dataset: Dataset
    id: str
    """Names its journal; unique within the dataset."""
    notice: Alert | Report
    requester: Requester
    """The person or notice with the rights of which its figures are made."""
    by: str = ""
    """Name of the person who made it; "" for one of a dataset file."""
    saved_at: dt.datetime | None = None
    """When a person last changed it; None for one of a dataset file."""

    @property
    def name(self) -> str:
        """The notice as logs and outcomes name it."""
        return f"{self.dataset.name}/{self.id}"


def notices_of_file(dataset: Dataset) -> tuple[Sendable, ...]:
    """Return the alerts and reports of a dataset file, in its order."""
    section = dataset.dashboard
    every: tuple[Alert | Report, ...] = (*section.alerts, *section.reports)
    return tuple(Sendable(dataset, f"file-{each.name}", each, _maker(dataset, each)) for each in every)


def _maker(dataset: Dataset, notice: Notice) -> Requester:
    """Return who a notice of the file is made as: a person without claims, with the rights that it names."""
    of_it = frozenset({dataset.name})
    roles = Roles(
        by_dataset={dataset.name: "viewer"},
        unmask=of_it if "unmask" in notice.rights else frozenset(),
        all_rows=of_it if "all-rows" in notice.rights else frozenset(),
    )
    return Requester(person=f"notice:{dataset.name}/{notice.name}", name=notice.label, roles=roles)
