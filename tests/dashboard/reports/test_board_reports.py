"""Reports over saved boards: figures, pictures and files of the cards, and nothing that its readers may not see."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from notice_office import NOW, Office

from dashboard.errors import InvalidRequest
from dashboard.model.access.api_token import Holder, TokenBook
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, Roles, grants_from
from dashboard.model.boards.board import board_from
from dashboard.reports.personal.rights import Makers
from dashboard.reports.personal.validation import notice_from
from dashboard.reports.run import Run
from dashboard.reports.senders.smtp import mail_server_from
from dashboard.reports.settings import ReportSettings
from dashboard.services.service import Service
from dataset_model.dashboard.notices import Alert, Report
from local.mail.sink import ReceivedMail

FIRST, LAST = dt.date(2026, 1, 28), dt.date(2026, 2, 2)
DATED = {"dataset": "contacts", "startDate": FIRST.isoformat(), "endDate": LAST.isoformat()}
CARDS = [
    {**DATED, "title": "All <b>of</b> them", "show": "number"},
    {**DATED, "title": "Per day", "show": "line", "by": ["day"]},
    {**DATED, "title": "Per channel", "by": ["channel"]},
]
ANA = Requester("ana-1", "Ana", roles=Roles("analyst"), claims={"email": "ana@example.com"})


@pytest.fixture
def service(office: Office):
    made = office.service()
    yield made
    made.close()


def stored(service: Service, *cards: dict[str, Any], shared: bool = True, asks: Requester = ANA) -> str:
    with acting_for(asks):
        board = board_from({"name": "Weekly look", "cards": list(cards)})
        return service.boards.made(board.model_copy(update={"shared": shared})).board.id


def mailed(office: Office, **fields: Any) -> tuple[str, ReceivedMail | None]:
    """Run a report of the dataset file; return what became of it and its mail."""
    (line,) = office.run(Report(name=fields.pop("name"), to=("ana@example.com",), **fields), now=NOW)
    return f"{line.outcome}: {line.text}", office.mails[0] if office.mails else None


def part_of(mail: ReceivedMail, kind: str) -> str:
    part = mail.message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_value_begins_no_line_of_a_mail_s_text(office: Office, service: Service) -> None:
    """Line breaks in values of a filter are blanks in the text of a board's mail and of an alert: no link of theirs."""
    value = "x\r\n\r\nUnsubscribe: https://evil.test/"
    narrowed = {**DATED, "title": "Per day", "by": ["day"], "filters": {"channel": ["VOICE", value]}}
    board = stored(service, narrowed, {**narrowed, "title": "Count", "show": "number", "by": []})
    mailed(office, name="board_of_lines", board=board)
    office.run(Alert(name="alert_of_lines", to=("ana@example.com",), above=1, filters={"channel": ("VOICE", value)}))
    assert len(office.mails) == 2
    for mail in office.mails:
        lines = [line for line in part_of(mail, "plain").splitlines() if line.startswith("Unsubscribe: ")]
        assert [line.startswith("Unsubscribe: https://reports.example.com/") for line in lines] == [True]
        assert "x Unsubscribe: https://evil.test/" in part_of(mail, "plain")


