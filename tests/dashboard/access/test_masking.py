"""Masked columns: what a person without the right `unmask` can see, by every road that leads to rows."""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path

import pytest
from publishing import contact_rows

from dashboard.errors import DashboardError, Forbidden, InvalidRequest, RefusedSql
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.model.access.table_view import EVERYTHING, TableView
from dashboard.model.query_types import QueryRequest, request_from
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.statements import daily_statement, rows_statement
from dashboard.services.job import API
from dashboard.services.service import Service
from dashboard.services.unloading import unload_of
from dashboard.settings import settings_from_environment
from dashboard.stores.saved_queries import History, past_query

MAP = RoleMap("groups", grants_from("clear=analyst+unmask, admins=admin, masked=analyst, looks=viewer"))
MASKS = {"contact_id": "hash", "agent_name": "last4"}
DAYS = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 3))
ROWS = contact_rows(DAYS.first, DAYS.last, 20)
CLEAR = re.compile(r"c-7\d{5}-|Ana |Björn|Chidi|Dewi|He said|line one|=1\+1|Ünïcödé|\"a,b\"")
STATEMENTS = [
    line
    for line in (Path(__file__).parent / "masked.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def someone(group, person="ann"):
    return Requester(person, person, roles=MAP.roles_of({"groups": [group]}))


MASKED, SEES, ADMIN = someone("masked"), someone("clear", "ben"), someone("admins", "ada")


@pytest.fixture(scope="module")
def masked(publishing, repository, tmp_path_factory):
    """A service over contacts with three masked columns; who asks is set by `acting_for`."""
    found = publishing("masked", first=DAYS.first, last=DAYS.last)
    text = (repository / "datasets" / "contacts.yaml").read_text(encoding="utf-8")
    for name, mask in MASKS.items():
        text = text.replace(f"  - name: {name}\n", f"  - name: {name}\n    mask: {mask}\n")
    text = text.replace("undeclared: add", "undeclared: extra").replace(
        "  - name: last_update_timestamp",
        "  - {name: note, attribute: Note, type: string, mask: hidden}\n  - name: last_update_timestamp",
    )
    file = tmp_path_factory.mktemp("masked") / "contacts.yaml"
    file.write_text(text, encoding="utf-8")
    made = Service(settings_from_environment({**found.environment, "DATASET": str(file)}))
    yield made
    made.close()


def run(service, who, sql, given=None):
    with acting_for(who):
        statement = service.prepare("contacts", QueryRequest("custom_sql", 1000, sql=sql), given)
        return service.start("contacts", statement, owner=API).outcome()


def cells(result):
    return json.dumps(result.table.to_pylist(), default=str, ensure_ascii=False)


@pytest.mark.parametrize("sql", STATEMENTS)
def test_no_statement_shows_a_clear_value(masked, sql):
    """Each is refused, fails, or gives masked values; a failure does not name a clear value either."""
    db = masked.settings.datasets[0].target.database
    try:
        shown = cells(run(masked, MASKED, sql.replace("{db}", db).replace("{DB}", db.upper())))
    except DashboardError as refused:
        shown = str(refused)
    assert CLEAR.search(shown.replace("c-739617-1'", "")) is None
    assert masked._mask_key.text() not in shown


def test_the_statements_of_the_corpus_are_many():
    """The corpus is not emptied by accident."""
    assert len(STATEMENTS) > 140


@pytest.mark.parametrize(
    "condition",
    [
        "contact_id = 'c-739617-1'",
        "contact_id LIKE 'c-%'",
        "agent_name = 'Dewi'",
        "agent_name LIKE 'Ana%'",
        "note IS NOT NULL",
        "note = 'a,b'",
        "contact_id IN (SELECT 'c-739617-1')",
        "strpos(contact_id, '-') > 0",
        "length(contact_id) <> 64",
        "{{who}} = contact_id",
        "starts_with(agent_name, 'D')",
    ],
)
def test_a_condition_on_a_clear_value_finds_nothing(masked, condition):
    """Conditions meet the masked values, bound parameters too: the count is no oracle."""
    given = {"who": "c-739617-1"} if "{{" in condition else None
    assert (
        run(masked, MASKED, f"SELECT count(*) AS n FROM contacts WHERE {condition}", given).table["n"][0].as_py() == 0
    )


def test_masked_values_are_a_digest_the_last_four_and_null(masked):
    """A digest of the value with the deployment's key, the last four of eight or more characters, and NULL."""
    sql = "SELECT contact_id, agent_name, note FROM contacts WHERE year = 2026 AND month = 1 AND day = 1"
    found = run(masked, MASKED, sql).table.to_pylist()
    key = masked._mask_key.text()
    assert re.fullmatch("[0-9a-f]{64}", key)
    first = [row for row in ROWS if row["day"] == DAYS.first]
    assert {row["contact_id"] for row in found} == {
        hashlib.sha256(f"{key}{row['contact_id']}".encode()).hexdigest() for row in first
    }
    assert {row["agent_name"] for row in found} == {"****Lima", "****tröm", "****Neil", "****", None}
    assert {row["note"] for row in found} == {None}


@pytest.mark.parametrize("who", [SEES, ADMIN], ids=["unmask", "admin"])
def test_the_right_unmask_shows_clear_values(masked, who):
    """`+unmask` in the role map, and the role admin."""
    found = run(masked, who, "SELECT contact_id, agent_name, note FROM contacts").table.to_pylist()
    assert {row["contact_id"] for row in found} == {row["contact_id"] for row in ROWS}
    assert "Björn Ström" in {row["agent_name"] for row in found}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT channel, count(*) AS n, sum(queue_duration) AS s FROM contacts GROUP BY 1 ORDER BY 1",
        "SELECT count(DISTINCT contact_id) AS n, count(agent_name) AS a FROM contacts",
        "SELECT max(big_number) AS b, min(sentiment_score) AS s, count(*) AS n FROM contacts WHERE day = 2",
        "SELECT a.channel, count(*) AS n FROM contacts a JOIN contacts b USING (contact_id) GROUP BY 1 ORDER BY 1",
    ],
)
def test_aggregates_over_other_columns_are_equal(masked, sql):
    """A mask changes no count and no sum; digests join and count as the values do."""
    assert run(masked, MASKED, sql).table.to_pylist() == run(masked, SEES, sql).table.to_pylist()


