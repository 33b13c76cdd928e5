"""Row rules: the rows of a person with a claim, by every road that leads to rows."""

import contextlib
import datetime as dt
import json
import re
from pathlib import Path

import pytest
from publishing import contact_rows

from dashboard.api.figures import daily_body, stats_body
from dashboard.api.tables import tables
from dashboard.errors import DashboardError, Forbidden, RefusedSql
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.model.query_types import QueryRequest, request_from
from dashboard.model.selection.filters import Days, Filters, default_window
from dashboard.model.statements import daily_statement, rows_statement
from dashboard.services.job import API
from dashboard.services.service import Service
from dashboard.services.unloading import unload_of
from dashboard.settings import settings_from_environment

MAP = RoleMap("groups", grants_from("staff=analyst, heads=analyst+all-rows, admins=admin, clear=analyst+unmask"))
DAYS = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 3))
ROWS = contact_rows(DAYS.first, DAYS.last, 20)
HERE = Path(__file__).parent


def lines(name):
    found = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in found if line and not line.startswith("#")]


def someone(group="staff", person="ann", **claims):
    given = {"groups": [group], **claims}
    return Requester(person, person, roles=MAP.roles_of(given), claims=given)


VOICE, CHAT = someone(channels=["VOICE"]), someone(person="ben", channels="CHAT")
HEAD, ADMIN = someone("heads", "hal"), someone("admins", "ada")
VOICES = [row for row in ROWS if row["channel"] == "VOICE"]
OTHERS = {row["contact_id"] for row in ROWS if row["channel"] != "VOICE"} - {row["contact_id"] for row in VOICES}


@pytest.fixture(scope="module")
def ruled(publishing, repository, tmp_path_factory):
    """A service over contacts with a row rule by channel and a masked agent."""
    found = publishing("ruled", first=DAYS.first, last=DAYS.last)
    text = (repository / "datasets" / "contacts.yaml").read_text(encoding="utf-8")
    text = text.replace("  - name: agent_name\n", "  - name: agent_name\n    mask: last4\n")
    file = tmp_path_factory.mktemp("ruled") / "contacts.yaml"
    file.write_text(f'{text}\nrows: "channel in {{claim.channels}}"\n', encoding="utf-8")
    made = Service(settings_from_environment({**found.environment, "DATASET": str(file)}))
    yield made
    made.close()


def run(service, who, sql, given=None):
    with acting_for(who):
        statement = service.prepare("contacts", QueryRequest("custom_sql", 1000, sql=sql), given)
        return service.start("contacts", statement, owner=API).outcome()


def one(service, who, sql, given=None):
    return run(service, who, sql, given).table.column(0)[0].as_py()


@pytest.mark.parametrize("sql", lines("masked.txt")[::6])
def test_no_statement_shows_a_value_of_another_row(ruled, sql):
    """Statements by which masks are attacked: each is refused, fails, or shows rows of VOICE alone."""
    db = ruled.settings.datasets[0].target.database
    try:
        found = run(ruled, VOICE, sql.replace("{db}", db).replace("{DB}", db.upper()))
        shown = json.dumps(found.table.to_pylist(), default=str)
    except DashboardError as refused:
        shown = str(refused)
    assert OTHERS.isdisjoint(re.findall(r"c-\d+-\d+", shown.replace("'c-739617-1'", "")))
    assert [channel for channel in ("CHAT", "TASK", "EMAIL") if channel in shown] == []


def test_no_statement_is_sent_with_the_table_itself(ruled):
    """Of every statement of both corpora: what is sent names the table inside of the rule alone."""
    db = ruled.settings.datasets[0].target.database
    sent = []
    with acting_for(VOICE):
        query = ruled.model("contacts").query
        for sql in (*lines("masked.txt"), *lines("rows.txt")):
            request = QueryRequest("custom_sql", 9, sql=sql.replace("{db}", db).replace("{DB}", db.upper()))
            with contextlib.suppress(RefusedSql):
                sent.append(ruled.prepare("contacts", request).sql)
    reading = [sql for sql in sent if not sql.startswith(("SHOW COLUMNS", "DESCRIBE"))]
    assert len(reading) > 100
    left = [sql.replace(query.sent, "").replace(query.explained, "") for sql in reading]
    assert [sql for sql in left if f'"{db}"."contacts"' in sql] == []


