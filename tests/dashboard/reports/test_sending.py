"""Each message reaches each reader once; what is not known is said, what fails is tried again, who leaves has left."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from notice_office import NOW, Office
from serving import serving

from dashboard.api.personal.unsubscribe import unsubscribe_routes
from dashboard.reports.messages.mail import SECOND
from dashboard.reports.senders.smtp import SmtpSender, mail_server_from
from dataset_model.dashboard.notices import Alert
from local.mail.sink import ReceivedMail

MakeAlert = Callable[..., Alert]
MINUTE = dt.timedelta(minutes=1)


def states(office: Office, alert: Alert, now: dt.datetime, **settings: Any) -> list[str]:
    """Return what a run at that time says of each reader."""
    (line,) = office.run(alert, now=now, **settings)
    return [each.state for each in line.sent] or [line.outcome]


def is_second(mail: ReceivedMail) -> bool:
    return SECOND.encode() in mail.body.replace(b"=\r\n", b"").replace(b"\r\n", b" ")


def test_a_message_is_sent_once(office: Office, an_alert: MakeAlert) -> None:
    """The runs of the rest of the day send nothing more, each reader has their own mail."""
    alert = an_alert(above=1, to=["ana@example.com", "bo@example.com"])
    assert states(office, alert, NOW) == ["sent", "sent"]
    assert states(office, alert, NOW + 30 * MINUTE) == ["not due"]
    assert sorted(mail.readers for mail in office.mails) == [("ana@example.com",), ("bo@example.com",)]


def test_a_refused_mail_is_tried_again_five_times(office: Office, an_alert: MakeAlert) -> None:
    """A server that refuses for a while gets the mail later; one that always refuses is left alone, and is named."""
    office.answers += ["451 busy", "250 kept"]
    alert = an_alert(above=1)
    assert states(office, alert, NOW) == ["failed"]
    assert states(office, alert, NOW + MINUTE) == ["not due"]
    assert states(office, alert, NOW + 6 * MINUTE) == ["sent"]
    never = alert.model_copy(update={"name": f"{alert.name}_never"})
    office.answers += ["550 no"] * 9
    found = [states(office, never, NOW + minutes * MINUTE)[0] for minutes in (0, 6, 20, 50, 100, 200, 400)]
    assert found == ["failed"] * 5 + ["not due"] * 2
    assert len(office.mails) == 1


def test_a_connection_that_breaks_after_the_mail_makes_two_at_most(office: Office, an_alert: MakeAlert) -> None:
    """It is not known whether the mail arrived: the second sending says so, and there is no third."""
    office.answers += ["", "", "250 kept"]
    alert = an_alert(above=1)
    found = [states(office, alert, NOW + minutes * MINUTE)[0] for minutes in (0, 5, 11, 22, 60, 600)]
    assert found == ["unknown", "not due", "unknown", "not due", "not due", "not due"]
    assert [is_second(mail) for mail in office.mails] == [False, True]


def test_a_process_killed_between_sending_and_recording(
    office: Office, an_alert: MakeAlert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run sends once more when the claim has run out, says so, and then it is known."""
    send = SmtpSender.send

    class Killed(BaseException):
        pass

    def killed(self: SmtpSender, mail: EmailMessage, sender: str, reader: str) -> None:
        send(self, mail, sender, reader)
        raise Killed

    alert = an_alert(above=1)
    with monkeypatch.context() as patch:
        patch.setattr(SmtpSender, "send", killed)
        with pytest.raises(Killed):
            office.run(alert)
    assert states(office, alert, NOW + 9 * MINUTE) == ["not due"]
    assert states(office, alert, NOW + 11 * MINUTE) == ["sent"]
    assert states(office, alert, NOW + 90 * MINUTE) == ["not due"]
    assert [is_second(mail) for mail in office.mails] == [False, True]


def test_one_reader_s_failure_keeps_it_from_no_other(office: Office, an_alert: MakeAlert) -> None:
    """A webhook that is not set up fails by its name, and the mail arrives."""
    (line,) = office.run(an_alert(above=1, webhooks=["ops"]))
    assert [(each.reader, each.state) for each in line.sent] == [
        ("mail:ana@example.com", "sent"),
        ("webhook:ops", "failed"),
    ]
    assert "REPORT_WEBHOOKS" in line.sent[1].reason
    assert line.has_failed


