"""A mailbox flows in, a web server on loopback that shows it flows out."""

from contextlib import AbstractContextManager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import quote, urlsplit

from local.mail.mail_page import FRAME, STYLE, files_of, framed_html, list_page, one_page
from local.mail.serving import served
from local.mail.sink import Mailbox, ReceivedMail

_NAMES: Final = frozenset(("127.0.0.1", "localhost"))
"""Under which it answers: a page of another site can point a name of its own at this machine."""
_HTML: Final = "text/html; charset=utf-8"
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_MAIL_POLICY: Final = (
    f"sandbox {FRAME}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Of the HTML of a mail: it loads nothing and runs nothing."""
_LOOK_AGAIN: Final = {"Refresh": "2"}


class MailPage(ThreadingHTTPServer):
    """Listens on loopback."""

    daemon_threads = True

    def __init__(self, mailbox: Mailbox, port: int = 0, how: str = "") -> None:
        """Set what is shown, and `how` a further mail is sent."""
        super().__init__(("127.0.0.1", port), _Request)
        self.mailbox, self.how = mailbox, how

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://localhost:{self.server_address[1]}"


def mail_page(mailbox: Mailbox, port: int = 0, how: str = "") -> AbstractContextManager[MailPage]:
    """Serve the page of a mailbox in a thread."""
    return served(MailPage(mailbox, port, how), "mail-page")


class _Request(BaseHTTPRequestHandler):
    """One request; it only reads."""

    server: MailPage
    timeout = 30

    def do_GET(self) -> None:
        """Answer the list, a mail, or a part of one."""
        if self.headers.get("Host", "").partition(":")[0].lower() not in _NAMES:
            self._answer("This page answers as localhost alone.", "text/plain", HTTPStatus.FORBIDDEN)
            return
        match urlsplit(self.path).path.strip("/").split("/"):
            case [""]:
                mails = self.server.mailbox.mails
                self._answer(list_page(mails, self.server.how), _HTML, more={} if mails else _LOOK_AGAIN)
            case ["style.css"]:
                self._answer(STYLE, "text/css")
            case ["mail", number, *rest] if mail := self._mail(number):
                self._part(mail, rest)
            case _:
                self._missing()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing: the terminal is the demo's."""

    def _part(self, mail: ReceivedMail, rest: list[str]) -> None:
        match rest:
            case []:
                self._answer(one_page(mail), _HTML)
            case ["html"] if (text := framed_html(mail)) is not None:
                self._answer(text, _HTML, policy=_MAIL_POLICY)
            case ["file", place] if place.isascii() and place.isdigit() and int(place) < len(files_of(mail)):
                file_name, kind, content = files_of(mail)[int(place)]
                given = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"}
                self._answer(content, kind, more=given)
            case _:
                self._missing()

    def _mail(self, number: str) -> ReceivedMail | None:
        return next((mail for mail in self.server.mailbox.mails if str(mail.number) == number), None)

    def _missing(self) -> None:
        self._answer("There is no such mail: the last 200 are kept. Open the list.", "text/plain", HTTPStatus.NOT_FOUND)

    def _answer(
        self,
        content: str | bytes,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        policy: str = _PAGE_POLICY,
        more: dict[str, str] | None = None,
    ) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        for name, value in {**headers, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
