"""Kept mails flow in, the pages that show them flow out: a list, one mail, and its HTML for a frame of its own."""

import base64
import html
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

from local.mail.sink import ReceivedMail

STYLE: Final = """
:root { color-scheme: light dark; --page: light-dark(#f5f6f9, #0d1320); --card: light-dark(#fff, #151d2c);
  --text: light-dark(#11171f, #e6ebf4); --muted: light-dark(#5a6577, #9dabc2); --border: light-dark(#dfe4ec, #2a364c);
  --link: light-dark(#2455d3, #86adff); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
a { color: var(--link); }
p { margin: .25rem 0 1rem; color: var(--muted); }
.card { background: var(--card); border: 1px solid var(--border); border-radius: 10px; }
ol { list-style: none; margin: 0; padding: 0; }
li + li { border-top: 1px solid var(--border); }
li a { display: block; padding: .7rem 1rem; color: inherit; text-decoration: none; }
li a:hover, li a:focus-visible { background: var(--page); }
li strong { display: block; color: var(--link); }
li span, dt { color: var(--muted); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0; padding: .8rem 1rem; }
dd { margin: 0; }
iframe { display: block; width: 100%; height: 70vh; border: 1px solid var(--border); border-radius: 10px;
  background: #fff; }
details { margin: 1rem 0; padding: .6rem 1rem; }
summary { cursor: pointer; font-weight: 600; }
pre { margin: .6rem 0 0; white-space: pre-wrap; font: 13px/1.5 ui-monospace, monospace; }
"""
FRAME: Final = "allow-popups allow-popups-to-escape-sandbox"
"""What the frame of a mail may do: open its links in another tab, and nothing else."""


def list_page(mails: Sequence[ReceivedMail], how: str) -> str:
    """Return the list of all mails, the latest first; `how` says how a further one is sent."""
    shown = "".join(
        f'<li><a href="/mail/{mail.number}"><strong>{_escaped(_subject(mail))}</strong>'
        f"<span>from {_escaped(mail.sender)} to {_escaped(', '.join(mail.readers))} · {_time(mail)}</span></a></li>"
        for mail in reversed(mails)
    )
    found = f'<ol class="card">{shown}</ol>' if mails else "<p>No mail yet. This page looks again by itself.</p>"
    head = f"<h1>Sent mail</h1><p>Kept on this machine, and sent to no one. {_escaped(how)}</p>"
    return _page("Sent mail", head + found)


def one_page(mail: ReceivedMail) -> str:
    """Return the page of a mail: its head, its HTML in a frame, its text and what is attached."""
    facts = {"From": mail.sender, "To": ", ".join(mail.readers), "Received": _time(mail)}
    head = "".join(f"<dt>{name}</dt><dd>{_escaped(text)}</dd>" for name, text in facts.items())
    files = "".join(
        f'<dt>Attached</dt><dd><a href="/mail/{mail.number}/file/{place}">{_escaped(name)}</a>, {len(content):,} bytes'
        "</dd>"
        for place, (name, _, content) in enumerate(files_of(mail))
    )
    frame = ""
    if mail.message.get_body(("html",)) is not None:
        frame = f'<iframe sandbox="{FRAME}" src="/mail/{mail.number}/html" title="The mail as HTML"></iframe>'
    text = (
        f'<details class="card"{"" if frame else " open"}><summary>Text</summary><pre>{_escaped(text_of(mail))}</pre>'
    )
    title = _subject(mail)
    body = (
        f'<a href="/">All mail</a><h1>{_escaped(title)}</h1><dl class="card">{head}{files}</dl>{frame}{text}</details>'
    )
    return _page(title, body)


def framed_html(mail: ReceivedMail) -> str | None:
    """Return the HTML of a mail with its pictures inside; None where it has none."""
    found = mail.message.get_body(("html",))
    if found is None:
        return None
    text = str(found.get_content())
    for part in mail.message.walk():
        name = str(part.get("Content-ID", "")).strip("<> ")
        if name and part.get_content_maintype() == "image":
            data = base64.b64encode(_content(part)).decode()
            text = text.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    # Its links open in another tab: the frame shows this mail alone.
    return text.replace("<head>", '<head><base target="_blank">', 1)


def text_of(mail: ReceivedMail) -> str:
    """Return the text part of a mail."""
    found = mail.message.get_body(("plain",))
    return "" if found is None else str(found.get_content())


def files_of(mail: ReceivedMail) -> list[tuple[str, str, bytes]]:
    """Return name, type and content of what is attached."""
    parts = mail.message.iter_attachments()
    return [(part.get_filename() or "file", part.get_content_type(), _content(part)) for part in parts]


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _subject(mail: ReceivedMail) -> str:
    return str(mail.message.get("Subject", "")) or "(no subject)"


def _time(mail: ReceivedMail) -> str:
    return f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_escaped(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/style.css"></head><body><main>{body}</main></body></html>'
    )


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