def test_a_board_comes_with_figures_pictures_csv_and_pdf(office: Office, service: Service) -> None:
    """Its cards in their order, a picture of the chart, every digit as CSV, the PDF, and the address of the board."""
    rows = office.published.on(*(FIRST + dt.timedelta(days=each) for each in range(6)))
    board = stored(service, *CARDS)
    outcome, mail = mailed(office, name="board_whole", board=board, csv=True, pdf=True)
    assert outcome == "sent: Weekly look: All days"
    assert mail is not None
    text, html = part_of(mail, "plain"), part_of(mail, "html")
    assert f"All <b>of</b> them (28 Jan \N{EN DASH} 2 Feb 2026): {len(rows)}" in text
    assert "All &lt;b&gt;of&lt;/b&gt; them" in html
    assert "<b>of</b>" not in html
    assert f"https://reports.example.com/boards?board={board}&amp;preset=all" in html
    (image,) = [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
    assert image.get_content()[:8] == b"\x89PNG\r\n\x1a\n"
    assert 'src="cid:card1" alt="' in html
    files = {str(part.get_filename()): part for part in mail.message.iter_attachments()}
    channels = next(part for name, part in files.items() if "3-Per-channel" in name)
    table = csv.DictReader(io.StringIO(channels.get_content().lstrip("\ufeff")))
    found = {row["channel"]: int(row["contacts"]) for row in table}
    assert found["VOICE"] == sum(row["channel"] == "VOICE" for row in rows)
    (pdf,) = [part for part in files.values() if part.get_content_type() == "application/pdf"]
    assert pdf.get_content()[:5] == b"%PDF-"


def test_a_board_says_which_days_are_not_published(office: Office, service: Service) -> None:
    """A card over a day that was not exported: the mail says so at its top, in HTML and in text."""
    board = stored(service, {**CARDS[0], "endDate": "2026-02-03"})
    _, mail = mailed(office, name="board_hole", board=board)
    assert mail is not None
    for kind in ("plain", "html"):
        assert "Not published: 3 Feb 2026. Their rows are not in these figures." in part_of(mail, kind)


def test_a_private_board_of_a_person_is_not_sent(office: Office, service: Service) -> None:
    """A dataset file that names a board which is not shared sends nothing, and says what to do."""
    outcome, mail = mailed(office, name="board_private", board=stored(service, *CARDS, shared=False))
    assert outcome.startswith("failed: There is no such board, or it is not shared with you.")
    assert mail is None


def test_sql_of_a_board_is_not_asked_for_a_dataset_file(office: Office, service: Service) -> None:
    """Who changes a board did not write the file: its SQL takes a role that the file's report has not."""
    sql = {"title": "All columns", "dataset": "contacts", "sql": "SELECT * FROM contacts"}
    _, mail = mailed(office, name="board_sql", board=stored(service, CARDS[0], sql), csv=True)
    assert mail is not None
    assert "Your role does not allow custom SQL" in part_of(mail, "plain")
    assert [part for part in mail.message.iter_attachments() if "All-columns" in str(part.get_filename())] == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"board": "0123456789abcdef"}, "board: There is no such board"),
        ({"board": "../contacts"}, "board: expected "),
        ({"pdf": True}, "pdf: expected a board, of which the PDF is; found none"),
    ],
)
def test_a_wrong_board_is_refused_when_it_is_chosen(service: Service, fields: dict[str, Any], fault: str) -> None:
    """A board that is not there, and a PDF without a board."""
    with acting_for(ANA), pytest.raises(InvalidRequest) as refused:
        notice_from(service, "contacts", "report", fields, ANA, frozenset())
    assert str(refused.value).startswith(fault)


def test_a_board_of_another_person_is_not_chosen(service: Service) -> None:
    """A private board is as one that does not exist, also for who knows its address."""
    board = stored(service, *CARDS, shared=False)
    bo = Requester("bo-2", "Bo", roles=Roles("analyst"), claims={"email": "bo@example.com"})
    with acting_for(bo), pytest.raises(InvalidRequest, match="board: There is no such board"):
        notice_from(service, "contacts", "report", {"board": board}, bo, frozenset())


@pytest.mark.parametrize(("to", "is_seen"), [("ana@example.com", True), ("x@allowed.test", False)])
def test_a_masked_column_reaches_no_other_reader(office: Office, to: str, is_seen: bool) -> None:
    """Who may see names in clear gets them in their own mail; any other reader finds none in text, HTML and CSV."""
    plain = office.service()
    (dataset,) = plain.settings.datasets
    plain.close()
    columns = tuple(
        each.model_copy(update={"mask": "hash"}) if each.name == "agent_name" else each for each in dataset.columns
    )
    hidden = dataset.model_copy(update={"columns": columns})
    service = Service(plain.settings.model_copy(update={"datasets": (hidden,)}))
    claims = {"email": "ana@example.com", "groups": ["staff"]}
    role_map = RoleMap("groups", grants_from("staff=viewer+unmask"))
    ana = Requester("ana-1", "Ana", roles=role_map.roles_of(claims), claims=claims)
    domains = frozenset({"allowed.test"})
    board = stored(service, CARDS[0], {**DATED, "title": "Per agent", "by": ["agent_name"]}, asks=ana)
    with acting_for(ana):
        body = {"board": board, "csv": True, "to": [to]}
        made = service.notices.made("contacts", notice_from(service, "contacts", "report", body, ana, domains))
    book = TokenBook(holders={"ana-1": Holder("Ana", NOW.timestamp(), claims)})
    options = ReportSettings("https://reports.example.com", "reports@example.com", mail_server_from(office.sink.url))
    try:
        Run(service, options, lambda: NOW, makers=lambda: Makers(book, role_map, True, domains)).lines((hidden,))
        (mail,) = office.mails
        said = part_of(mail, "plain") + part_of(mail, "html")
        files = "".join(part.get_content() for part in mail.message.iter_attachments())
        assert ("Dewi" in said, "Dewi" in files) == (is_seen, is_seen)
        rows = len(office.published.on(*(FIRST + dt.timedelta(days=each) for each in range(6))))
        assert f"of</b> them (28 Jan \N{EN DASH} 2 Feb 2026): {rows}" in said
    finally:
        with acting_for(ana):
            service.notices.deleted(made.id, made.version)
        service.close()