def test_a_masked_query_reads_the_same_days_and_is_estimated_the_same(masked):
    """Partition conditions reach the table through the mask: bytes scanned and the upper bound stay."""
    sql = "SELECT count(*) AS n, sum(queue_duration) AS s FROM contacts WHERE year = 2026 AND month = 1 AND day = 2"
    scanned, bounds = [], []
    for who in (MASKED, SEES):
        scanned.append(run(masked, who, sql).statistics.bytes_scanned)
        with acting_for(who):
            bounds.append(
                masked.estimate("contacts", masked.prepare("contacts", QueryRequest("custom_sql", 9, sql=sql)))
            )
    assert scanned[0] == scanned[1] > 0
    assert bounds[0] == bounds[1]
    assert bounds[0].days == 1


@pytest.mark.parametrize("query", ["all_records", "daily_summary", "channel_summary"])
def test_ready_queries_show_masked_values(masked, query):
    """The query types of the pages and the API."""
    with acting_for(MASKED):
        asked = request_from({"query": query}, masked.model("contacts"), 1000)
        found = masked.start("contacts", masked.prepare("contacts", asked), owner=API).outcome()
    assert CLEAR.search(cells(found)) is None
    assert found.row_count > 0


def test_a_ready_query_by_a_clear_value_finds_nothing_or_is_refused(masked):
    """A digest is not its value; an agent's name is no filter where names are masked."""
    with acting_for(MASKED):
        model = masked.model("contacts")
        asked = request_from({"query": "by_contact", "contactId": "c-739617-1"}, model, 10)
        assert masked.start("contacts", masked.prepare("contacts", asked)).outcome().row_count == 0
        with pytest.raises(InvalidRequest):
            request_from({"query": "by_agent", "agentName": "Dewi"}, model, 10)
        assert (model.agent, model.entity, "agent_name" in model.dimensions) == (None, "contact_id", False)


