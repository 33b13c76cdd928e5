"""The datasets' notices flow in, what is due is composed and sent, and a line for each flows out."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dashboard.errors import DashboardError, Forbidden
from dashboard.log import LogLines
from dashboard.model.access.requester import acting_for
from dashboard.reports.composing import composed, occasion_of
from dashboard.reports.delivery import Post, Sent
from dashboard.reports.messages.message import Composed
from dashboard.reports.notices import Sendable, notices_of_file
from dashboard.reports.occasions import Occasion
from dashboard.reports.personal.rights import Makers
from dashboard.reports.settings import ReportSettings
from dashboard.services.service import Service
from dashboard.stores.notices.journal import Journal, JournalStore, Look, Outcome
from dashboard.stores.notices.notice_store import MadeNotice
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
        makers: Callable[[], Makers] | None = None,
    ) -> None:
        """Set what is sent by; `makers` returns the people of whom notices are sent besides those of the files."""
        self._service, self._settings, self._clock, self._is_dry = service, settings, clock, is_dry
        self._post, self._makers = Post(service, settings, clock), makers

    def lines(self, datasets: Iterable[Dataset]) -> list[Line]:
        """Look at the notices of some datasets; a fault of one keeps no other from being sent."""
        wanted = list(datasets)
        of_files = [self._line(each) for dataset in wanted for each in notices_of_file(dataset)]
        return of_files if self._makers is None else [*of_files, *self._made_lines(wanted, self._makers)]

    def _made_lines(self, wanted: list[Dataset], makers: Callable[[], Makers]) -> list[Line]:
        try:
            people, every = makers(), self._service.notices.every()
        except DashboardError as error:
            _log.error("what people made cannot be read", reason=str(error))
            return [Line("what people made", "", "failed", str(error))]
        served = {dataset.name for dataset in self._service.settings.datasets}
        known = {dataset.name: dataset for dataset in wanted}
        due = [made for made in every if made.dataset in known or made.dataset not in served]
        return [self._made_line(made, known.get(made.dataset), people) for made in due]

    def _made_line(self, made: MadeNotice, dataset: Dataset | None, makers: Makers) -> Line:
        name = f"{made.dataset}/{made.journal_id}"
        if made.is_paused:
            return Line(name, "", "quiet", "Paused.")
        if dataset is None:
            return Line(name, "", "waits", f"Waits: the dashboard has no dataset {made.dataset} any more.")
        try:
            return self._line(makers.sendable(made, dataset, self._clock()))
        except Forbidden as refused:
            reason = str(refused)
        try:
            self._write_wait(made, dataset, reason)
        except DashboardError as error:
            _log.error("notice failed", notice=name, reason=str(error))
            return Line(name, "", "failed", str(error))
        return Line(name, "", "waits", f"Waits: {reason}")

    def _write_wait(self, made: MadeNotice, dataset: Dataset, reason: str) -> None:
        """Write why a notice is not sent, for the page of its maker; once."""
        store = JournalStore(
            self._service.objects, self._service.settings.bucket, dataset.target.prefix, made.journal_id
        )
        text = f"Waits: {reason}"
        looked = store.load().looked
        if not self._is_dry and (looked is None or looked.text != text):
            store.look(Look(at=self._clock(), occasion="", published="", outcome="waits", text=text))

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
        occasion = occasion_of(self._service, dataset, notice, now)
        if occasion is None:
            return Line(sendable.name, "", "waits", "Waits: nothing is published yet.")
        if self._is_done(sendable, journal, occasion, manifest, now):
            looked = journal.looked
            return Line(sendable.name, occasion.key, "not due", looked.text if looked else "")
        if isinstance(notice, Alert) and (text := _quiet(notice, journal, occasion)):
            return Line(sendable.name, occasion.key, "quiet", text)
        try:
            found = composed(self._service, sendable, occasion, now, self._settings.dashboard_url)
        except ValueError as error:
            found = Composed("failed", f"{sendable.name}: {error}")
        if self._is_dry:
            return Line(sendable.name, occasion.key, found.outcome, _shown(found, self._post.readers(sendable)))
        store.look(
            Look(
                at=now,
                occasion=occasion.key,
                published=_published(manifest),
                outcome=found.outcome,
                text=found.text,
            )
        )
        sent = self._post.deliver(sendable, found.message, occasion.key, store) if found.message else []
        return Line(sendable.name, occasion.key, found.outcome, found.text, tuple(sent))

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
        if is_same and looked and sendable.saved_at and looked.at < sendable.saved_at:
            return False
        return bool(is_same and looked and looked.outcome in {"calm", "waits"})


def _quiet(alert: Alert, journal: Journal, occasion: Occasion) -> str:
    """Return why an alert is quiet although it may have something to send; "" where it is not."""
    # A message that reached no reader was not sent.
    sent = [
        dt.date.fromisoformat(key)
        for key, deliveries in journal.occasions.items()
        if key < occasion.key and any(each.state in {"sent", "claimed"} for each in deliveries.values())
    ]
    last = max(sent, default=None)
    if last is None or (occasion.days.last - last).days >= alert.quiet_days:
        return ""
    until = last + dt.timedelta(days=alert.quiet_days)
    return f"Quiet until {until.isoformat()}: a message about {last.isoformat()} was sent."


def _published(manifest: Manifest | None) -> str:
    return f"{manifest.version} {manifest.updated_at.isoformat()}" if manifest else ""


def _shown(found: Composed, readers: Sequence[str]) -> str:
    if found.message is None:
        return found.text
    message = found.message
    parts = [f"To: {', '.join(readers)}", f"Subject: {message.subject}", *message.lines, message.link]
    parts += [f"Attached: {file.name}, {len(file.content):,} bytes" for file in message.files]
    return "\n\n".join(parts)
