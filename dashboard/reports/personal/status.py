"""The requester's alerts and reports flow in, the status of each flows out; and a test of one to its maker."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dashboard.errors import FieldFault, Forbidden, InvalidRequest
from dashboard.model.access.requester import acting_for
from dashboard.reports.composing import composed, occasion_of
from dashboard.reports.delivery import Post, Sent
from dashboard.reports.notices import notices_of_file
from dashboard.reports.personal.rights import own_address, sendable_of
from dashboard.reports.settings import ReportSettings
from dashboard.services.service import Service
from dashboard.stores.notices.journal import Delivery, Journal, JournalStore
from dashboard.stores.notices.notice_store import MadeNotice
from dataset_model.dashboard.notices import Alert, Report
from dataset_model.definition import Dataset


@dataclass(frozen=True)
class NoticeStatus:
    """A notice with its latest result and deliveries."""

    dataset: str
    notice: Alert | Report
    journal: Journal
    made: MadeNotice | None = None
    """None for one of the dataset file."""

    @property
    def text(self) -> str:
        """What was found at the last look; "" before the first one."""
        return self.journal.looked.text if self.journal.looked else ""

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """The messages of the last occasion, by reader."""
        return list(self.journal.occasions.values())[-1] if self.journal.occasions else {}


def statuses_made(service: Service) -> list[NoticeStatus]:
    """Return the notices that the requester made, for an admin those of all people; the latest first."""
    served = {dataset.name: dataset for dataset in service.settings.datasets}
    found = []
    for made in reversed(service.notices.listed()):
        dataset = served.get(made.dataset)
        # What was found has a figure of the dataset: it goes with the right to see it.
        is_seen = dataset is not None and dataset.name in service.names
        journal = _journal(service, dataset, made.journal_id).load() if dataset and is_seen else Journal()
        found.append(NoticeStatus(made.dataset, made.notice, journal, made))
    return found


def statuses_of_files(service: Service) -> list[NoticeStatus]:
    """Return the notices of the dataset files that the requester may see.

    One with rights of its own is an admin's alone: what it found may be what others do not see.
    """
    roles, found = service.permissions.requester().roles, list[NoticeStatus]()
    for name in service.names:
        dataset = service.dataset(name)
        found += [
            NoticeStatus(name, each.notice, _journal(service, dataset, each.id).load())
            for each in notices_of_file(dataset)
            if not each.notice.rights or roles.has("admin", name)
        ]
    return found


def deleted(service: Service, notice_id: str, version: int) -> None:
    """Delete a notice with what is known of its messages; raise ChangedMeanwhile where `version` is not current."""
    made = service.notices.deleted(notice_id, version)
    for dataset in service.settings.datasets:
        if dataset.name == made.dataset:
            for name in (made.journal_id, f"{made.journal_id}-test"):
                _journal(service, dataset, name).remove()


def sent_as_test(service: Service, made: MadeNotice, settings: ReportSettings, now: dt.datetime) -> list[Sent]:
    """Send one now to its maker alone, once a minute; where sign-in is off to its readers.

    Raises DashboardError where it cannot be made, ValueError where its measure or filters are not there any more.
    """
    asks, dataset = service.permissions.requester(), service.dataset(made.dataset)
    own = own_address(asks.claims)
    if asks.person and not own:
        raise Forbidden("Your sign-in gives no address, so there is none that a test could go to.")
    notice = made.notice.model_copy(update={"to": (own,)}) if own else made.notice
    # It has the id of what it tests: a link of a test ends that, and who has ended it gets no test.
    sendable = sendable_of(made.model_copy(update={"notice": notice}), dataset, asks, settings.domains)
    with acting_for(sendable.requester):
        occasion = occasion_of(service, dataset, notice, now)
        if occasion is None:
            raise Forbidden(f"Nothing of {dataset.label} is published yet.")
        try:
            found = composed(service, sendable, occasion, now, settings.dashboard_url, is_test=True)
        except ValueError as error:
            raise InvalidRequest((FieldFault("notice", str(error)),)) from None
        if found.message is None:
            raise Forbidden(found.text)
        message = replace(found.message, subject=f"Test: {found.message.subject}")
        journal = _journal(service, dataset, f"{made.journal_id}-test")
        return Post(service, settings, lambda: now).deliver(sendable, message, f"test-{now:%Y-%m-%dT%H:%M}", journal)


def _journal(service: Service, dataset: Dataset, notice_id: str) -> JournalStore:
    return JournalStore(service.objects, service.settings.bucket, dataset.target.prefix, notice_id)