def test_the_overview_and_drill_downs_show_masked_values(masked):
    """Figures, breakdowns and the rows behind them; what a person with the right saw is not given to others."""
    with acting_for(SEES):
        clear = masked.overview("contacts", Filters(DAYS))
        assert {count.value for count in clear.by("agent_name")} >= {"Dewi"}
    with acting_for(MASKED):
        found = masked.overview("contacts", Filters(DAYS))
        rows = masked.start("contacts", rows_statement(masked.model("contacts"), Filters(DAYS), 200)).outcome()
    assert (found.total_rows, found.totals.unique_contacts) == (clear.total_rows, clear.totals.unique_contacts)
    assert found.by("agent_name") == ()
    assert found.by("channel") == clear.by("channel")
    assert CLEAR.search(cells(rows)) is None


def test_the_first_overview_of_those_who_see_values_is_stored_nowhere(masked):
    """The object with stored answers holds no value of a masked column."""
    target = masked.settings.datasets[0].target
    with acting_for(SEES):
        masked.overview("contacts", Filters(Days(dt.date(2025, 12, 5), DAYS.last)))
        manifest = masked.manifest("contacts")
        from dashboard.model.selection.filters import default_window

        masked.overview("contacts", Filters(default_window(manifest.last_day, masked.today("contacts"))))
    masked._answers._writer.submit(lambda: None).result()
    assert masked.objects.read(masked.settings.bucket, f"{target.prefix}/_overview/answers.json") is None


@pytest.mark.parametrize("who", [MASKED, SEES], ids=["masked", "unmask"])
def test_samples_and_listed_values_leave_masked_columns_out(masked, who):
    """The manifest was written before the mask; its values of a masked column are not shown to anybody."""
    with acting_for(who):
        samples = masked.samples("contacts")
        assert {"contact_id", "agent_name", "note"}.isdisjoint(samples.values)
        assert masked.choices("contacts", "agent_name") is None
        assert masked.choices("contacts", "channel") == ("CHAT", "EMAIL", "TASK", "VOICE")


def test_a_result_closes_when_the_right_goes(masked):
    """The same person without `unmask` no longer opens what they saw with it; nor the other way round."""
    with acting_for(someone("clear")):
        statement = masked.prepare("contacts", QueryRequest("custom_sql", 5, sql="SELECT contact_id FROM contacts"))
        job = masked.start("contacts", statement, owner=API)
        job.outcome()
        assert masked.permissions.owns(job.ticket)
    with acting_for(MASKED):
        assert not masked.permissions.owns(job.ticket)


def test_a_statement_made_for_another_is_not_run(masked):
    """A statement in clear that reaches the start by any road is refused for those who may not see it."""
    with acting_for(SEES):
        statements = [
            masked.prepare("contacts", QueryRequest("custom_sql", 5, sql="SELECT contact_id FROM contacts")),
            rows_statement(masked.model("contacts"), Filters(DAYS), 5),
            daily_statement(masked.model("contacts"), DAYS),
        ]
    with acting_for(MASKED):
        for statement in statements:
            with pytest.raises(Forbidden, match="as it was made"):
                masked.start("contacts", statement, owner=API)


def test_files_that_athena_writes_hold_masked_values(masked):
    """UNLOAD wraps the masked statement."""
    with acting_for(MASKED):
        found = run(masked, MASKED, "SELECT contact_id, agent_name FROM contacts")
        statement = unload_of(masked, found, ["contact_id"], "parquet")
    assert "sha256" in statement.sql
    assert "CAST" in statement.sql


def test_neither_the_mask_nor_its_key_is_shown_as_the_persons_sql(masked):
    """What is shown and explained names the table; the key is in the sent text alone."""
    key = masked._mask_key.text()
    with acting_for(MASKED):
        custom = masked.prepare("contacts", QueryRequest("custom_sql", 5, sql="SELECT note FROM contacts"))
        ready = rows_statement(masked.model("contacts"), Filters(DAYS), 5)
        explained = masked.prepare("contacts", QueryRequest("custom_sql", 5, sql="EXPLAIN SELECT note FROM contacts"))
        assert key in custom.sql
        assert key in ready.sql
        assert key not in explained.sql
        for statement in (custom, ready):
            assert key not in statement.shown_sql
            assert "sha256" not in statement.shown_sql
            assert key not in repr(masked.model("contacts"))
        table = ready.shown_sql.split(" FROM ")[1].split(" WHERE ")[0]
        assert table == masked.model("contacts").full_name


