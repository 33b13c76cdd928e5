"""Alerts and reports that people make: whom they may mail, their rights, and what a run makes of them."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from notice_office import NOW, Office

from dashboard.errors import ChangedMeanwhile, Forbidden, InvalidRequest, Missing, StorageFailed
from dashboard.model.access.api_token import Holder, TokenBook
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, Roles, grants_from
from dashboard.reports.personal.rights import Makers, own_address, without_claims
from dashboard.reports.personal.status import deleted, sent_as_test, statuses_made
from dashboard.reports.personal.validation import notice_from
from dashboard.reports.run import Line, Run
from dashboard.reports.senders.smtp import mail_server_from
from dashboard.reports.settings import ReportSettings
from dashboard.reports.unsubscribing import reader_from
from dashboard.services.service import Service
from dashboard.stores.notices.journal import Journal, JournalStore
from dashboard.stores.notices.notice_store import MadeNotice
from dashboard.stores.notices.unsubscribed import Unsubscribed, reader_key
from dataset_model.dashboard.notices import Alert

ANA = Requester("ana-1", "Ana", roles=Roles("viewer"), claims={"email": "Ana@Example.com", "groups": ["staff"]})
BO = Requester("bo-2", "Bo", roles=Roles("viewer"), claims={"email": "bo@example.com"})
ADMIN = Requester("adm-3", "Ada", roles=Roles("admin"))
DAY = dt.timedelta(days=1)


@pytest.fixture
def service(office: Office) -> Iterator[Service]:
    made = office.service()
    yield made
    with acting_for(ADMIN):
        for each in made.notices.every():
            made.notices.deleted(each.id, each.version)
    made.close()


def make(service: Service, asks: Requester = ANA, domains: frozenset[str] = frozenset(), **body: Any) -> MadeNotice:
    """Make an alert of the contacts as a person would on the page."""
    with acting_for(asks):
        notice = notice_from(service, "contacts", "alert", {"above": 1, **body}, asks, domains)
        return service.notices.made("contacts", notice)


def run(office: Office, service: Service, made: MadeNotice, now: dt.datetime = NOW, **known: Any) -> Line:
    """Look at all notices, the maker having signed in a day before `NOW` unless `known` says otherwise."""
    holder = Holder("Ana", (NOW - DAY).timestamp(), ANA.claims)
    makers = Makers(**{"book": TokenBook(holders={"ana-1": holder}), "signs_in": True, **known})
    options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(office.sink.url))
    lines = Run(service, options, lambda: now, makers=lambda: makers).lines(service.settings.datasets)
    return next(line for line in lines if line.notice == f"contacts/{made.journal_id}")


def test_an_alert_of_a_person_comes_to_their_own_address_once(office: Office, service: Service) -> None:
    """Without addresses it goes to that of the sign-in; the next run sends nothing, and the list shows what came."""
    made = make(service, title="Many contacts")
    assert made.notice.to == ("ana@example.com",)
    assert make(service, title=" ", above=None, no_rows=True).notice.title == "No contacts"
    assert [each.state for each in run(office, service, made).sent] == ["sent"]
    assert run(office, service, made).outcome == "not due"
    assert [mail.readers for mail in office.mails] == [("ana@example.com",)]
    assert b"an alert or a report that Ana made has your" in office.mails[0].body
    with acting_for(ANA):
        (status,) = [each for each in statuses_made(service) if each.made == made]
    assert status.text.startswith("Contacts: ")
    assert {reader: each.state for reader, each in status.deliveries.items()} == {"mail:ana@example.com": "sent"}


@pytest.mark.parametrize(
    "to", ["bo@example.com", "ana@example.com.evil.test", "x@sub.allowed.test", "x@ALLOWED.test.evil.test"]
)
def test_a_person_may_mail_no_one_else(service: Service, to: str) -> None:
    """Neither a colleague nor a look-alike of an allowed domain gets figures that a person sends."""
    with pytest.raises(InvalidRequest, match=r"to: expected ana@example\.com or addresses of allowed\.test; found"):
        make(service, domains=frozenset({"allowed.test"}), to=[to])


@pytest.mark.parametrize("field", ["webhooks", "rights", "name"])
def test_what_a_dataset_file_alone_may_say_is_refused(service: Service, field: str) -> None:
    """A person gives a notice neither a webhook nor a right."""
    with pytest.raises(InvalidRequest, match=f"{field}: expected in the dataset file alone"):
        make(service, **{field: ["unmask"]})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"above": None}, "bound: expected one of above, below, rises, falls, no_rows; found nothing"),
        ({"below": 3}, "bound: expected one of above, below, rises, falls, no_rows; found above and below"),
        ({"measure": "nonsense"}, "measure: expected "),
        ({"filters": {"nonsense": ["x"]}}, "filters: expected values of one of "),
        ({"title": "Look\nat this"}, "title: expected at most 120 printable characters; found 12: "),
        ({"at": "25:00"}, "at: expected "),
        ({"days": 0}, "days: expected at least 1; found 0"),
        ({"to": ["ana@example.com", "ANA@example.com"]}, "to.1: expected each once; found ANA@example.com"),
    ],
)
def test_a_wrong_field_is_named(service: Service, body: dict[str, Any], fault: str) -> None:
    """What could not be computed or sent is refused when it is made."""
    with pytest.raises(InvalidRequest) as refused:
        make(service, **body)
    assert str(refused.value).startswith(fault)


def test_rights_that_went_stop_the_mail(office: Office, service: Service) -> None:
    """No role, no sign-in for a month, ended sessions, or a domain that is not allowed any more: nothing is sent."""
    made = make(service)
    gone = Makers(role_map=RoleMap("groups", grants_from("others=viewer"))).role_map
    assert "Ana has no role for Contact centre any more" in run(office, service, made, role_map=gone).text
    assert "Ana has not signed in for 30 days" in run(office, service, made, now=NOW + 30 * DAY).text
    assert "or an admin ended their sessions" in run(office, service, made, book=TokenBook()).text
    assert "while sign-in was on" in run(office, service, made, signs_in=False).text
    with acting_for(ANA):
        service.notices.deleted(made.id, made.version)
    other = make(service, domains=frozenset({"allowed.test"}), to=["x@allowed.test"])
    assert run(office, service, other).text == "Waits: Mails to x@allowed.test are not allowed (REPORT_DOMAINS)."
    assert office.mails == []
    with acting_for(ANA):
        shown = {each.made.id: each.text for each in statuses_made(service) if each.made}
    assert shown[other.id] == "Waits: Mails to x@allowed.test are not allowed (REPORT_DOMAINS)."


def test_others_get_what_no_claim_shows() -> None:
    """What is sent to another person is made without claims, without rights, and never as an admin."""
    mighty = Requester(
        "a", "Ada", roles=Roles("admin", {}, frozenset({None}), frozenset({None})), claims={"stores": ["1"]}
    )
    asks = without_claims(mighty)
    assert (asks.roles, asks.claims, asks.person) == (Roles("analyst"), {}, "a")
    assert not asks.roles.may_unmask("contacts")
    assert not asks.roles.sees_all_rows("contacts")


def test_a_paused_one_waits_and_a_changed_one_is_looked_at_again(
    office: Office, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused: nothing; another bound on a calm day: the next run tells it; an older version changes nothing."""
    monkeypatch.setattr("dashboard.stores.notices.notice_store._now", lambda: NOW - DAY)
    made = make(service, above=1_000_000)
    assert run(office, service, made).outcome == "calm"
    assert run(office, service, made).outcome == "not due"
    monkeypatch.setattr("dashboard.stores.notices.notice_store._now", lambda: NOW + DAY / 96)
    with acting_for(ANA):
        lower = made.notice.model_copy(update={"above": 1})
        changed = service.notices.changed(made.id, made.version, notice=lower, is_paused=True)
        assert run(office, service, made).text == "Paused."
        service.notices.changed(made.id, changed.version, is_paused=False)
        with pytest.raises(ChangedMeanwhile, match="after you opened it"):
            service.notices.deleted(made.id, made.version)
    assert run(office, service, made, now=NOW + DAY / 48).outcome == "sent"


