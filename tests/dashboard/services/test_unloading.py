"""Results that Athena writes to S3 itself, through the job manager and a real stand-in."""

import gzip
import io
import json

import boto3
import pyarrow.parquet as pq
import pytest

from dashboard.errors import InvalidRequest, QueryCancelled
from dashboard.model.query_types import QueryRequest
from dashboard.model.statements import Statement, with_limit
from dashboard.services.unloading import unload_of
from dashboard.sql.unload import MOST_ROWS, unload_folder, unload_statement
from dashboard.ui.result.row_count import count_statement


def answered(service, request, given=None):
    """A finished query of the contacts."""
    return service.start("contacts", service.prepare("contacts", request, given)).outcome()


def unload(service, found, columns, form="parquet", rows=None):
    """What was written, as an outcome with its files."""
    return service.start("contacts", unload_of(service, found, columns, form, rows)).outcome()


def parquet(service, done):
    """All rows of the files written."""
    return [row for uri in done.files for row in pq.read_table(io.BytesIO(service.objects.read_uri(uri))).to_pylist()]


def test_the_statement_takes_columns_by_their_place():
    """Repeated and missing names of the SQL do no harm, and the folder cannot break out of its quotes."""
    asked = Statement("SELECT 1, 2", limit=5)
    made = unload_statement(asked, ["_col0", "_col1"], ["_col1"], "parquet", "s3://b/it's/")
    assert made.sql == (
        'UNLOAD (SELECT c2 AS "_col1" FROM (SELECT 1, 2) AS result (c1, c2)) '
        "TO 's3://b/it''s/' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )
    assert made.unloads == "parquet"


def test_files_lie_beside_athenas_own_results():
    """Where the workgroup puts results, the role may write and old ones are removed."""
    assert unload_folder("s3://b/athena-results/x/1-2.csv", "n") == "s3://b/athena-results/x/unload/n/"


def test_more_rows_are_taken_unsorted():
    """The same rows keep their order, which decides which they are; all of them need none."""
    order = ' ORDER BY "year" DESC, "month" DESC, "day" DESC'
    asked = Statement(f"SELECT a FROM t{order} LIMIT 11", limit=10, body="SELECT a FROM t", order=order)
    assert with_limit(asked, 9).sql.endswith('"day" DESC LIMIT 10')
    assert with_limit(asked, 99).sql == "SELECT a FROM t LIMIT 100"


def test_chosen_columns_of_the_same_rows_with_bound_values(service, published):
    """As many rows as the result has, no more; NULL and "" apart; values of the query bound as before."""
    found = answered(service, QueryRequest("by_agent", 10, agent_name="Chidi O'Neil"))
    done = unload(service, found, ["note", "contact_id", "big_number"])
    rows = parquet(service, done)
    assert list(rows[0]) == ["contact_id", "big_number", "note"]
    of_the_agent = {row["contact_id"]: row for row in published.rows if row["agent_name"] == "Chidi O'Neil"}
    assert [row["note"] for row in rows] == [of_the_agent[row["contact_id"]]["note"] for row in rows]
    assert (found.truncated, len(rows)) == (True, 10)


def test_every_row_of_a_cut_result(service, published):
    """The limit of the page does not bind what never passes through this process."""
    found = answered(service, QueryRequest("all_records", 5))
    done = unload(service, found, ["contact_id"], rows=MOST_ROWS)
    assert len(parquet(service, done)) == len(published.rows)


def test_what_a_person_wrote_is_checked_again_and_keeps_its_own_limit(service):
    """Custom SQL with parameters is unloaded under the same guard; its own LIMIT stays."""
    sql = "SELECT channel, note, note FROM contacts WHERE channel = {{wanted}} LIMIT 7"
    found = answered(service, QueryRequest("custom_sql", 3, sql=sql), {"wanted": "VOICE"})
    assert found.table.column_names == ["channel", "note", "note_2"]
    done = unload(service, found, ["channel", "note_2"], "json", MOST_ROWS)
    lines = gzip.decompress(service.objects.read_uri(done.files[0])).decode().splitlines()
    assert [json.loads(line)["channel"] for line in lines] == ["VOICE"] * 7


def test_all_rows_of_a_cut_result_are_counted(service, published):
    """Whatever the limit of the page was, with bound values as before, and with the person's own LIMIT."""
    ours = answered(service, QueryRequest("by_agent", 10, agent_name="Chidi O'Neil"))
    assert count(service, ours) == sum(row["agent_name"] == "Chidi O'Neil" for row in published.rows)
    sql = "SELECT channel, channel FROM contacts WHERE channel = {{channel}} ORDER BY 1"
    written = answered(service, QueryRequest("custom_sql", 5, sql=sql), {"channel": "VOICE"})
    assert count(service, written) == sum(row["channel"] == "VOICE" for row in published.rows)
    own = answered(service, QueryRequest("custom_sql", 5, sql="SELECT contact_id FROM contacts LIMIT 30"))
    assert count(service, own) == 30


def count(service, found):
    """The number of rows that a result's SQL yields."""
    (rows,) = service.start("contacts", count_statement(service, found)).outcome().table.column(0).to_pylist()
    return rows


def test_a_result_without_rows_writes_nothing(service):
    """No file, and no failure."""
    found = answered(service, QueryRequest("by_contact", 9, contact_id="no-such-contact"))
    assert unload(service, found, ["note"]).files == ()


def test_columns_that_the_result_has_not_are_named(service):
    """Nothing is started for them."""
    found = answered(service, QueryRequest("all_records", 1))
    with pytest.raises(InvalidRequest, match=r"columns: expected some of contact_id, .*found \['agent'\]"):
        unload_of(service, found, ["agent"], "parquet")
    with pytest.raises(InvalidRequest):
        unload_of(service, found, [], "parquet")


def test_it_is_stopped_in_athena_like_any_query(service, published):
    """Cancelling ends the execution there."""
    sources = ", ".join(f"contacts {name}" for name in "abcd")
    slow = f"SELECT count(*) AS n FROM {sources} WHERE a.queue_duration + b.queue_duration + d.queue_duration > 70"
    statement = service.prepare("contacts", QueryRequest("custom_sql", 1, sql=slow))
    target = unload_folder(f"{published.environment['ATHENA_RESULTS']}x.csv", "cancelled")
    job = service.start("contacts", unload_statement(statement, ["n"], ["n"], "parquet", target))
    while job.query_execution_id is None:
        job.wait(0.05)
    service.jobs.cancel(job.id)
    with pytest.raises(QueryCancelled):
        job.outcome()
    athena = boto3.client("athena", endpoint_url=published.url)
    state = athena.get_query_execution(QueryExecutionId=job.query_execution_id)["QueryExecution"]["Status"]["State"]
    assert state == "CANCELLED"
