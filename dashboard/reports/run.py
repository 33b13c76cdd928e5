"""The datasets' notices flow in, what is due is composed and sent, and a line for each flows out."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.model.access.requester import acting_for
from dashboard.reports.composing import Composed, composed_alert, composed_report
from dashboard.reports.notices import Sendable, notices_of_file
from dashboard.reports.occasions import Occasion, alert_occasion, report_occasion
from dashboard.reports.post import Post, Sent
from dashboard.reports.settings import ReportSettings
from dashboard.services.service import Service
from dashboard.stores.notices.journal import Journal, JournalStore, Look, Outcome
from dataset_model.dashboard.notices import Alert
from dataset_model.definition import Dataset
from dataset_model.records.manifest import Manifest

_log = LogLines(__name__)


@dataclass(frozen=True)
class Line:
    """What became of one notice."""

    notice: str
    occasion: str
    outcome: Outcome
    text: str
    sent: tuple[Sent, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether somebody did not get what they should have, or it could not be made."""
        return self.outcome == "failed" or any(each.state in {"failed", "unknown"} for each in self.sent)


class Run:
    """One look at every notice; `clock` gives the time, `is_dry` sends and records nothing."""

    def __init__(
        self,
        service: Service,
        settings: ReportSettings,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        *,
        is_dry: bool = False,
    ) -> None:
        self._service, self._settings, self._clock, self._is_dry = service, settings, clock, is_dry
        self._post = Post(service, settings, clock)

    def lines(self, datasets: Iterable[Dataset]) -> list[Line]:
        """Look at the notices of some datasets; a fault of one keeps no other from being sent."""
        return [self._line(each) for dataset in datasets for each in notices_of_file(dataset)]

    def _line(self, sendable: Sendable) -> Line:
        prefix, service = sendable.dataset.target.prefix, self._service
        journal = JournalStore(service.objects, service.settings.bucket, prefix, sendable.id)
        try:
            with acting_for(sendable.requester):
                return self._looked(sendable, journal)
        except (DashboardError, ValueError) as error:
            _log.error("notice failed", notice=sendable.name, reason=str(error))
            return Line(sendable.name, "", "failed", str(error))
        except Exception:  # noqa: BLE001 - one fault must not keep the others from being sent
            # The others are still to be sent; the run ends as failed, with the traceback in its log.
            _log.exception("notice failed", notice=sendable.name)
            return Line(sendable.name, "", "failed", "An unexpected fault; the log has its details.")

    def _looked(self, sendable: Sendable, store: JournalStore) -> Line:
        dataset, notice, now = sendable.dataset, sendable.notice, self._clock()
        manifest, journal = self._service.manifest(dataset.name), store.load()
        occasion = self._occasion(sendable, manifest, now)
        if occasion is None:
            return Line(sendable.name, "", "waits", "Waits: nothing is published yet.")
        if self._is_done(sendable, journal, occasion, manifest, now):
            looked = journal.looked
            return Line(sendable.name, occasion.key, "not due", looked.text if looked else "")
        if isinstance(notice, Alert) and (text := _quiet(notice, journal, occasion)):
            return Line(sendable.name, occasion.key, "quiet", text)
        try:
            composed = self._composed(sendable, occasion, now)
        except ValueError as error:
            composed = Composed("failed", f"{sendable.name}: {error}")
        if self._is_dry:
            return Line(sendable.name, occasion.key, composed.outcome, _shown(composed, self._post.readers(sendable)))
        store.look(
            Look(
                at=now,
                occasion=occasion.key,
                published=_published(manifest),
                outcome=composed.outcome,
                text=composed.text,
            )
        )
        sent = self._post.deliver(sendable, composed.message, occasion.key, store) if composed.message else []
        return Line(sendable.name, occasion.key, composed.outcome, composed.text, tuple(sent))

    def _occasion(self, sendable: Sendable, manifest: Manifest | None, now: dt.datetime) -> Occasion | None:
        dataset, notice = sendable.dataset, sendable.notice
        if isinstance(notice, Alert):
            return alert_occasion(notice, dataset.zone, now)
        if manifest is None:
            return None
        first = self._service.model(dataset.name).calendar.first_weekday
        return report_occasion(notice, dataset.zone, now, manifest, first)

    def _composed(self, sendable: Sendable, occasion: Occasion, now: dt.datetime) -> Composed:
        dataset, notice, url = sendable.dataset, sendable.notice, self._settings.dashboard_url
        if isinstance(notice, Alert):
            return composed_alert(self._service, dataset, notice, occasion, now, url)
        return composed_report(self._service, dataset, notice, occasion, now, url)

    def _is_done(
        self, sendable: Sendable, journal: Journal, occasion: Occasion, manifest: Manifest | None, now: dt.datetime
    ) -> bool:
        """Return whether nothing can have changed: all have it, or nothing else is published since the last look."""
        known = journal.occasions.get(occasion.key)
        if known is not None:
            readers = self._post.readers(sendable)
            return all(reader in known and known[reader].claimed_again(now) is None for reader in readers)
        looked = journal.looked
        is_same = looked is not None and (looked.occasion, looked.published) == (occasion.key, _published(manifest))
        return bool(is_same and looked and looked.outcome in {"calm", "waits"})


def _quiet(alert: Alert, journal: Journal, occasion: Occasion) -> str:
    """Return why an alert is quiet although it may have something to tell; "" where it is not."""
    # What reached no person was not sent.
    told = [
        dt.date.fromisoformat(key)
        for key, deliveries in journal.occasions.items()
        if key < occasion.key and any(each.state in {"sent", "claimed"} for each in deliveries.values())
    ]
    last = max(told, default=None)
    if last is None or (occasion.days.last - last).days >= alert.quiet_days:
        return ""
    until = last + dt.timedelta(days=alert.quiet_days)
    return f"Quiet until {until.isoformat()}: a message about {last.isoformat()} was sent."


def _published(manifest: Manifest | None) -> str:
    return f"{manifest.version} {manifest.updated_at.isoformat()}" if manifest else ""


def _shown(composed: Composed, readers: Sequence[str]) -> str:
    if composed.message is None:
        return composed.text
    message = composed.message
    parts = [f"To: {', '.join(readers)}", f"Subject: {message.subject}", *message.lines, message.link]
    parts += [f"Attached: {file.name}, {len(file.content):,} bytes" for file in message.files]
    return "\n\n".join(parts)
