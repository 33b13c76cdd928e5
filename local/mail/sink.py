"""A mail server that keeps what it is given, for the demo and for tests."""

import datetime as dt
import itertools
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import ClassVar, Final

from local.mail.serving import served

_MOST_LINE: Final = 4_096
_MOST_BYTES: Final = 30_000_000
_MOST_MAILS: Final = 200
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it was given."""

    sender: str
    readers: tuple[str, ...]
    body: bytes
    number: int = 0
    """Names it in the mailbox; counts from 1."""
    received_at: dt.datetime = _NEVER

    @property
    def message(self) -> EmailMessage:
        """The parts of the mail."""
        found = message_from_bytes(self.body, policy=default)
        assert isinstance(found, EmailMessage)  # noqa: S101 - what that policy makes
        return found


class Mailbox:
    """The latest mails, the newest last. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: list[ReceivedMail] = []
        self._numbers = itertools.count(1)

    def add(self, mail: ReceivedMail) -> None:
        """Keep a mail under the next number; of more than 200 the oldest goes."""
        with self._lock:
            kept = replace(mail, number=next(self._numbers), received_at=dt.datetime.now(dt.UTC))
            self._mails = [*self._mails, kept][-_MOST_MAILS:]

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """Every mail that is kept."""
        with self._lock:
            return tuple(self._mails)


class MailSink(socketserver.ThreadingTCPServer):
    """Listens on loopback. `answer` may refuse a mail: it returns the server's reply to what it was given."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self,
        port: int = 0,
        answer: Callable[[ReceivedMail], str] = lambda _: "250 kept",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Set the replies, and `tls` by which a client may secure its connection (STARTTLS)."""
        super().__init__(("127.0.0.1", port), _Conversation)
        self.mailbox, self.answer, self.tls = Mailbox(), answer, tls
        self.sign_in = "235 yes"
        """The reply to a user and a password."""
        self.heard: list[str] = []
        """Every command of every client; not the mails."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """What SMTP_URL says."""
        return f"smtp+plain://127.0.0.1:{self.port}"


def mail_sink(
    port: int = 0, answer: Callable[[ReceivedMail], str] = lambda _: "250 kept"
) -> AbstractContextManager[MailSink]:
    """Serve a sink in a thread."""
    return served(MailSink(port, answer), "mail-sink")


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: the commands of RFC 5321 that a client needs."""

    server: MailSink
    timeout = 60
    _is_secure = False
    _EASY: ClassVar = {"HELO": "250 mail-sink", "NOOP": "250 yes", "RSET": "250 yes", "VRFY": "252 perhaps"}

    def setup(self) -> None:
        """Begin a conversation without a mail."""
        super().setup()
        self._sender, self._readers = "", list[str]()

    def handle(self) -> None:
        """Talk until the client leaves."""
        self._say("220 mail-sink")
        while (line := self._line()) and self._answered(line):
            pass

    def finish(self) -> None:
        """End the conversation; what TLS has made of its socket is its own to close."""
        super().finish()
        if self._is_secure:
            self.connection.close()

    def _answered(self, line: str) -> bool:
        """Answer a command; return whether the conversation goes on."""
        self.server.heard.append(line)
        verb, _, rest = line.partition(" ")
        address = rest.partition("<")[2].partition(">")[0]
        match verb.upper():
            case "STARTTLS" if self.server.tls:
                self._say("220 go on")
                return self._secured(self.server.tls)
            case "MAIL":
                self._sender, self._readers = address, []
                self._say("250 yes")
            case "RCPT":
                self._readers.append(address)
                self._say("250 yes")
            case "DATA" if self._readers:
                self._say("354 go on")
                reply = self._keep(self._sender, tuple(self._readers))
                self._say(reply)
                return bool(reply)
            case "QUIT":
                self._say("221 bye")
                return False
            case other:
                self._say(self._easy(other))
        return True

    def _easy(self, verb: str) -> str:
        """Return the reply to a command that changes nothing."""
        offers = "250-STARTTLS\r\n" if self.server.tls and not self._is_secure else ""
        more = {"EHLO": f"250-mail-sink\r\n{offers}250 AUTH PLAIN", "AUTH": self.server.sign_in}
        if verb == "RSET":
            self._sender, self._readers = "", []
        return {**self._EASY, **more}.get(verb, "503 not now")

    def _secured(self, tls: ssl.SSLContext) -> bool:
        """Go on over TLS; return whether the client took it."""
        try:
            self.connection = tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self._is_secure = True
        return True

    def _keep(self, sender: str, readers: tuple[str, ...]) -> str:
        """Read a mail up to its final dot; return the reply, "" where the connection is to break."""
        body = bytearray()
        while (line := self.rfile.readline(_MOST_BYTES)) not in {b".\r\n", b""}:
            body += line[1:] if line.startswith(b".") else line
            if len(body) > _MOST_BYTES:
                return "552 too large"
        mail = ReceivedMail(sender, readers, bytes(body))
        reply = self.server.answer(mail)
        if reply.startswith("250") or not reply:
            self.server.mailbox.add(mail)
        return reply

    def _line(self) -> str:
        return self.rfile.readline(_MOST_LINE).decode("utf-8", "replace").strip()

    def _say(self, text: str) -> None:
        if text:
            self.wfile.write(f"{text}\r\n".encode())