def test_every_value_depends_on_the_rule(ruled):
    """An engine may compute a person's condition before the rule: a row that is not theirs then has no values."""
    with acting_for(VOICE):
        model = ruled.model("contacts")
    select = model.query.sent.partition(" FROM (")[0].removeprefix("SELECT ")
    own = [column.name for column in model.columns if not column.is_partition]
    assert select.count('CASE WHEN "is seen" THEN ') == len(own)
    assert select.endswith(', "year", "month", "day"')
    assert model.query.sent.endswith(
        f'FROM (SELECT *, "channel" IN (\'VOICE\') AS "is seen" FROM {model.full_name}) WHERE "is seen"'
    )


@pytest.mark.parametrize("sql", lines("rows.txt"))
def test_no_statement_tells_of_another_row(ruled, sql):
    """Not by a count, not by what fails on it: the answer is 0 or nothing, or the statement cannot run at all."""
    try:
        found = one(ruled, VOICE, sql)
    except DashboardError as refused:
        found = str(refused)
    assert found in {0, None} or "is seen" in str(found) or "column" in str(found).lower()


def test_the_rows_are_those_of_the_claim(ruled):
    """One value, several, and all of them with the right or as admin."""
    sql = "SELECT count(*) AS n FROM contacts"
    both = someone(channels=["CHAT", "VOICE"])
    chats = [row for row in ROWS if row["channel"] == "CHAT"]
    counted = [one(ruled, who, sql) for who in (VOICE, CHAT, both, HEAD, ADMIN)]
    assert counted == [len(VOICES), len(chats), len(VOICES) + len(chats), len(ROWS), len(ROWS)]
    assert 0 < len(VOICES) < len(ROWS)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"channels": None},
        {"channels": []},
        {"channels": ""},
        {"channels": ["VOICE", None]},
        {"channels": ["VOICE", True]},
        {"channels": ["VOICE", {"a": 1}]},
        {"channels": {"VOICE": True}},
        {"channels": 1.5},
        {"channels": ["VOICE", "a?b"]},
        {"channels": ["VOICE", "a\x00b"]},
        {"channels": ["\ud800"]},
        {"channel": ["VOICE"]},
        {"Channels": ["VOICE"]},
    ],
    ids=repr,
)
def test_a_claim_that_is_missing_or_malformed_shows_no_row(ruled, claims):
    """Never all of them, and the page says why."""
    who = someone(**claims)
    assert one(ruled, who, "SELECT count(*) FROM contacts") == 0
    with acting_for(who):
        assert ruled.overview("contacts", Filters(DAYS)).total_rows == 0


def test_without_sign_in_there_is_no_claim_and_no_row(ruled):
    """The dashboard on loopback and the query function know no person."""
    assert one(ruled, Requester(), "SELECT count(*) FROM contacts") == 0


@pytest.mark.parametrize(
    "value",
    [
        "VOICE') OR ('1'='1",
        "'",
        "''",
        "VOICE' --",
        "x' OR channel <> '",
        "\\' OR 1=1 --",
        '"',
        "VOICE\\",
        "*",
        "%",
        "V_ICE",
    ],
)
def test_a_claim_is_a_value_whatever_it_holds(ruled, value):
    """A claim that reads as SQL equals no channel; one next to it that does still counts."""
    assert one(ruled, someone(channels=[value]), "SELECT count(*) FROM contacts") == 0
    assert one(ruled, someone(channels=[value, "VOICE"]), "SELECT count(*) FROM contacts") == len(VOICES)


@pytest.mark.parametrize("query", ["all_records", "daily_summary", "channel_summary", "by_date", "group_by"])
def test_ready_queries_hold_the_rows_of_the_claim(ruled, query):
    """The query types of the pages and the API."""
    body = {"query": query, **({"startDate": "2026-01-01", "endDate": "2026-01-03"} if query == "by_date" else {})}
    with acting_for(VOICE):
        asked = request_from(body, ruled.model("contacts"), 1000)
        found = ruled.start("contacts", ruled.prepare("contacts", asked), owner=API).outcome().table.to_pylist()
    counted = [name for name in found[0] if name == "contacts"]
    assert (sum(row[counted[0]] for row in found) if counted else len(found)) == len(VOICES)


