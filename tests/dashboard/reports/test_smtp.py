"""Mail over TLS to real servers: what is not whom it says it is gets neither mail nor password."""

import datetime as dt
import ipaddress
import ssl
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dashboard.errors import NotSent
from dashboard.reports.senders.smtp import SmtpSender, mail_server_from
from local.mail.serving import served
from local.mail.sink import MailSink, mail_sink

PASSWORD = "pass-w0rd"


class WrappedSink(MailSink):
    """One that speaks TLS from the first byte, as a port 465 does."""

    def get_request(self):
        connection, address = super().get_request()
        assert self.tls is not None
        return self.tls.wrap_socket(connection, server_side=True), address

    def handle_error(self, request, client_address):
        """Say nothing of clients that refuse the certificate."""


def certificate(folder: Path, address: str) -> Path:
    """Write a key and a certificate for one address, signed by itself, and return the file of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail server of a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{address}.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def serving(kind: type[MailSink], file: Path) -> AbstractContextManager[MailSink]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return served(kind(tls=context), "mail-sink")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificates for this machine, and for another one."""
    folder = tmp_path_factory.mktemp("certificates")
    return certificate(folder, "127.0.0.1"), certificate(folder, "127.0.0.9")


@pytest.fixture(params=[("smtp", MailSink), ("smtps", WrappedSink)], ids=["starttls", "smtps"])
def scheme(request: pytest.FixtureRequest) -> tuple[str, type[MailSink]]:
    return request.param


def send(scheme: str, sink: MailSink) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Contacts: 42"
    mail.set_content("Contacts: 42")
    server = mail_server_from(f"{scheme}://ana:{PASSWORD}@127.0.0.1:{sink.port}")
    SmtpSender(server).send(mail, "reports@example.com", "ana@example.com")


def secrets_heard(sink: MailSink) -> list[str]:
    """Return the commands that would give away a password or a mail."""
    return [line for line in sink.heard if line.upper().startswith(("AUTH", "MAIL", "RCPT"))]


def test_a_certificate_that_is_trusted_gets_the_mail(scheme, files, monkeypatch) -> None:
    """Both forms of TLS deliver, and sign in only within it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with serving(scheme[1], files[0]) as sink:
        send(scheme[0], sink)
        (mail,) = sink.mailbox.mails
        commands = [line.partition(" ")[0].upper() for line in sink.heard]
    assert mail.readers == ("ana@example.com",)
    before = ["EHLO", "STARTTLS"] if scheme[0] == "smtp" else []
    assert commands == [*before, "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("trusted", [None, 1], ids=["made by itself", "of another machine"])
def test_a_wrong_certificate_gets_neither_mail_nor_password(scheme, files, monkeypatch, trusted) -> None:
    """One that no one vouches for, or one for another machine, is refused with the reason."""
    if trusted is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(files[trusted]))
    with serving(scheme[1], files[trusted or 0]) as sink:
        with pytest.raises(NotSent, match="certificate verify failed") as refused:
            send(scheme[0], sink)
        assert sink.mailbox.mails == ()
        assert secrets_heard(sink) == []
    assert f"127.0.0.1:{sink.port} could not be reached" in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_a_server_without_tls_gets_neither_mail_nor_password() -> None:
    """smtp:// does not go on in clear where the server, or one between, leaves STARTTLS out."""
    with mail_sink() as sink:
        with pytest.raises(NotSent, match="STARTTLS"):
            send("smtp", sink)
        assert secrets_heard(sink) == []


def test_a_server_that_repeats_the_password_is_not_quoted(scheme, files, monkeypatch, capfd) -> None:
    """A refused sign-in names server and code; what the server says of it stands in no message and no log."""
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with serving(scheme[1], files[0]) as sink:
        sink.sign_in = f"535 wrong password {PASSWORD} of ana"
        with pytest.raises(NotSent) as refused:
            send(scheme[0], sink)
    assert "refused the user of SMTP_URL (535). Correct user and password." in str(refused.value)
    assert PASSWORD not in str(refused.value) + "".join(capfd.readouterr())