def test_a_dry_run_prints_and_sends_nothing(office: Office, an_alert: MakeAlert) -> None:
    """What it prints is what would be sent, and the next run still sends it."""
    alert = an_alert(above=1)
    (line,) = office.run(alert, is_dry=True)
    assert "To: mail:ana@example.com" in line.text
    assert office.mails == []
    assert states(office, alert, NOW) == ["sent"]


def test_a_mail_is_unsubscribed_from_by_one_click(office: Office, an_alert: MakeAlert) -> None:
    """A GET changes nothing; the POST of a mail program ends the mails of this notice for this reader."""
    alert = an_alert(above=1, to=["ana@example.com", "bo@example.com"])
    office.run(alert)
    mail = next(each for each in office.mails if each.readers == ("ana@example.com",))
    link = str(mail.message["List-Unsubscribe"]).strip("<>")
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("https://reports.example.com/unsubscribe?t=contacts.")
    service = office.service()
    path = link.removeprefix("https://reports.example.com")
    with serving(lambda: service, more=unsubscribe_routes(lambda: service)) as client:
        shown = client.get(path)
        assert (shown.status_code, "Unsubscribe" in shown.text) == (200, True)
        assert not any(word in shown.text for word in ("ana", "contacts", alert.name))
        assert states(office, alert, NOW + dt.timedelta(days=-1)) == ["sent", "sent"]
        done = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        forged = path.replace(path[-1], "0" if path[-1] != "0" else "1")
        for wrong in (forged, "/unsubscribe", "/unsubscribe?t=contacts.x", path + "0"):
            assert client.post(wrong).status_code == 404
    service.close()
    assert states(office, alert, NOW + dt.timedelta(days=-2)) == ["unsubscribed", "sent"]


def test_links_that_strangers_make_up_are_refused_by_one_reading(office: Office, monkeypatch: Any) -> None:
    """The key of all links is read once: neither the bill nor threads go up with the number of requests."""
    service, reads = office.service(), []
    read = service.objects.read
    monkeypatch.setattr(service.objects, "read", lambda *place: reads.append(place) or read(*place))
    with serving(lambda: service, more=unsubscribe_routes(lambda: service)) as client:
        for number in range(10):
            path = f"/unsubscribe?t=contacts.{number:032x}.{number:032x}"
            assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
    service.close()
    assert [key.rpartition("/")[2] for _, key in reads] == ["_reader_key"]


def test_two_processes_at_once_send_one_mail(office: Office, tmp_path: Path, repository: Path) -> None:
    """The program itself, twice at the same time: one of them sends, both end well."""
    text = (repository / "datasets" / "contacts.yaml").read_text()
    notice = "  alerts: [{name: two_processes, above: 1, to: [ana@example.com]}]\n"
    file = tmp_path / "contacts.yaml"
    file.write_text(text.rstrip("\n") + "\n" + notice)
    environment = (
        os.environ
        | office.published.environment
        | {
            "DATASET": str(file),
            "PYTHONPATH": str(repository),
            "SMTP_URL": office.sink.url,
            "REPORT_FROM": "reports@example.com",
            "DASHBOARD_URL": "https://reports.example.com",
        }
    )
    command = [sys.executable, "-m", "dashboard.reports", "run", "--now", NOW.isoformat()]
    both = [
        subprocess.Popen(
            command, env=environment, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(office.mails) == 1
    printed = "".join(output for output, _ in said)
    assert printed.count("mail:ana@example.com: sent") == 1


def test_a_refused_sign_in_never_shows_the_password() -> None:
    """What a mail server says of a wrong password is logged without it."""
    server = mail_server_from("smtps://ana:s%40cret@mail.example.com")
    assert server.password == "s@cret"
    assert "cret" not in f"{server!r} {server.place}"
    for url in ("smtp+plain://ana:secret@h", "http://h", "smtp://", "smtp://h/path", "smtps://u%0A:p@h"):
        with pytest.raises(ValueError, match="smtps://user:password@host:465") as raised:
            mail_server_from(url)
        assert "secret" not in str(raised.value)
