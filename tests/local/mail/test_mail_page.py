"""The page of sent mail: what it shows, and that no mail and no other site does more on it than be read."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import NamedTuple

import httpx
import pytest

from local.mail.page_server import mail_page
from local.mail.sink import mail_sink

PICTURE = b"\x89PNG\r\n\x1a\n picture"


class Desk(NamedTuple):
    """A sink with its page."""

    client: httpx.Client
    port: int

    def send(self, mail: EmailMessage) -> None:
        """Give a mail to the sink as any program would."""
        mail["From"], mail["To"] = "reports@example.com", "ana@example.com"
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as server:
            server.send_message(mail)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A sink with an empty mailbox."""
    with (
        mail_sink() as sink,
        mail_page(sink.mailbox, how="Run it again.") as page,
        httpx.Client(base_url=page.url) as c,
    ):
        yield Desk(c, sink.port)


def a_mail(subject: str = "Contacts: 42", html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail.set_content("Contacts: 42 on Monday.\n")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def test_mails_are_listed_the_latest_first(desk: Desk) -> None:
    """Without a mail the page says so and looks again by itself; then each has subject, sender, reader and time."""
    assert "No mail yet" in desk.client.get("/").text
    assert desk.client.get("/").headers["refresh"] == "2"
    desk.send(a_mail("The first"))
    desk.send(a_mail("The second"))
    answer = desk.client.get("/")
    assert answer.text.index("The second") < answer.text.index("The first")
    assert "from reports@example.com to ana@example.com · 20" in answer.text
    assert "refresh" not in answer.headers


def test_a_mail_shows_its_html_its_text_and_its_files(desk: Desk) -> None:
    """The HTML has its pictures inside and opens links in another tab; a file comes as it was attached."""
    mail = a_mail(html='<html><head><title>x</title></head><body><img src="cid:chart0"></body></html>')
    mail.get_payload()[1].add_related(PICTURE, "image", "png", cid="<chart0>")  # type: ignore[index,union-attr]
    mail.add_attachment(b"day,contacts\n2026-02-02,42\n", maintype="text", subtype="csv", filename="days.csv")
    desk.send(mail)
    page = desk.client.get("/mail/1").text
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mail/1/html"' in page
    assert "Contacts: 42 on Monday." in page
    assert '<a href="/mail/1/file/0">days.csv</a>, 27 bytes' in page
    framed = desk.client.get("/mail/1/html").text
    assert '<img src="data:image/png;base64,iVBORw0KGgogcGljdHVyZQ==">' in framed
    assert '<base target="_blank">' in framed
    file = desk.client.get("/mail/1/file/0")
    assert (file.content, file.headers["content-type"]) == (b"day,contacts\n2026-02-02,42\n", "text/csv")
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''days.csv"


def test_a_mail_runs_and_loads_nothing(desk: Desk) -> None:
    """Markup of a subject is text; the HTML comes with a policy that lets it run no script and load nothing."""
    desk.send(
        a_mail("<script>alert(1)</script>", html="<html><head></head><body><script>alert(2)</script></body></html>")
    )
    for path in ("/", "/mail/1"):
        assert "<script>" not in desk.client.get(path).text
        assert "&lt;script&gt;alert(1)" in desk.client.get(path).text
    policy = desk.client.get("/mail/1/html").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("name", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""])
def test_another_name_is_refused(desk: Desk, name: str) -> None:
    """A site that points its own name at this machine reads no mail."""
    desk.send(a_mail())
    answer = desk.client.get("/mail/1", headers={"Host": name})
    assert (answer.status_code, answer.text) == (403, "This page answers as localhost alone.")


@pytest.mark.parametrize(
    "path", ["/mail/0", "/mail/2", "/mail/one", "/mail/1/file/0", "/mail/1/html", "/../mail", "/x"]
)
def test_what_is_not_there_is_404(desk: Desk, path: str) -> None:
    """A number that no mail has, and a part that a mail has not, are answered as missing."""
    desk.send(a_mail())
    assert desk.client.get(path).status_code == 404
