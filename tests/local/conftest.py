"""One real server for the whole folder; each test has a bucket and a database of its own."""

from __future__ import annotations

import datetime as dt
import io
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

# Test folders are not packages, so what they share among themselves is found through the path.
sys.path.insert(0, str(Path(__file__).parent))

from stand_in import DATE_PROJECTION, PARTITIONED_BY_DAY, Aws

from local.server import Server, serve


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def aws(server: Server) -> Aws:
    return Aws(server.url)


@dataclass
class Ran:
    """A query that ended."""

    execution: dict[str, Any]
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    update_count: int = 0

    @property
    def id(self) -> str:
        return self.execution["QueryExecutionId"]

    @property
    def state(self) -> str:
        return self.execution["Status"]["State"]

    @property
    def reason(self) -> str:
        return self.execution["Status"].get("StateChangeReason", "")

    @property
    def scanned(self) -> int:
        return self.execution["Statistics"]["DataScannedInBytes"]

    @property
    def types(self) -> list[str]:
        return [column["Type"] for column in self.columns]


@dataclass
class Place:
    """A bucket and a database, and queries in them."""

    aws: Aws
    server: Server
    bucket: str
    database: str

    @property
    def results(self) -> str:
        return f"s3://{self.bucket}/results/"

    def start(self, sql: str, **request: Any) -> str:
        request.setdefault("ResultConfiguration", {"OutputLocation": self.results})
        request.setdefault("QueryExecutionContext", {"Database": self.database})
        return self.aws.athena.start_query_execution(QueryString=sql, **request)["QueryExecutionId"]

    def wait(self, identity: str, seconds: float = 30) -> Ran:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            execution = self.aws.athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return Ran(execution)
            time.sleep(0.01)
        raise TimeoutError(identity)

    def run(self, sql: str, **request: Any) -> Ran:
        """Run a query to its end, whatever that is."""
        ran = self.wait(self.start(sql, **request))
        if ran.state == "SUCCEEDED":
            answer = self.aws.athena.get_query_results(QueryExecutionId=ran.id)
            ran.columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            ran.update_count = answer["UpdateCount"]
            ran.rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["ResultSet"]["Rows"]]
            if ran.rows and ran.execution["StatementType"] == "DML":
                ran.rows = ran.rows[1:]
        return ran

    def rows(self, sql: str, **request: Any) -> list[list[str | None]]:
        """Run a query that must succeed and return its first page."""
        ran = self.run(sql, **request)
        assert ran.state == "SUCCEEDED", ran.reason
        return ran.rows

    def put_parquet(self, key: str, rows: pa.Table) -> int:
        out = io.BytesIO()
        pq.write_table(rows, out)
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=out.getvalue())
        return len(out.getvalue())

    def create_table(
        self, name: str, columns: str, partitioned: str = "", properties: Mapping[str, str] | None = None
    ) -> None:
        given = ", ".join(f"'{key}'='{value}'" for key, value in (properties or {}).items())
        ran = self.run(
            f"CREATE EXTERNAL TABLE {name} ({columns}) {partitioned} STORED AS PARQUET "
            f"LOCATION 's3://{self.bucket}/{name}/' " + (f"TBLPROPERTIES ({given})" if given else "")
        )
        assert ran.state == "SUCCEEDED", ran.reason

    def object_reads(self, action: Any) -> list[str]:
        """Return the keys of the objects that were fetched while `action` ran."""
        before = len(self.server.requests)
        action()
        prefix = f"/{self.bucket}/"
        return [
            path.removeprefix(prefix)
            for method, path in self.server.requests[before:]
            if method == "GET" and path.startswith(prefix) and "list-type" not in path
        ]


@pytest.fixture
def place(aws: Aws, server: Server) -> Place:
    mark = uuid.uuid4().hex[:12]
    made = Place(aws, server, f"bucket-{mark}", f"db_{mark}")
    aws.s3.create_bucket(Bucket=made.bucket)
    aws.glue.create_database(DatabaseInput={"Name": made.database})
    return made


FIRST_DAY = dt.date(2026, 1, 15)
ROWS_PER_DAY = 500


@pytest.fixture(scope="module")
def month(aws: Aws, server: Server) -> Place:
    """Thirty days of contacts, 15 January to 13 February 2026, and one more on 31 December 2025."""
    mark = uuid.uuid4().hex[:12]
    made = Place(aws, server, f"month-{mark}", f"month_{mark}")
    aws.s3.create_bucket(Bucket=made.bucket)
    aws.glue.create_database(DatabaseInput={"Name": made.database})
    made.create_table("contacts", "contactid string, agent string, seconds double", PARTITIONED_BY_DAY, DATE_PROJECTION)
    for day in [dt.date(2025, 12, 31), *(FIRST_DAY + dt.timedelta(days=count) for count in range(29))]:
        key = f"contacts/year={day.year}/month={day.month:02d}/day={day.day:02d}/data.parquet"
        made.put_parquet(key, _contacts(day))
    return made


def _contacts(day: dt.date) -> pa.Table:
    numbers = range(ROWS_PER_DAY)
    return pa.table(
        {
            "contactid": [f"{day:%Y%m%d}-{number:05d}" for number in numbers],
            "agent": [f"agent-{number % 7}" for number in numbers],
            "seconds": [number / 4 for number in numbers],
        }
    )
