"""A mail and SMTP_URL flow in, a mail server gets it."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from dashboard.errors import NotSent, PerhapsSent

Security = Literal["tls", "starttls", "plain"]
SCHEMES: Final[dict[str, tuple[Security, int]]] = {
    "smtps": ("tls", 465),
    "smtp": ("starttls", 587),
    "smtp+plain": ("plain", 25),
}
"""Of SMTP_URL: how the connection is secured, and the usual port."""
_SECONDS: Final = 30.0


@dataclass(frozen=True)
class MailServer:
    """Where SMTP_URL leads; its text never has the password."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """The server as messages name it."""
        return f"{self.host}:{self.port}"


def mail_server_from(url: str) -> MailServer:
    """Return the server of SMTP_URL; raise ValueError with what was expected."""
    expected = (
        "smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, or smtp+plain://host:25 without "
        "a password; user and password percent-encoded"
    )
    try:
        parts = urlsplit(url)
        security, usual = SCHEMES[parts.scheme]
        port = parts.port or usual
    except (KeyError, ValueError):
        raise ValueError(expected) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(expected)
    if security == "plain" and (user or password):
        raise ValueError(f"{expected}: a password is not sent over a plain connection")
    if any(not text.isprintable() for text in (user, password)):
        raise ValueError(expected)
    return MailServer(parts.hostname, port, security, user, password)


class SmtpSender:
    """Sends by an SMTP server, one connection a mail."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, mail: EmailMessage, sender: str, reader: str) -> None:
        """Give a mail to the server; raises NotSent or PerhapsSent."""
        body = mail.as_bytes(policy=SMTP_POLICY)
        given = False
        connection: smtplib.SMTP | None = None
        try:
            connection = self._connected()
            _accepted(*connection.mail(sender), "the sender")
            _accepted(*connection.rcpt(reader), "the reader")
            given = True
            _accepted(*connection.data(body), "the mail")
        except NotSent:
            raise
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"{self._server.place} refused: {error.smtp_code} {_text(error.smtp_error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            # What a server says of a failed sign-in may repeat what it was sent.
            reason = type(error).__name__ if isinstance(error, smtplib.SMTPAuthenticationError) else str(error)
            if given:
                raise PerhapsSent(f"{self._server.place} broke off after the mail was given: {reason}") from None
            raise NotSent(f"{self._server.place} could not be reached: {reason}. Check SMTP_URL.") from None
        finally:
            if connection is not None:
                _leave(connection)

    def _connected(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        try:
            if server.security == "starttls":
                # Without it a password, and the figures, would cross the network in clear.
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if server.user:
                self._sign_in(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        try:
            connection.login(self._server.user, self._server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(
                f"{self._server.place} refused the user of SMTP_URL ({error.smtp_code}). Correct user and password."
            ) from None


def _accepted(code: int, answer: bytes, what: str) -> None:
    if code not in {250, 251, 252}:
        raise NotSent(f"the mail server refused {what}: {code} {_text(answer)}")


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:300]


def _leave(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()
