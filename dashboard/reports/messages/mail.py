"""A message and its reader flow in, a mail flows out: text and HTML, pictures inside, files attached."""

import datetime as dt
import hashlib
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from dashboard.model import formats
from dashboard.reports.messages import page
from dashboard.reports.messages.message import Message

_MOST_SUBJECT: Final = 200
SECOND = "You may have this message already: the first sending was broken off before it was recorded."


def mail_from(
    message: Message,
    *,
    sender: str,
    reader: str,
    unsubscribe: str,
    occasion: str,
    now: dt.datetime,
    may_be_second: bool,
    by: str = "",
) -> EmailMessage:
    """Return the mail of one reader; `unsubscribe` ends these mails for them, `by` is who made the notice."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Reporting <{sender}>", reader, header_text(message.subject)
    mail["Date"] = format_datetime(now)
    # The same for both sendings of a message that may come twice: a mail program may then show it once.
    digest = hashlib.sha256(f"{occasion}\n{reader}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{unsubscribe}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    notes = [SECOND] if may_be_second else []
    maker = f" that {formats.one_line(by)} made" if by else ""
    foot = [f"You get this because an alert or a report{maker} has your address."]
    text = [*notes, *message.lines, f"Open these figures: {message.link}", *foot, f"Unsubscribe: {unsubscribe}"]
    mail.set_content("\n\n".join(text) + "\n")
    html = page.lines_of((note, "warn") for note in notes) + message.html if notes else message.html
    closing = f"{page.escaped(foot[0])} {page.link_of('Unsubscribe', unsubscribe)}"
    mail.add_alternative(page.page(message.subject, html, closing), subtype="html")
    body = mail.get_payload()[1]  # type: ignore[index]
    for picture in message.pictures:
        body.add_related(  # type: ignore[union-attr]
            picture.png, "image", "png", cid=f"<{picture.name}>", filename=f"{picture.name}.png", disposition="inline"
        )
    for file in message.files:
        main, sub = file.kind.split("/")
        params = {"charset": "utf-8"} if main == "text" else {}
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name, params=params)
    return mail


def header_text(text: str) -> str:
    """Return a text as the value of a header, one line that is read as it stands.

    Python decodes what looks like an encoded word (RFC 2047) before it writes a header: `=?utf-8?q?=0D=0A?=` became a
    line break there, and what follows it further headers, or the body.
    """
    return formats.one_line(text).replace("=?", "= ?")[:_MOST_SUBJECT]
