"""The life of a query through the API: started, watched, read, stopped, reused, refused."""

import contextlib
import datetime as dt
import json
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from local.athena.protocol.executions import billed_bytes

SLOW = "SELECT sum(a.x * b.x) FROM UNNEST(sequence(1, 200000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 200000)) AS b(x)"


def refusal(aws, call):
    """Return code and message of the error that a call is refused with."""
    with pytest.raises(aws.athena.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_execution_tells_everything(place):
    """GetQueryExecution carries query, place, context, state, times, statistics and engine version."""
    ran = place.run("SELECT 1 AS one")
    described = ran.execution
    assert described["Query"] == "SELECT 1 AS one"
    assert described["StatementType"] == "DML"
    assert described["ResultConfiguration"]["OutputLocation"] == f"{place.results}{ran.id}.csv"
    assert described["QueryExecutionContext"] == {"Database": place.database, "Catalog": "awsdatacatalog"}
    assert described["WorkGroup"] == "primary"
    assert described["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    assert described["Status"]["State"] == "SUCCEEDED"
    assert described["Status"]["SubmissionDateTime"] <= described["Status"]["CompletionDateTime"]
    assert described["Statistics"]["DataScannedInBytes"] == 0
    assert described["Statistics"]["EngineExecutionTimeInMillis"] > 0
    assert described["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}


def test_results_start_with_the_names(place):
    """The first row of the first page holds the column names; NULL is an empty cell, empty text is not."""
    ran = place.run("SELECT 'x' AS name, CAST(NULL AS varchar) AS nothing, '' AS empty")
    answer = place.aws.athena.get_query_results(QueryExecutionId=ran.id)
    assert answer["ResultSet"]["Rows"] == [
        {"Data": [{"VarCharValue": "name"}, {"VarCharValue": "nothing"}, {"VarCharValue": "empty"}]},
        {"Data": [{"VarCharValue": "x"}, {}, {"VarCharValue": ""}]},
    ]


def test_pages_join_without_gaps(place):
    """Every row comes exactly once, whatever the page size; the header counts as a row of the first page."""
    ran = place.run("SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x)")
    paginator = place.aws.athena.get_paginator("get_query_results")
    for size in (1000, 999, 7 * 100):
        pages = list(paginator.paginate(QueryExecutionId=ran.id, PaginationConfig={"PageSize": size}))
        rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
        assert rows == ["x", *map(str, range(1, 2501))]
        assert max(len(page["ResultSet"]["Rows"]) for page in pages) == size


def all_rows(place, identity):
    """Page through a result without an SDK, which would cost more than the server."""
    headers = {"X-Amz-Target": "AmazonAthena.GetQueryResults", "Content-Type": "application/x-amz-json-1.1"}
    rows, token = [], {}
    while True:
        body = json.dumps({"QueryExecutionId": identity, **token}).encode()
        request = urllib.request.Request(place.server.url, body, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        rows += answer["ResultSet"]["Rows"]
        if "NextToken" not in answer:
            return rows
        token = {"NextToken": answer["NextToken"]}


def test_a_hundred_thousand_rows_are_quick(place):
    """A result of 100,000 rows is written and paged through within seconds."""
    sql = "SELECT x, x / 3e0 AS third, CAST(x AS varchar) AS text FROM UNNEST(sequence(1, 100000)) AS t(x)"
    begun = time.monotonic()
    ran = place.wait(place.start(sql))
    assert len(all_rows(place, ran.id)) == 100_001
    assert time.monotonic() - begun < 30  # three seconds on an idle machine


def test_a_page_size_has_limits(place):
    """More than 1,000 rows a page are refused, and so is a token that was never given out."""
    ran = place.run("SELECT 1")
    athena = place.aws.athena
    code, message = refusal(place.aws, lambda: athena.get_query_results(QueryExecutionId=ran.id, NextToken="soon"))
    assert (code, "NextToken" in message) == ("InvalidRequestException", True)


def test_the_same_token_starts_one_query(place):
    """ClientRequestToken makes StartQueryExecution repeatable, but not with another text."""
    token = uuid.uuid4().hex
    first = place.start("SELECT 1", ClientRequestToken=token)
    assert place.start("SELECT 1", ClientRequestToken=token) == first
    code, message = refusal(place.aws, lambda: place.start("SELECT 2", ClientRequestToken=token))
    assert (code, message) == ("InvalidRequestException", "Idempotent parameters do not match")


def test_stop_ends_a_running_query(place):
    """A running query is interrupted and ends CANCELLED."""
    identity = place.start(SLOW)
    while (
        place.aws.athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]["Status"]["State"] == "QUEUED"
    ):
        time.sleep(0.01)
    time.sleep(0.3)
    place.aws.athena.stop_query_execution(QueryExecutionId=identity)
    ran = place.wait(identity, seconds=5)
    assert (ran.state, ran.reason) == ("CANCELLED", "Query cancelled by user")
    code, message = refusal(place.aws, lambda: place.aws.athena.get_query_results(QueryExecutionId=identity))
    assert (code, message) == (
        "InvalidRequestException",
        "Query did not finish successfully. Final query state: CANCELLED",
    )
    assert place.rows("SELECT 1") == [["1"]]


def test_stopping_twice_is_harmless(place):
    """Stopping a query that has ended changes nothing."""
    ran = place.run("SELECT 1")
    place.aws.athena.stop_query_execution(QueryExecutionId=ran.id)
    assert place.wait(ran.id).state == "SUCCEEDED"


def test_results_of_a_running_query_are_refused(place):
    """GetQueryResults before the end says so."""
    identity = place.start(SLOW)
    code, message = refusal(place.aws, lambda: place.aws.athena.get_query_results(QueryExecutionId=identity))
    place.aws.athena.stop_query_execution(QueryExecutionId=identity)
    assert code == "InvalidRequestException"
    assert message.startswith("Query has not yet finished. Current state: ")


def test_lists_and_batches(place):
    """Executions are listed per workgroup, newest first, and described many at a time."""
    group = f"group-{uuid.uuid4().hex}"
    place.aws.athena.create_work_group(Name=group)
    ids = [place.start(f"SELECT {number}", WorkGroup=group) for number in range(3)]
    assert place.aws.athena.list_query_executions(WorkGroup=group)["QueryExecutionIds"] == ids[::-1]
    first = place.aws.athena.list_query_executions(WorkGroup=group, MaxResults=2)
    rest = place.aws.athena.list_query_executions(WorkGroup=group, MaxResults=2, NextToken=first["NextToken"])
    assert first["QueryExecutionIds"] + rest["QueryExecutionIds"] == ids[::-1]
    batch = place.aws.athena.batch_get_query_execution(QueryExecutionIds=[*ids, "no-such-query"])
    assert [described["QueryExecutionId"] for described in batch["QueryExecutions"]] == ids
    assert [missing["QueryExecutionId"] for missing in batch["UnprocessedQueryExecutionIds"]] == ["no-such-query"]


def test_execution_parameters(place):
    """Question marks take SQL literals, in order, whatever they contain."""
    given = ["7", "'it''s; -- ?'", "DATE '2026-02-16'", "NULL", "DECIMAL '1.50'"]
    ran = place.run("SELECT ? + 1 AS a, ? AS b, ? AS c, ? AS d, ? AS e", ExecutionParameters=given)
    assert ran.rows == [["8", "it's; -- ?", "2026-02-16", None, "1.50"]]
    assert ran.execution["ExecutionParameters"] == given
    wrong = place.run("SELECT ? + ?", ExecutionParameters=["1"])
    assert wrong.reason.startswith("INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2")


def test_a_parameter_is_no_place_for_sql(place):
    """A parameter is a value: text that looks like SQL stays text."""
    ran = place.run("SELECT count(*) FROM (VALUES 'a') t(x) WHERE x = ?", ExecutionParameters=["'a'' OR 1=1 --'"])
    assert ran.rows == [["0"]]


def test_result_reuse(place):
    """A result is reused for the same text, parameters, database and workgroup, within the age; nothing is scanned."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1, 2], pa.int32())}))
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}
    sql = f"SELECT sum(a) FROM t WHERE a > ? -- {uuid.uuid4()}"
    first = place.run(sql, ResultReuseConfiguration=reuse, ExecutionParameters=["0"])
    place.put_parquet("t/y.parquet", pa.table({"a": pa.array([10], pa.int32())}))
    again = place.run(sql, ResultReuseConfiguration=reuse, ExecutionParameters=["0"])
    other = place.run(sql, ResultReuseConfiguration=reuse, ExecutionParameters=["1"])
    plain = place.run(sql, ExecutionParameters=["0"])
    assert [first.rows, again.rows, other.rows, plain.rows] == [[["3"]], [["3"]], [["12"]], [["13"]]]
    reused = [ran.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] for ran in (again, other)]
    assert reused == [True, False]
    assert (first.scanned > 0, again.scanned, other.scanned > 0) == (True, 0, True)
    body = place.aws.s3.get_object(Bucket=place.bucket, Key=f"results/{again.id}.csv")["Body"].read()
    assert body == b'"_col0"\n"3"\n'


def test_runtime_statistics_keep_the_billing_minimum_apart(place):
    """Bytes scanned are real; the 10 MB that Athena bills at least stand in the output stage alone."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1, 2], pa.int32())}))
    ran = place.run("SELECT a FROM t")
    described = place.aws.athena.get_query_runtime_statistics(QueryExecutionId=ran.id)["QueryRuntimeStatistics"]
    assert described["Rows"]["InputBytes"] == ran.scanned < 1000
    assert described["Rows"]["OutputRows"] == 2
    assert described["OutputStage"]["InputBytes"] == 10 * 1024 * 1024
    assert [billed_bytes(n) for n in (0, 1, 20 * 1024 * 1024)] == [0, 10 * 1024 * 1024, 20 * 1024 * 1024]


def test_queries_run_side_by_side(place):
    """Many clients at once get their own rows."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array(range(100), pa.int32())}))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: place.rows(f"SELECT {n}, count(*) FROM t WHERE a < {n}"), range(24)))
    assert found == [[[str(n), str(n)]] for n in range(24)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'."),
        ("SELECT a FROM WHERE x", "line 1:14: mismatched input 'WHERE'."),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed."),
        ("SELECT *\nFROM t\nGROUP x", "line 3:"),
        ("", "queryString"),
        ("-- nothing", "line 1:1: mismatched input '<EOF>'."),
    ],
)
def test_text_that_is_no_query_is_refused_at_once(place, sql, message):
    """StartQueryExecution itself refuses what cannot be parsed, naming line and column."""
    code, found = refusal(place.aws, lambda: place.start(sql or " "))
    assert code == "InvalidRequestException"
    assert message in found


def test_unknown_ids_and_operations_are_refused(place):
    """Asking after an unknown execution is an InvalidRequestException."""
    athena = place.aws.athena
    code, message = refusal(place.aws, lambda: athena.get_query_execution(QueryExecutionId="nope"))
    assert (code, message) == ("InvalidRequestException", "QueryExecution nope was not found")
    code, message = refusal(place.aws, lambda: athena.list_sessions(WorkGroup="primary"))
    assert (code, "does not implement ListSessions" in message) == ("UnknownOperationException", True)


def test_a_missing_bucket_fails_the_query(place):
    """A result that cannot be written fails the query with the bucket's name."""
    ran = place.run("SELECT 1", ResultConfiguration={"OutputLocation": "s3://no-such-bucket-anywhere/x/"})
    assert ran.state == "FAILED"
    assert "no-such-bucket-anywhere" in ran.reason


def test_regions_are_apart(place, server):
    """A signed request is answered by the Athena of its region; its Glue has other tables."""
    import boto3

    there = boto3.client(
        "athena", endpoint_url=server.url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    names = [d["Name"] for d in there.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]]
    assert place.database not in names
    there.close()


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM read_text('/etc/hostname')", "SELECT getenv('HOME')", "SELECT * FROM '/etc/hostname'"]
)
def test_queries_do_not_reach_this_machine(place, sql):
    """A query reads the catalogue's tables, not files or variables of the machine that serves it."""
    with contextlib.suppress(place.aws.athena.exceptions.InvalidRequestException):
        assert place.run(sql).state == "FAILED"


def test_times_are_aware(place):
    """Times arrive as instants."""
    ran = place.run("SELECT 1")
    assert abs(dt.datetime.now(dt.UTC) - ran.execution["Status"]["CompletionDateTime"]) < dt.timedelta(minutes=1)
