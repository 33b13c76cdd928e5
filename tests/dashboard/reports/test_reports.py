"""Reports: the figures are the Overview's own, with pictures, a text for those without HTML, and CSV."""

import csv
import datetime as dt
import io

from notice_office import NOW, Office

from dataset_model.dashboard.notices import Report
from local.mail.sink import ReceivedMail

SEVEN = [dt.date(2026, 1, 28) + dt.timedelta(days=back) for back in range(7)]


def part_of(mail: ReceivedMail, kind: str) -> str:
    part = mail.message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_report_has_the_figures_of_the_overview(office: Office) -> None:
    """Cards, values of charts and attached CSV count the rows of the period; every chart has a picture with a text."""
    rows = office.published.on(*SEVEN)
    assert len(rows) == 160
    report = Report(name="seven_days", to=("ana@example.com",), every="export", csv=True)
    (line,) = office.run(report, now=NOW)
    assert line.outcome == "sent", line
    (mail,) = office.mails
    text, html = part_of(mail, "plain"), part_of(mail, "html")
    voice = sum(row["channel"] == "VOICE" for row in rows)
    assert "Total rows: 160" in text
    assert f"  VOICE: {voice}" in text
    images = [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
    assert len(images) == 4
    assert all(part.get_content()[:8] == b"\x89PNG\r\n\x1a\n" for part in images)
    for part in images:
        assert f'src="cid:{str(part["Content-ID"]).strip("<>")}" alt="' in html
    assert "As of 3 Feb 2026, 04:00 UTC." in html
    assert "https://reports.example.com/?dataset=contacts&amp;from=2026-01-28&amp;to=2026-02-03" in html
    files = [part for part in mail.message.iter_attachments() if part.get_content_type() == "text/csv"]
    agents = next(part for part in files if "Agents" in str(part.get_filename()))
    table = list(csv.DictReader(io.StringIO(agents.get_content().lstrip("\ufeff"))))
    assert sum(int(row["contacts"]) for row in table) == 160
    dewi = sum(row["agent_name"] == "Dewi" for row in rows)
    assert [row["contacts"] for row in table if row["agent_name"] == "Dewi"] == [str(dewi)]


def test_a_report_says_which_days_are_not_in_it(office: Office) -> None:
    """The last seven days include today, which is not published: the mail says so at its top and in its text."""
    office.run(Report(name="with_a_hole", to=("ana@example.com",), period="last_7_days"))
    (mail,) = office.mails
    for kind in ("plain", "html"):
        assert "Not published: 3 Feb 2026. Their rows are not in these figures." in part_of(mail, kind)


def test_a_weekly_report_is_of_the_week_before(office: Office) -> None:
    """On Tuesday the report of Monday is due, over Monday to Sunday of the week before."""
    (line,) = office.run(Report(name="weekly", every="week", to=("ana@example.com",)), is_dry=True)
    assert line.occasion == "2026-02-02"
    assert "26 Jan \N{EN DASH} 1 Feb 2026" in line.text
    assert (
        f"Total rows: {len(office.published.on(*[dt.date(2026, 1, 26) + dt.timedelta(days=d) for d in range(7)]))}"
        in (line.text)
    )


def test_a_report_under_filters_says_so(office: Office) -> None:
    """Filters narrow cards and stand at the foot, in the words of the page."""
    report = Report(name="voice_only", to=("ana@example.com",), filters={"channel": ("VOICE",)}, period="last_7_days")
    (line,) = office.run(report, is_dry=True)
    assert "Channel: VOICE" in line.text
    assert f"Total rows: {sum(row['channel'] == 'VOICE' for row in office.published.on(*SEVEN))}" in line.text
