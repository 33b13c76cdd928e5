"""Alerts: a figure is the pages' own, whole days alone are compared, and each message comes once."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from notice_office import NOW, Office

from dashboard.reports import composing
from dashboard.reports.alert_finding import finding_of
from dashboard.reports.occasions import alert_occasion
from dataset_model.dashboard.notices import Alert

MakeAlert = Callable[..., Alert]
LAST = dt.date(2026, 2, 2)


def text_of(office: Office) -> str:
    (mail,) = office.mails
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_an_alert_tells_figure_bound_days_and_link(office: Office, an_alert: MakeAlert) -> None:
    """A reader learns what was measured, against which bound, as of when, how final it is, and where to look."""
    rows = len(office.published.on(LAST))
    assert rows == 20
    alert = an_alert(title="Many contacts", above=19.5)
    (line,) = office.run(alert)
    assert (line.outcome, [each.state for each in line.sent]) == ("sent", ["sent"])
    (mail,) = office.mails
    assert mail.message["Subject"] == "Contact centre: Many contacts"
    text = text_of(office)
    assert "Contacts: 20 on Mon 2 Feb 2026, above the bound of 19.5." in text
    assert "As of 3 Feb 2026, 04:00 UTC." in text
    assert "Verified" in text
    assert "https://reports.example.com/?dataset=contacts&from=2026-02-02&to=2026-02-02" in text


def test_a_figure_under_filters_is_that_of_the_rows(office: Office, an_alert: MakeAlert) -> None:
    """Filters narrow the rows, and the link has them."""
    voice = [row for row in office.published.on(LAST) if row["channel"] == "VOICE"]
    alert = an_alert(measure="distinct", column="contact_id", below=100, filters={"channel": ["VOICE"]})
    office.run(alert)
    text = text_of(office)
    assert f"{len({row['contact_id'] for row in voice})} on Mon 2 Feb 2026, below the bound of 100." in text
    assert "Channel: VOICE" in text
    assert "&channel=VOICE" in text


@pytest.mark.parametrize("bound", [{"above": 20}, {"below": 20}, {"rises": 1}, {"falls": 1}])
def test_a_bound_that_is_met_is_not_passed(office: Office, an_alert: MakeAlert, bound: dict[str, Any]) -> None:
    """Mondays have 20 rows each: neither more nor less, and no change."""
    (line,) = office.run(an_alert(**bound))
    assert (line.outcome, office.mails) == ("calm", [])


def test_a_change_is_against_the_same_weekdays(office: Office, an_alert: MakeAlert) -> None:
    """Eight days are compared with the eight that begin two weeks earlier, whatever the weekday's usual figure."""
    per_day = Counter(row["day"] for row in office.published.rows)
    days = [LAST - dt.timedelta(days=back) for back in range(8)]
    now = sum(per_day[day] for day in days)
    before = sum(per_day[day - dt.timedelta(days=14)] for day in days)
    assert now == before
    (line,) = office.run(an_alert(days=8, rises=0.1))
    assert f"{now} on 26 Jan \N{EN DASH} 2 Feb 2026, after {before} on 12 \N{EN DASH} 19 Jan 2026 (+0.0%)" in line.text


def test_a_day_that_is_not_published_is_waited_for(office: Office, an_alert: MakeAlert) -> None:
    """A missing day is never a zero that is below a bound; an alert on missing rows tells of it."""
    tomorrow = NOW + dt.timedelta(days=1)
    (line,) = office.run(an_alert(below=5), now=tomorrow)
    assert (line.outcome, line.text, office.mails) == ("waits", "Waits: not published: 3 Feb 2026.", [])
    missing = an_alert(no_rows=True).model_copy(update={"name": "missing_rows_of_february"})
    office.run(missing, now=tomorrow)
    assert "No contacts on Tue 3 Feb 2026; not published: 3 Feb 2026." in text_of(office)
    assert "Not published: 3 Feb 2026. Their rows are not in these figures." in text_of(office)


