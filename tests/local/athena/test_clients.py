"""Programs that people use with Athena work unchanged: PyAthena's cursors and the aws command line."""

import datetime as dt
import functools
import json
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.fs as pa_fs
import pytest
from pyathena import connect
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor
from pyathena.cursor import DictCursor
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.cursor import PandasCursor


@pytest.fixture(autouse=True)
def _environment(server, monkeypatch):
    """Point programs here the way a user does; set per test, since other folders have servers of their own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def cursor(place):
    """Return a maker of cursors in the test's own database."""
    opened = []

    def make(kind=None, **settings):
        connection = connect(
            s3_staging_dir=place.results,
            region_name="us-east-1",
            schema_name=place.database,
            poll_interval=0.02,
            **({"cursor_class": kind} if kind else {}),
        )
        opened.append(connection)
        return connection.cursor(**settings)

    yield make
    for connection in opened:
        connection.close()


def test_cursor(cursor):
    """The plain cursor gets typed values."""
    found = cursor().execute(
        "SELECT 1, 2.50, 'x', CAST(NULL AS varchar), DATE '2026-01-02', TIMESTAMP '2026-01-02 03:04:05.678', "
        "ARRAY[1, 2], X'00ff', true, 1e10, CAST(ROW(1, 'a') AS ROW(n integer, s varchar)), '' AS empty"
    )
    assert found.fetchone() == (
        1,
        Decimal("2.50"),
        "x",
        None,
        dt.date(2026, 1, 2),
        dt.datetime(2026, 1, 2, 3, 4, 5, 678000),
        [1, 2],
        b"\x00\xff",
        True,
        1e10,
        {"n": "1", "s": "a"},
        "",
    )
    assert found.output_location.endswith(f"{found.query_id}.csv")


def test_dict_cursor(cursor):
    """The dictionary cursor names its values."""
    assert cursor(DictCursor).execute("SELECT 1 AS a, 'b' AS b").fetchall() == [{"a": 1, "b": "b"}]


def test_parameters(cursor):
    """Both parameter styles bind values, apostrophes included."""
    made = cursor()
    made.execute("SELECT %(a)d + 1, %(b)s", {"a": 1, "b": "it's"})
    assert made.fetchall() == [(2, "it's")]
    made.execute("SELECT ? + 1, ?", ["1", "'it''s'"], paramstyle="qmark")
    assert made.fetchall() == [(2, "it's")]


def test_executemany(place, cursor):
    """Executemany inserts every row."""
    place.create_table("t", "a int, b string")
    made = cursor()
    made.executemany("INSERT INTO t (a, b) VALUES (%(a)d, %(b)s)", [{"a": 1, "b": "x"}, {"a": 2, "b": "jim o'rourke"}])
    assert made.execute("SELECT * FROM t ORDER BY a").fetchall() == [(1, "x"), (2, "jim o'rourke")]


def test_errors_and_refusals(cursor):
    """A failed query is an OperationalError, a refused one a DatabaseError."""
    with pytest.raises(OperationalError, match="TABLE_NOT_FOUND"):
        cursor().execute("SELECT * FROM absent")
    with pytest.raises(DatabaseError, match="mismatched input"):
        cursor().execute("SELEC 1")


@pytest.mark.parametrize("unload", [False, True])
def test_pandas_cursor(cursor, unload):
    """Pandas reads the result from the CSV, or from Parquet after UNLOAD."""
    made = cursor(PandasCursor, unload=unload, engine="pyarrow" if unload else "auto")
    frame = made.execute("SELECT x, x * 1.5e0 AS y FROM UNNEST(sequence(1, 3)) AS t(x) ORDER BY x").as_pandas()
    assert frame.to_dict("list") == {"x": [1, 2, 3], "y": [1.5, 3.0, 4.5]}


@pytest.fixture
def arrow_file_system(server, monkeypatch):
    """PyAthena's Arrow cursor builds a file system that ignores AWS_ENDPOINT_URL; point it here."""
    host = server.url.removeprefix("http://")
    local = functools.partial(pa_fs.S3FileSystem, endpoint_override=host, scheme="http")
    monkeypatch.setattr(pa_fs, "S3FileSystem", local)


