"""A message, a reader and the journal flow in; the reader gets it once, and the journal knows."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from email.policy import SMTP as SMTP_POLICY
from typing import Final

from dashboard.aws.mail import MailService
from dashboard.errors import DashboardError, NotSent, PerhapsSent
from dashboard.log import LogLines
from dashboard.reports.messages.mail import SECOND, mail_from
from dashboard.reports.messages.message import Message
from dashboard.reports.notices import Sendable
from dashboard.reports.senders.smtp import SmtpSender
from dashboard.reports.senders.webhook import WebhookSender
from dashboard.reports.settings import ReportSettings
from dashboard.reports.unsubscribing import reader_of, unsubscribe_link
from dashboard.services.service import Service
from dashboard.stores.notices.journal import Claim, JournalStore
from dashboard.stores.notices.unsubscribed import Unsubscribed, reader_key

_log = LogLines(__name__)
MAIL: Final = "mail:"
WEBHOOK: Final = "webhook:"


@dataclass(frozen=True)
class Sent:
    """What became of one message."""

    reader: str
    state: str
    """sent, failed, unknown, unsubscribed, or nothing to do."""
    reason: str = ""


class Post:
    """Sends messages for one service, by the settings."""

    def __init__(self, service: Service, settings: ReportSettings, clock: Callable[[], dt.datetime]) -> None:
        self._service, self._settings, self._clock = service, settings, clock
        target = service.settings.datasets[0].target
        self._key = reader_key(service.objects, service.settings.bucket, target.prefix)
        self._webhooks = WebhookSender(settings.internal_hosts)
        self._smtp = SmtpSender(settings.server) if settings.server else None
        self._ses = MailService(service.settings.region)

    def readers(self, sendable: Sendable) -> tuple[str, ...]:
        """Return the readers of a notice as the journal names them."""
        notice = sendable.notice
        return (*(f"{MAIL}{address}" for address in notice.to), *(f"{WEBHOOK}{name}" for name in notice.webhooks))

    def deliver(self, sendable: Sendable, message: Message, occasion: str, journal: JournalStore) -> list[Sent]:
        """Send to each reader who has not got it; a reader's failure keeps it from no other."""
        return [self._deliver(sendable, message, occasion, journal, reader) for reader in self.readers(sendable)]

    def _deliver(self, sendable: Sendable, message: Message, occasion: str, journal: JournalStore, reader: str) -> Sent:
        try:
            if reader.startswith(MAIL) and self._has_unsubscribed(sendable, reader.removeprefix(MAIL)):
                journal.leave_out(occasion, reader, self._clock())
                return Sent(reader, "unsubscribed")
            claim = journal.claim(occasion, reader, self._clock())
            if claim is None:
                return Sent(reader, "nothing to do")
            return self._send(sendable, message, journal, claim)
        except DashboardError as error:
            _log.error("message not sent", notice=sendable.name, reader=reader, reason=str(error))
            return Sent(reader, "failed", str(error))

    def _send(self, sendable: Sendable, message: Message, journal: JournalStore, claim: Claim) -> Sent:
        try:
            if claim.reader.startswith(MAIL):
                self._mail(sendable, message, claim)
            else:
                self._call(message, claim)
        except PerhapsSent as error:
            # The claim runs out, and what is sent then says that it may be the second.
            journal.record(claim, "claimed", self._clock(), str(error))
            return self._logged(sendable, Sent(claim.reader, "unknown", str(error)))
        except DashboardError as error:
            journal.record(claim, "failed", self._clock(), str(error))
            return self._logged(sendable, Sent(claim.reader, "failed", str(error)))
        journal.record(claim, "sent", self._clock())
        return self._logged(sendable, Sent(claim.reader, "sent"))

    def _mail(self, sendable: Sendable, message: Message, claim: Claim) -> None:
        sender, address = self._settings.sender, claim.reader.removeprefix(MAIL)
        if not sender:
            raise NotSent("no mail is set up. Set REPORT_FROM, and SMTP_URL where mail does not go by Amazon SES.")
        key = self._key.text()
        reader = reader_of(key, sendable.dataset.name, sendable.id, address)
        mail = mail_from(
            message,
            sender=sender,
            reader=address,
            unsubscribe=unsubscribe_link(key, reader, self._settings.dashboard_url),
            occasion=f"{sendable.name}/{claim.occasion}",
            now=self._clock(),
            may_be_second=claim.may_be_second,
            by=sendable.by,
        )
        if self._smtp is not None:
            self._smtp.send(mail, sender, address)
        else:
            self._ses.send(mail.as_bytes(policy=SMTP_POLICY), sender, address)

    def _call(self, message: Message, claim: Claim) -> None:
        name = claim.reader.removeprefix(WEBHOOK)
        webhook = (self._settings.webhooks or {}).get(name)
        if webhook is None:
            raise NotSent(f"no webhook {name} is set up. Add it to REPORT_WEBHOOKS.")
        notes = (SECOND,) if claim.may_be_second else ()
        self._webhooks.send(Message(message.subject, (*notes, *message.lines), message.link), webhook)

    def _has_unsubscribed(self, sendable: Sendable, address: str) -> bool:
        service, dataset = self._service, sendable.dataset
        reader = reader_of(self._key.text(), dataset.name, sendable.id, address)
        return Unsubscribed(service.objects, service.settings.bucket, dataset.target.prefix).has(reader.digest)

    def _logged(self, sendable: Sendable, sent: Sent) -> Sent:
        if sent.state == "sent":
            _log.info("message sent", notice=sendable.name, reader=sent.reader)
        else:
            _log.error(
                "message not sent", notice=sendable.name, reader=sent.reader, state=sent.state, reason=sent.reason
            )
        return sent