def test_runs_of_those_who_see_values_are_not_in_the_teams_history(masked):
    """Their SQL may hold the values that they look for."""
    with acting_for(SEES):
        assert masked.masking.shows_values(("contacts",))
        assert not masked.masking.is_shared("contacts", ("contacts",))
    with acting_for(MASKED):
        assert not masked.masking.shows_values(("contacts",))
        assert masked.masking.is_shared("contacts", ("contacts",))


def test_a_run_over_a_second_dataset_is_not_in_the_history_of_the_first(masked):
    """Those who read it may have no role for the other dataset."""
    with acting_for(MASKED):
        assert not masked.masking.is_shared("contacts", ("contacts", "orders"))
        assert not masked.masking.is_shared("contacts", ("orders",))


def test_a_damaged_key_stops_masked_queries(masked, publishing):
    """A key that is cut short would make values easy to find, so nothing is masked with it."""
    from dashboard.stores.mask_key import MaskKey

    bucket = masked.settings.bucket
    masked.objects.put(bucket, "damaged/_queries/_mask_key", b"short", etag=None)
    with pytest.raises(DashboardError, match="holds no key of 64 characters"):
        MaskKey(masked.objects, bucket, "damaged").text()
    first = MaskKey(masked.objects, bucket, "fresh").text()
    assert MaskKey(masked.objects, bucket, "fresh").text() == first


def test_a_statement_that_grows_too_long_is_refused(masked):
    """Each mention of the table becomes a query over all of its columns."""
    sql = " UNION ALL ".join(["SELECT note FROM contacts"] * 400)
    with acting_for(MASKED), pytest.raises(RefusedSql):
        masked.prepare("contacts", QueryRequest("custom_sql", 5, sql=sql))


def test_a_measure_by_groups_meets_masked_values_alone(masked):
    """Different digests are counted, and read the same as different values; nothing is grouped by a masked column."""
    asked = {"query": "group_by", "measure": "distinct", "column": "contact_id", "by": ["channel"]}
    counted = []
    for who in (MASKED, SEES):
        with acting_for(who):
            request = request_from(asked, masked.model("contacts"), 1000)
            found = masked.start("contacts", masked.prepare("contacts", request), owner=API).outcome()
        counted.append(found.table.to_pylist())
    assert counted[0] == counted[1] != []
    with acting_for(MASKED):
        model = masked.model("contacts")
        for name in MASKS:
            for wrong in ({"by": [name]}, {"filters": {name: ["x"]}}, {"filters": {name: {"from": 1}}}):
                with pytest.raises(InvalidRequest):
                    request_from({"query": "group_by", **wrong}, model, 10)


def test_runs_from_before_a_mask_are_not_shown_to_those_who_do_not_see_its_values(masked):
    """The SQL of such a run may hold a value in clear; runs under the same masks, and those who unmask, see all."""
    with acting_for(MASKED):
        view = masked.model("contacts").view
    now = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
    runs = [
        past_query(sql, 9, {}, rows=1, bytes_scanned=1, seconds=1, reused=False, masks=masks).model_copy(
            update={"at": now}
        )
        for sql, masks in (("before", {}), ("before the last", dict([*view.masks.items()][:-1])), ("now", view.masks))
    ]
    older = History.model_validate_json(
        '{"entries": [{"at": "2026-01-01T00:00:00Z", "sql": "of an older release", "limit": 9, "rows": 1,'
        ' "bytes_scanned": 1, "seconds": 1}]}'
    )
    history = History(entries=(*runs, *older.entries))
    stored = History.model_validate_json(history.model_dump_json())
    assert [one.sql for one in stored.shown_to(view)] == ["now"]
    every = ["before", "before the last", "now", "of an older release"]
    assert [one.sql for one in stored.shown_to(EVERYTHING)] == every
    assert stored.shown_to(TableView(rows="channel IN ('VOICE')")) == ()
