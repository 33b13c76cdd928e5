"""A message and its reader flow in, a mail flows out: text and HTML, pictures inside, files attached."""

import datetime as dt
import hashlib
from email.message import EmailMessage
from email.utils import format_datetime

from dashboard.reports.messages import page
from dashboard.reports.messages.message import Message

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
    mail["From"], mail["To"], mail["Subject"] = f"Reporting <{sender}>", reader, message.subject[:200]
    mail["Date"] = format_datetime(now)
    # The same for both sendings of a message that may come twice: a mail program may then show it once.
    digest = hashlib.sha256(f"{occasion}\n{reader}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{unsubscribe}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    notes = [SECOND] if may_be_second else []
    maker = f" that {by} made" if by else ""
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