@pytest.mark.parametrize("unload", [False, True])
def test_arrow_cursor(cursor, arrow_file_system, unload):
    """Arrow reads the result from the CSV, or from Parquet after UNLOAD."""
    made = cursor(ArrowCursor, unload=unload)
    table = made.execute("SELECT x, CAST(x AS varchar) AS s FROM UNNEST(sequence(1, 3)) AS t(x) ORDER BY x").as_arrow()
    assert table.column("s").to_pylist() == ["1", "2", "3"]


def test_async_cursor(cursor):
    """Queries run in the background and are cancelled from outside."""
    made = cursor(AsyncCursor)
    _, future = made.execute("SELECT 41 + 1")
    assert future.result().fetchall() == [(42,)]
    query, future = made.execute(
        "SELECT sum(a.x * b.x) FROM UNNEST(sequence(1, 200000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 200000)) AS b(x)"
    )
    made.cancel(query).result()
    assert future.result().state == "CANCELLED"


def test_result_reuse(cursor):
    """PyAthena sees a reused result as such."""
    made = cursor()
    for expected in (False, True):
        made.execute("SELECT 1 AS reused_once", result_reuse_enable=True, result_reuse_minutes=5)
        assert made.reused_previous_result is expected


def run_aws(*arguments):
    # The script `aws` cannot start from a folder with a space in its path; its module can.
    program = [sys.executable, "-m", "awscli"]
    ended = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_aws_s3(place, tmp_path):
    """Make a bucket, copy a file up and down, list it."""
    bucket = f"cli-{place.bucket}"
    source, back = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_text("hello")
    assert run_aws("s3", "mb", f"s3://{bucket}") == f"make_bucket: {bucket}\n"
    run_aws("s3", "cp", str(source), f"s3://{bucket}/folder/a.txt")
    assert "a.txt" in run_aws("s3", "ls", f"s3://{bucket}/folder/")
    run_aws("s3", "cp", f"s3://{bucket}/folder/a.txt", str(back))
    assert back.read_text() == "hello"


def test_aws_athena(place):
    """Start a query, look at it, read its rows: the three commands of any tutorial."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1, 2], pa.int32())}))
    started = run_aws(
        "athena", "start-query-execution", "--query-string", "SELECT sum(a) AS total FROM t",
        "--query-execution-context", f"Database={place.database}",
        "--result-configuration", f"OutputLocation={place.results}",
    )  # fmt: skip
    identity = json.loads(started)["QueryExecutionId"]
    place.wait(identity)
    state = run_aws(
        "athena", "get-query-execution", "--query-execution-id", identity,
        "--query", "QueryExecution.Status.State", "--output", "text",
    )  # fmt: skip
    assert state == "SUCCEEDED\n"
    rows = json.loads(run_aws("athena", "get-query-results", "--query-execution-id", identity))["ResultSet"]["Rows"]
    assert rows == [{"Data": [{"VarCharValue": "total"}]}, {"Data": [{"VarCharValue": "3"}]}]


def test_aws_dynamodb(place):
    """Create a table, put an item, query it."""
    name = place.database
    run_aws(
        "dynamodb", "create-table", "--table-name", name,
        "--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=SongTitle,AttributeType=S",
        "--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=SongTitle,KeyType=RANGE",
        "--billing-mode", "PAY_PER_REQUEST",
    )  # fmt: skip
    item = '{"Artist": {"S": "A"}, "SongTitle": {"S": "S"}, "Price": {"N": "1.99"}}'
    run_aws("dynamodb", "put-item", "--table-name", name, "--item", item)
    found = run_aws(
        "dynamodb", "query", "--table-name", name, "--key-condition-expression", "Artist = :a",
        "--expression-attribute-values", '{":a": {"S": "A"}}',
    )  # fmt: skip
    assert json.loads(found)["Items"][0]["Price"] == {"N": "1.99"}