def test_the_overview_and_its_rows_are_those_of_the_claim(ruled):
    """Figures, breakdowns, days and the rows behind them; nothing is compared with the manifest, which counts all."""
    with acting_for(HEAD):
        everything = ruled.overview("contacts", Filters(DAYS))
    with acting_for(VOICE):
        found = ruled.overview("contacts", Filters(DAYS))
        rows = ruled.start("contacts", rows_statement(ruled.model("contacts"), Filters(DAYS), 999)).outcome()
        daily = ruled.daily("contacts", DAYS)
    with acting_for(CHAT):
        other = ruled.overview("contacts", Filters(DAYS))
    assert (everything.total_rows, found.total_rows, rows.row_count) == (len(ROWS), len(VOICES), len(VOICES))
    assert [count.value for count in found.by("channel")] == ["VOICE"]
    assert [count.value for count in other.by("channel")] == ["CHAT"]
    assert (found.differences, daily.differences, everything.differences) == ((), (), ())
    assert sum(day.rows for day in daily.days) == len(VOICES)


def test_a_filter_on_another_value_finds_nothing(ruled):
    """A link with the filter of a value that the person may not see."""
    with acting_for(VOICE):
        found = ruled.overview("contacts", Filters(DAYS, (("channel", ("CHAT",)),)))
        assert found.total_rows == 0
        assert [count.value for count in found.by("channel")] == ["VOICE"]


def test_lists_samples_and_counts_of_all_rows_are_left_out(ruled):
    """The manifest and the files know every row: its values and counts are shown to those who see all of them."""
    with acting_for(HEAD):
        assert ruled.choices("contacts", "channel") == ("CHAT", "EMAIL", "TASK", "VOICE")
        assert ruled.samples("contacts") is not None
        assert tables(ruled, with_samples=True)["datasets"][0]["rows"] == len(ROWS)
    with acting_for(VOICE):
        assert ruled.choices("contacts", "channel") is None
        assert ruled.samples("contacts") is None
        [described] = tables(ruled, with_samples=True)["datasets"]
        assert (described["rows"], described["rowRule"]) == (
            None,
            "You see the rows that the row rule allows: channel in {claim.channels}",
        )
        assert [column["name"] for column in described["columns"] if "values" in column] == ["year", "month", "day"]


def test_the_first_overview_of_a_part_is_stored_nowhere(ruled):
    """The stored answers are those of all rows."""
    target = ruled.settings.datasets[0].target
    with acting_for(VOICE):
        ruled.overview("contacts", Filters(default_window(DAYS.last, ruled.today("contacts"))))
    ruled._answers._writer.submit(lambda: None).result()
    assert ruled.objects.read(ruled.settings.bucket, f"{target.prefix}/_overview/answers.json") is None


def test_results_and_answers_do_not_cross_people(ruled):
    """An equal question of a person with other claims runs by itself, and a result closes when the claim changes."""
    sql = "SELECT channel, count(*) AS n FROM contacts GROUP BY channel"
    assert [row["channel"] for row in run(ruled, VOICE, sql).table.to_pylist()] == ["VOICE"]
    assert [row["channel"] for row in run(ruled, CHAT, sql).table.to_pylist()] == ["CHAT"]
    with acting_for(VOICE):
        job = ruled.start("contacts", ruled.prepare("contacts", QueryRequest("custom_sql", 9, sql=sql)), owner=API)
        job.outcome()
        assert ruled.permissions.owns(job.ticket)
    for claims in ({"channels": ["VOICE", "CHAT"]}, {}):
        with acting_for(someone(**claims)):
            assert not ruled.permissions.owns(job.ticket)


def test_a_statement_made_for_another_is_not_run(ruled):
    """By whatever road it reaches the start."""
    with acting_for(HEAD):
        made = [
            ruled.prepare("contacts", QueryRequest("custom_sql", 5, sql="SELECT contact_id FROM contacts")),
            rows_statement(ruled.model("contacts"), Filters(DAYS), 5),
        ]
    with acting_for(CHAT):
        made.append(daily_statement(ruled.model("contacts"), DAYS))
    with acting_for(VOICE):
        for statement in made:
            with pytest.raises(Forbidden, match="as it was made"):
                ruled.start("contacts", statement, owner=API)


