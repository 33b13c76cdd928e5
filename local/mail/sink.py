"""A mail server that keeps what it is given, for the demo and for tests."""

import contextlib
import datetime as dt
import itertools
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import ClassVar, Final

_MOST_LINE: Final = 4_096
_MOST_BYTES: Final = 30_000_000
_MOST_MAILS: Final = 200
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
POLL_SECONDS: Final = 0.05
"""From being asked to stop until a server does."""


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

    def __init__(self, port: int = 0, answer: Callable[[ReceivedMail], str] = lambda _: "250 kept") -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.mailbox, self.answer = Mailbox(), answer

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """What SMTP_URL says."""
        return f"smtp+plain://127.0.0.1:{self.port}"


@contextlib.contextmanager
def mail_sink(port: int = 0, answer: Callable[[ReceivedMail], str] = lambda _: "250 kept") -> Iterator[MailSink]:
    """Serve a sink in a thread."""
    with MailSink(port, answer) as sink:
        thread = threading.Thread(target=sink.serve_forever, args=(POLL_SECONDS,), name="mail-sink", daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: the commands of RFC 5321 that a client needs."""

    server: MailSink
    timeout = 60
    _EASY: ClassVar = {"EHLO": "250 mail-sink", "HELO": "250 mail-sink", "NOOP": "250 yes", "VRFY": "252 perhaps"}

    def handle(self) -> None:
        """Talk until the client leaves."""
        self._say("220 mail-sink")
        sender, readers = "", list[str]()
        while line := self._line():
            verb, _, rest = line.partition(" ")
            address = rest.partition("<")[2].partition(">")[0]
            match verb.upper():
                case "MAIL":
                    sender, readers = address, []
                    self._say("250 yes")
                case "RCPT":
                    readers.append(address)
                    self._say("250 yes")
                case "RSET":
                    sender, readers = "", []
                    self._say("250 yes")
                case "DATA" if readers:
                    self._say("354 go on")
                    reply = self._keep(sender, tuple(readers))
                    if not reply:
                        return
                    self._say(reply)
                case "QUIT":
                    self._say("221 bye")
                    return
                case other:
                    self._say(self._EASY.get(other, "503 not now"))

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
        self.wfile.write(f"{text}\r\n".encode())