def test_one_is_seen_by_its_maker_and_by_admins(service: Service) -> None:
    """Another person finds it missing; an admin may pause and delete it, and sends nothing in its maker's name."""
    made = make(service)
    with acting_for(BO):
        with pytest.raises(Missing):
            service.notices.opened(made.id)
        assert made not in service.notices.listed()
    with acting_for(ADMIN):
        with pytest.raises(Forbidden, match="belongs to Ana"):
            service.notices.changed(made.id, 1, notice=made.notice)
        paused = service.notices.changed(made.id, 1, is_paused=True)
        service.notices.deleted(made.id, paused.version)
    with acting_for(ANA), pytest.raises(Missing):
        service.notices.opened(made.id)


def test_a_deleted_one_leaves_no_address(office: Office, service: Service) -> None:
    """What was sent, and to whom, goes with it."""
    made = make(service)
    run(office, service, made)
    journal = JournalStore(
        service.objects, service.settings.bucket, office.published.dataset.target.prefix, made.journal_id
    )
    assert "ana@example.com" in journal.load().model_dump_json()
    with acting_for(ANA):
        deleted(service, made.id, made.version)
    assert journal.load() == Journal()


def test_sign_ins_that_cannot_be_read_stop_no_dataset_file(office: Office, an_alert: Callable[..., Alert]) -> None:
    """The alerts of the dataset file are sent, and the run says that those of people were not looked at."""

    def unreadable() -> Makers:
        raise StorageFailed("s3://reports/_api_tokens.json cannot be read by this version")

    service = office.service(an_alert(above=1))
    options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(office.sink.url))
    try:
        of_file, of_people = Run(service, options, lambda: NOW, makers=unreadable).lines(service.settings.datasets)
    finally:
        service.close()
    assert [each.state for each in of_file.sent] == ["sent"]
    assert (of_people.outcome, of_people.has_failed) == ("failed", True)