def test_missing_rows_of_an_open_day_may_still_come(
    office: Office, an_alert: MakeAlert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert on missing rows says with its figure that the day is open, also where no mail is read: on the page."""
    alert = an_alert(no_rows=True, filters={"channel": ["FAX"]})
    service = office.service(alert)
    manifest = service.manifest("contacts")
    assert manifest is not None
    opened = {**manifest.days, LAST: manifest.days[LAST].model_copy(update={"state": "open"})}
    monkeypatch.setattr(service, "manifest", lambda _: manifest.model_copy(update={"days": opened}))
    (line,) = office.run(service=service)
    assert line.text == "No contacts on Mon 2 Feb 2026; still open: 2 Feb 2026."


def test_a_clock_that_is_put_back_makes_nothing_due_again() -> None:
    """In the hour that comes twice, what was due at 02:30 stays due; in the hour that is skipped, it is due once."""
    zone, minute = ZoneInfo("Europe/Berlin"), dt.timedelta(minutes=1)
    alert = Alert(name="nightly", above=Decimal(1), at="02:30")
    for evening, due in ((dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 0, 30)),
                         (dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC), dt.datetime(2026, 3, 29, 1, 30))):  # fmt: skip
        moments = [evening + number * minute for number in range(8 * 60)]
        keys = [alert_occasion(alert, zone, moment).key for moment in moments]
        assert keys == sorted(keys)
        assert len(set(keys)) == 2
        assert moments[keys.index(keys[-1])] == due.replace(tzinfo=dt.UTC)


def test_no_rows_under_a_filter(office: Office, an_alert: MakeAlert) -> None:
    """A day that is published may still have no row of one kind."""
    office.run(an_alert(no_rows=True, filters={"channel": ["FAX"]}))
    assert "No contacts on Mon 2 Feb 2026." in text_of(office)


def test_before_its_time_of_day_the_day_before_yesterday_counts(office: Office, an_alert: MakeAlert) -> None:
    """Until 10:00 of 3 February the alert is still about 1 February."""
    (line,) = office.run(an_alert(at="10:00", above=1))
    assert line.occasion == "2026-02-01"


def test_quiet_days_pass_between_two_messages(office: Office, an_alert: MakeAlert) -> None:
    """With three quiet days, what is sent on Saturday is not sent again before Tuesday."""
    alert = an_alert(above=1, quiet_days=3)
    outcomes = [office.run(alert, now=NOW - dt.timedelta(days=back))[0].outcome for back in (3, 2, 1, 0)]
    assert outcomes == ["sent", "quiet", "quiet", "sent"]
    assert len(office.mails) == 2


def test_a_message_that_reached_no_person_makes_no_quiet(office: Office, an_alert: MakeAlert) -> None:
    """What the mail server refused was not sent: the next day sends it, although three quiet days are asked for."""
    office.answers += ["550 no"]
    alert = an_alert(above=1, quiet_days=3)
    states = [office.run(alert, now=NOW - dt.timedelta(days=back))[0].sent[0].state for back in (1, 0)]
    assert states == ["failed", "sent"]


def test_an_unexpected_fault_keeps_no_other_from_being_sent(
    office: Office, an_alert: MakeAlert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of this program in one alert is a failed line, and the next alert is sent."""
    broken = an_alert(above=1, measure="distinct", column="contact_id")
    right = an_alert(above=1).model_copy(update={"name": "sent_after_a_fault"})

    def finding(service: Any, name: str, alert: Alert, *rest: Any) -> Any:
        if alert.name == broken.name:
            raise KeyError("a fault of the program")
        return finding_of(service, name, alert, *rest)

    monkeypatch.setattr(composing, "finding_of", finding)
    lines = office.run(broken, right)
    assert [line.outcome for line in lines] == ["failed", "sent"]
    assert lines[0].has_failed


def test_a_calm_alert_asks_again_only_after_an_export(office: Office, an_alert: MakeAlert) -> None:
    """A run each quarter of an hour costs no query while nothing else is published."""
    alert = an_alert(above=1000)
    assert [office.run(alert)[0].outcome for _ in range(2)] == ["calm", "not due"]


def test_what_cannot_be_measured_fails_by_name(office: Office, an_alert: MakeAlert) -> None:
    """A measure that the table does not have is an outcome that says so, and keeps no other from running."""
    wrong = an_alert(measure="revenue", above=1)
    right = an_alert(above=1).model_copy(update={"name": "the_other_one"})
    lines = office.run(wrong, right)
    assert [line.outcome for line in lines] == ["failed", "sent"]
    assert "expected" not in lines[1].text
    assert "revenue" in lines[0].text
    assert lines[0].has_failed
