"""The stand-in for AWS in this process: its Athena as the other engine, and the SDK's clients."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from conformance.outcome import Outcome, OutputColumn
from local.server import serve

BUCKET = "conformance"
RESULTS_BUCKET = "conformance-results"
RESULTS = f"s3://{RESULTS_BUCKET}/"
_WITH_SIZE = {"decimal"}


class StandIn:
    """A running stand-in with a bucket for tables and one for results."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "S3_BUCKET": BUCKET,
            "ATHENA_RESULTS": RESULTS,
        }
        keys: dict[str, Any] = {
            "endpoint_url": url,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        self.s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **keys)
        self.glue = boto3.client("glue", **keys)
        self.dynamodb = boto3.client("dynamodb", **keys)
        self.athena = boto3.client("athena", **keys)

    def ask(self, sql: str, database: str = "default", parameters: Sequence[str] = ()) -> Outcome:
        """Run a statement in the local Athena to its end."""
        more: dict[str, Any] = {"ExecutionParameters": list(parameters)} if parameters else {}
        try:
            started = self.athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": database},
                ResultConfiguration={"OutputLocation": RESULTS},
                **more,
            )
        except ClientError as error:
            # Athena refuses what is no statement before it runs; Trino calls that a syntax error.
            return Outcome(error="SYNTAX_ERROR", message=error.response["Error"]["Message"])
        identity = started["QueryExecutionId"]
        status = self._awaited(identity)
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason", "")
            return Outcome(error=reason.partition(":")[0], message=reason)
        return self._outcome(identity)

    def executions(self) -> set[str]:
        """Return the ids of the query executions so far."""
        pages = self.athena.get_paginator("list_query_executions").paginate()
        return {identity for page in pages for identity in page["QueryExecutionIds"]}

    def sent(self, before: set[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield text, database and parameters of the statements sent since `before`."""
        for identity in sorted(self.executions() - before):
            found = self.athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            context = found.get("QueryExecutionContext", {})
            yield found["Query"], context.get("Database", "default"), tuple(found.get("ExecutionParameters", ()))

    def _awaited(self, identity: str) -> Any:
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            status: Any = execution["Status"]
            if status["State"] not in {"QUEUED", "RUNNING"}:
                return status
            time.sleep(0.01)

    def _outcome(self, identity: str) -> Outcome:
        pages = list(self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=identity))
        described = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        columns = tuple(OutputColumn(column["Name"].lower(), _type_name(column)) for column in described)
        rows = [
            tuple(cell.get("VarCharValue") for cell in row["Data"])
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]
        return Outcome(columns, tuple(rows[1:]))


def _type_name(column: Any) -> str:
    name = str(column["Type"])
    return f"{name}({column['Precision']},{column['Scale']})" if name in _WITH_SIZE else name


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Start a stand-in, make its bucket, and point this process's SDK at it."""
    with serve() as server:
        made = StandIn(server.url)
        os.environ.update(made.environment)
        for bucket in (BUCKET, RESULTS_BUCKET):
            made.s3.create_bucket(Bucket=bucket)
        made.glue.create_database(DatabaseInput={"Name": "default"})
        yield made