def test_files_that_athena_writes_hold_the_rows_of_the_claim(ruled):
    """UNLOAD wraps the statement with the rule."""
    with acting_for(VOICE):
        found = run(ruled, VOICE, "SELECT contact_id, channel FROM contacts")
        assert "IN ('VOICE')" in unload_of(ruled, found, ["contact_id"], "parquet").sql


def test_parameters_bind_next_to_the_rule(ruled):
    """Values of the person's own parameters and those of the claim are apart."""
    sql = "SELECT count(*) FROM contacts WHERE channel = {{which}}"
    counted = [one(ruled, VOICE, sql, {"which": channel}) for channel in ("VOICE", "CHAT")]
    assert counted == [len(VOICES), 0]


def test_masks_hold_in_the_rows_of_the_rule(ruled):
    """With `unmask` a person still sees their own rows alone, in clear."""
    sql = "SELECT DISTINCT agent_name FROM contacts WHERE agent_name LIKE '%Lima'"
    clear = someone("clear", channels=["VOICE"])
    assert one(ruled, VOICE, sql) == "****Lima"
    assert one(ruled, clear, sql) == "Ana Lima"
    assert one(ruled, clear, "SELECT count(*) FROM contacts") == len(VOICES)


def test_days_are_pruned_and_the_rules_column_is_in_the_estimate(ruled):
    """One day of three is opened; the column of the rule is read although the statement does not name it."""
    sql = "SELECT count(queue_duration) FROM contacts WHERE year = 2026 AND month = 1 AND day = 2"
    scanned = [run(ruled, VOICE, text).statistics.bytes_scanned for text in (sql, sql.partition(" WHERE")[0])]
    assert 0 < 2 * scanned[0] < scanned[1]
    with acting_for(VOICE):
        statement = ruled.prepare("contacts", QueryRequest("custom_sql", 9, sql=sql))
        assert statement.columns == ("channel", "day", "month", "queue_duration", "year")
        assert ruled.estimate("contacts", statement).days == 1
        assert "channel" in daily_statement(ruled.model("contacts"), DAYS).columns


def test_runs_over_ruled_rows_are_not_in_the_teams_history(ruled):
    """The SQL of each may hold values of rows that others do not see."""
    with acting_for(VOICE):
        assert ruled.masking.shows_values(("contacts",))


def test_a_rule_over_a_column_that_is_not_published_shows_no_row(ruled):
    """A file that names a new column before the next export: no row says that it may be seen."""
    with acting_for(VOICE):
        view = ruled.masking.view("contacts", {}, ["contact_id"])
        assert (view.rows, ruled.masking.view("contacts", {}, None).rows) == ("FALSE", "\"channel\" IN ('VOICE')")


def test_the_rows_of_all_people_are_counted_for_those_who_see_them(ruled):
    """On all days and on some; a person with a part of the rows gets no count."""
    with acting_for(HEAD):
        counted = (
            ruled.of("contacts").published_rows(),
            ruled.of("contacts").published_rows(Days(DAYS.first, DAYS.first)),
        )
        assert counted == (len(ROWS), len([row for row in ROWS if row["day"] == DAYS.first]))
    with acting_for(VOICE):
        assert ruled.of("contacts").published_rows() is None


def test_figures_of_the_api_say_that_they_are_of_a_part(ruled):
    """A program does not take them for those of all rows."""
    with acting_for(VOICE):
        model, found = ruled.model("contacts"), ruled.overview("contacts", Filters(DAYS))
        daily = daily_body(model, ruled.daily("contacts", DAYS))
        for body in (stats_body(model, found), stats_body(model, None), daily):
            assert body["rowRule"] == "You see the rows that the row rule allows: channel in {claim.channels}"
    with acting_for(HEAD):
        assert "rowRule" not in stats_body(ruled.model("contacts"), None)


def test_pages_and_api_take_counts_of_rows_from_the_one_place_that_asks_who_sees_them(repository):
    """A page that read them from the manifest would show the rows of all people. Exports is closed to the others."""
    shown = re.compile(r"\b(?:manifest|record|day)\.rows\b")
    found = [
        path.relative_to(repository).as_posix()
        for folder in ("api", "app_pages", "ui", "results")
        for path in (repository / "dashboard" / folder).rglob("*.py")
        if shown.search(path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == ["dashboard/app_pages/exports.py", "dashboard/ui/page/exports_tables.py"]