def test_a_token_makes_none(service: Service) -> None:
    """A personal token, which may be kept by a program, sends no mails."""
    with pytest.raises(Forbidden, match="not with a token"):
        make(service, Requester("ana-1", "Ana", roles=Roles("analyst"), claims=ANA.claims, token="t1 nightly"))


def test_a_test_goes_to_its_maker_alone_once_a_minute(office: Office, service: Service) -> None:
    """Its maker gets it, marked as a test, even where it has other readers and nothing to report."""
    made = make(service, above=1_000_000, domains=frozenset({"allowed.test"}), to=["x@allowed.test"])
    options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(office.sink.url))
    with acting_for(ANA):
        assert [each.state for each in sent_as_test(service, made, options, NOW)] == ["sent"]
        assert [each.state for each in sent_as_test(service, made, options, NOW)] == ["nothing to do"]
    (mail,) = office.mails
    assert mail.readers == ("ana@example.com",)
    assert str(mail.message["Subject"]).startswith("Test: ")


def test_a_test_is_of_what_it_tests_for_who_wants_no_more(office: Office, service: Service) -> None:
    """A link of a test ends the mails themselves, and a reader who has ended them gets no test."""
    made = make(service)
    options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(office.sink.url))
    with acting_for(ANA):
        sent_as_test(service, made, options, NOW)
    (mail,) = office.mails
    prefix, bucket = office.published.dataset.target.prefix, service.settings.bucket
    link = str(mail.message["List-Unsubscribe"]).strip("<>")
    reader = reader_from(reader_key(service.objects, bucket, prefix).text(), link.partition("t=")[2])
    assert reader is not None
    Unsubscribed(service.objects, bucket, prefix).add(reader.digest)
    assert [each.state for each in run(office, service, made).sent] == ["unsubscribed"]
    with acting_for(ANA):
        later = NOW + dt.timedelta(minutes=1)
        assert [each.state for each in sent_as_test(service, made, options, later)] == ["unsubscribed"]
    assert office.mails == [mail]


@pytest.mark.parametrize(
    ("claims", "address"),
    [
        ({"email": "Ana@Example.com"}, "ana@example.com"),
        ({"email": "ana@example.com", "email_verified": "true"}, "ana@example.com"),
        ({"email": "ana@example.com", "email_verified": False}, ""),
        ({"email": "ana@example.com", "email_verified": "false"}, ""),
        ({"email": "ana@example.com\r\nBcc: x@evil.test"}, ""),
        ({"email": ["ana@example.com"]}, ""),
        ({"email": "ana@example.com", "email_verified": ["true"]}, ""),
        ({}, ""),
    ],
)
def test_the_own_address_is_that_of_the_sign_in(claims: dict[str, object], address: str) -> None:
    """An address that the provider does not vouch for, or that is none, is no person's own."""
    assert own_address(claims) == address
