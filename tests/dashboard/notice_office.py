"""A service over the published contacts with notices of a test, and a mail server that keeps what it gets."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

from publishing import Published

from dashboard.reports.run import Line, Run
from dashboard.reports.senders.smtp import mail_server_from
from dashboard.reports.settings import ReportSettings
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model.dashboard.notices import Alert, Report
from local.mail.sink import MailSink, ReceivedMail

NOW = dt.datetime(2026, 2, 3, 9, 0, tzinfo=dt.UTC)
"""The day after the last published one, 2 February: every day is published and closed."""


@dataclass
class Office:
    """Runs notices of a test; `answers` are what the mail server says to the next mails, "250 kept" after them."""

    published: Published
    sink: MailSink
    answers: list[str]

    def run(
        self,
        *notices: Alert | Report,
        now: dt.datetime = NOW,
        is_dry: bool = False,
        service: Service | None = None,
        **settings: Any,
    ) -> list[Line]:
        """Look at the notices as one process would."""
        made = service or self.service(*notices)
        options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(self.sink.url))
        try:
            run = Run(made, dataclasses.replace(options, **settings), lambda: now, is_dry=is_dry)
            return run.lines(made.settings.datasets)
        finally:
            made.close()

    def service(self, *notices: Alert | Report) -> Service:
        """Return a service of which the dataset has the notices."""
        settings = settings_from_environment(self.published.environment)
        (dataset,) = settings.datasets
        section = dataset.dashboard.model_copy(
            update={
                "alerts": tuple(each for each in notices if isinstance(each, Alert)),
                "reports": tuple(each for each in notices if isinstance(each, Report)),
            }
        )
        changed = dataset.model_copy(update={"dashboard": section})
        return Service(settings.model_copy(update={"datasets": (changed,)}))

    @property
    def mails(self) -> list[ReceivedMail]:
        """What has arrived."""
        return list(self.sink.mailbox.mails)
