"""Webhooks against a real server with a certificate of its own, on this machine."""

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard.errors import NotSent, PerhapsSent
from dashboard.reports.messages.message import Message
from dashboard.reports.senders.webhook import WebhookSender, webhook_from

MESSAGE = Message("Late is high", ("Late: 23%",), "https://d.example/")


def connecting(address: tuple[str, int], seconds: float) -> socket.socket:
    """Connect by the address alone, as names are not to be asked for again."""
    made = socket.socket()
    made.settimeout(seconds)
    try:
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


@dataclass
class Hook:
    """A webhook's server: it answers with `status`, and keeps what it was sent."""

    port: int
    status: int = 200
    bodies: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/services/secret?a=1"


def write_certificate(file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(1))
    )
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hook]:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    write_certificate(file)
    hook = Hook(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append((self.path, json.loads(body)))
            self.send_response(hook.status)
            self.send_header("Location", "https://localhost/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        hook.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield hook
        listening.shutdown()
        thread.join()


@pytest.fixture
def hook(server: Hook) -> Hook:
    server.status = 200
    server.bodies.clear()
    return server


def test_a_message_arrives(hook: Hook) -> None:
    """The body is the one of its kind, posted to the whole address, over a connection with a checked certificate."""
    WebhookSender({"localhost"}).send(MESSAGE, webhook_from("ops", "slack", hook.url))
    ((path, body),) = hook.bodies
    assert path == "/services/secret?a=1"
    assert body["text"] == "Late is high"


def test_an_internal_address_gets_nothing(hook: Hook) -> None:
    """Without the name in REPORT_INTERNAL_HOSTS no connection is made, and the message names the setting."""
    with pytest.raises(NotSent, match="REPORT_INTERNAL_HOSTS") as raised:
        WebhookSender().send(MESSAGE, webhook_from("ops", "slack", hook.url))
    assert hook.bodies == []
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (302, NotSent, "redirects, which is not followed"),
        (307, NotSent, "redirects, which is not followed"),
        (404, NotSent, "refused: 404 ok"),
        (503, PerhapsSent, "answered 503"),
    ],
)
def test_other_answers_are_failures(hook: Hook, status: int, error: type[Exception], words: str) -> None:
    """A redirect is not followed, a refusal may be repeated, and of a fault of the server nothing is known."""
    hook.status = status
    with pytest.raises(error, match=words):
        WebhookSender({"localhost"}).send(MESSAGE, webhook_from("ops", "teams", hook.url))
    assert len(hook.bodies) == 1


def test_an_address_that_does_not_answer_is_passed_over(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name has addresses of both kinds, and a network without IPv6 reaches one of them."""
    found = [(socket.AF_INET, 1, 6, "", (each, hook.port)) for each in ("127.0.0.3", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", connecting)
    WebhookSender({"localhost"}).send(MESSAGE, webhook_from("ops", "slack", hook.url))
    assert len(hook.bodies) == 1


def test_a_certificate_of_another_name_is_refused(hook: Hook) -> None:
    """The address leads to the same server, its certificate is not for that name: nothing is sent."""
    other = hook.url.replace("localhost", "127.0.0.2")
    with pytest.raises(NotSent, match="could not be reached"):
        WebhookSender({"127.0.0.2"}).send(MESSAGE, webhook_from("ops", "slack", other))
    assert hook.bodies == []
