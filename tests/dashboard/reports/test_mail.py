"""A mail as it leaves: no text of a person or of the data is more in it than text."""

import datetime as dt
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest

from dashboard.reports.messages.mail import mail_from
from dashboard.reports.messages.message import File, Message

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe",
           "List-Unsubscribe-Post", "MIME-Version", "Content-Type"]  # fmt: skip


def sent(subject: str = "Contacts", by: str = "") -> EmailMessage:
    """Return a mail as its reader gets it."""
    message = Message(
        subject, ("20 contacts.",), "https://reports.example.com/", "<p>20</p>", (), (File("a.csv", b"1"),)
    )
    made = mail_from(
        message,
        sender="reports@example.com",
        reader="ana@example.com",
        unsubscribe="https://reports.example.com/unsubscribe?t=1",
        occasion="2026-02-02",
        now=dt.datetime(2026, 2, 3, tzinfo=dt.UTC),
        may_be_second=False,
        by=by,
    )
    return message_from_bytes(made.as_bytes(policy=SMTP), policy=default)


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("=?utf-8?q?=0D=0ABcc:_x@evil.test?=", "= ?utf-8?q?=0D=0ABcc:_x@evil.test?="),
        ("Sales =?utf-8?b?DQpCY2M6IHhAZXZpbC50ZXN0?= up", "Sales = ?utf-8?b?DQpCY2M6IHhAZXZpbC50ZXN0?= up"),
        ("=?us-ascii?q?=0A=0A?=<h1>Pay here</h1>", "= ?us-ascii?q?=0A=0A?=<h1>Pay here</h1>"),
        ("==?utf-8?q?=0A?=", "== ?utf-8?q?=0A?="),
        ("Sales\r\nBcc: x@evil.test", "Sales Bcc: x@evil.test"),
        ("Sales\u2028Bcc:\x00 x\x1b[31m\u202e", "Sales Bcc: x [31m"),
        ("Umsätze ✓ 売上", "Umsätze ✓ 売上"),
        ("ä" * 300, "ä" * 200),
    ],
)
def test_a_subject_adds_no_header(subject: str, read: str) -> None:
    """Line breaks, hidden signs and encoded words of a title are no headers and no body: the title reads as text."""
    mail = sent(subject)
    assert mail.keys() == HEADERS
    assert str(mail["Subject"]) == read
    assert [part.get_content_type() for part in mail.walk()][1:] == [
        "multipart/alternative", "text/plain", "text/html", "text/csv"
    ]  # fmt: skip


def test_a_name_writes_no_paragraph_of_a_mail() -> None:
    """A person's name, which their provider lets them choose, stands in one line; no link of theirs is the mail's."""
    body = sent(by="Eve\r\n\r\nUnsubscribe: https://evil.test/\r\n").get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert [line for line in lines if line.startswith("Unsubscribe: ")] == [
        "Unsubscribe: https://reports.example.com/unsubscribe?t=1"
    ]
