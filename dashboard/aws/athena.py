"""A statement flows in, its result flows out: Athena through PyAthena. The only module that uses PyAthena."""

import logging
from typing import Any

import pyarrow as pa
import pyathena
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error as PyAthenaError
from pyathena.model import AthenaQueryExecution
from pyathena.util import RetryConfig

from dashboard.aws.errors import error_from_reason, error_from_sdk
from dashboard.aws.run_options import DEFAULT_RUN_OPTIONS, RunOptions
from dashboard.aws.s3 import Objects
from dashboard.aws.text_result import is_text_file, table_from_text
from dashboard.errors import DashboardError, QueryFailed
from dashboard.model.result import QueryResult, ResultColumn, Statistics
from dashboard.model.statements import Statement
from dashboard.results.result_cache import SharedResults, SharedRows, TableRows
from dashboard.results.result_file import unique_names
from dashboard.sql.parser import position_of_failure
from sdk_session import new_session

POLL_SECONDS = 0.2
"""Time between polls of a running query. PyAthena's default of one second makes every click slow."""

MOST_REUSE_MINUTES = 7 * 24 * 60
"""Athena's limit on the age of a reused result."""

# PyAthena logs a traceback for every error that it raises. This module handles each error and reports it once.
logging.getLogger("pyathena").setLevel(logging.CRITICAL)


class Athena:
    """Runs statements in one workgroup. Thread-safe: every run has its own cursor."""

    def __init__(
        self, objects: Objects, *, workgroup: str, database: str, results: str | None, region: str | None
    ) -> None:
        self._objects = objects
        # "" keeps PyAthena from reading AWS_ATHENA_S3_STAGING_DIR: a workgroup may enforce its own place for results.
        self._options: dict[str, Any] = {
            "s3_staging_dir": results or "",
            "work_group": workgroup,
            "schema_name": database,
            "region_name": region,
        }
        self.results = SharedResults(objects.save)
        self._connection: Any = None

    def run(self, statement: Statement, options: RunOptions = DEFAULT_RUN_OPTIONS) -> QueryResult:
        """Run a statement to its end and return its result.

        Raises a DashboardError; QueryCancelled where the query was stopped.
        """
        seen: list[AthenaQueryExecution] = []
        stopped = False

        def on_poll(execution: AthenaQueryExecution) -> None:
            nonlocal stopped
            seen[:] = [execution]
            over = execution.state in AthenaQueryExecution.TERMINAL_STATES
            if not stopped and not over and options.should_stop():
                stopped = True
                self.stop(str(execution.query_id))

        try:
            # One row of GetQueryResults gives the columns' types; the rows come from the file.
            cursor = self._connect().cursor(on_poll=on_poll, arraysize=1)
            cursor.execute(
                statement.sql,
                list(statement.parameters) or None,
                paramstyle="qmark",
                result_reuse_enable=options.reuse_minutes > 0,
                result_reuse_minutes=min(max(options.reuse_minutes, 1), MOST_REUSE_MINUTES),
                on_start_query_execution=options.on_start,
            )
            described = cursor.description or []
        except (PyAthenaError, ClientError, BotoCoreError) as error:
            raise _failure(statement, seen[0] if seen else None, error) from error
        return self._result(statement, seen[0], tuple(_column(*entry) for entry in described))

    def stop(self, query_execution_id: str) -> None:
        """Stop an execution in Athena; a finished execution does not change."""
        try:
            self._connect().client.stop_query_execution(QueryExecutionId=query_execution_id)
        except (ClientError, BotoCoreError) as error:
            raise error_from_sdk(error, "Athena", f"stopping query {query_execution_id}") from error

    def state(self, query_execution_id: str) -> str:
        """Return Athena's state of an execution: QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
        try:
            answer = self._connect().client.get_query_execution(QueryExecutionId=query_execution_id)
        except (ClientError, BotoCoreError) as error:
            raise error_from_sdk(error, "Athena", f"asking for query {query_execution_id}") from error
        return str(answer["QueryExecution"]["Status"]["State"])

    def _connect(self) -> Any:
        if self._connection is None:
            self._connection = pyathena.connect(
                **self._options,
                session=Session(botocore_session=new_session()),
                poll_interval=POLL_SECONDS,
                kill_on_interrupt=False,
                retry_config=RetryConfig(attempt=4, max_delay=4),
                config=Config(
                    connect_timeout=3,
                    read_timeout=30,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    max_pool_connections=32,
                ),
            )
        return self._connection

    def _result(
        self, statement: Statement, execution: AthenaQueryExecution, columns: tuple[ResultColumn, ...]
    ) -> QueryResult:
        location = str(execution.output_location)
        if statement.unloads:
            nothing = TableRows(pa.table({}))
            files = self._files_of(execution)
            return QueryResult(
                str(execution.query_id), statement, nothing, 0, (), False, _statistics(execution), location, files
            )
        names = unique_names([column.name for column in columns])
        columns = tuple(ResultColumn(name, column.type) for name, column in zip(names, columns, strict=True))
        if is_text_file(location):
            rows = table_from_text(self._objects.text(location), columns)
            return QueryResult(
                query_execution_id=str(execution.query_id),
                statement=statement,
                rows=TableRows(rows),
                row_count=rows.num_rows,
                columns=tuple(ResultColumn(name, "varchar") for name in names),
                truncated=False,
                statistics=_statistics(execution),
                output_location=location,
            )
        # Read in the query's own thread, so pages and API find the rows cached.
        count, limit = self.results.table(location, columns).num_rows, statement.limit
        return QueryResult(
            query_execution_id=str(execution.query_id),
            statement=statement,
            rows=SharedRows(self.results, location, columns, limit),
            row_count=count if limit is None else min(count, limit),
            columns=columns,
            truncated=limit is not None and count > limit,
            statistics=_statistics(execution),
            output_location=location,
        )

    def _files_of(self, execution: AthenaQueryExecution) -> tuple[str, ...]:
        # Athena lists the files of an UNLOAD in a manifest, one URI a line. Without rows there is no manifest.
        listed = execution.data_manifest_location
        return tuple(filter(None, self._objects.text(listed).splitlines())) if listed else ()


def _failure(statement: Statement, execution: AthenaQueryExecution | None, error: Exception) -> DashboardError:
    """Return the query's failure where Athena reports one, otherwise the failure of the call."""
    if execution is None or execution.state not in {"FAILED", "CANCELLED"}:
        return error_from_sdk(error, "Athena", "running a query")
    reason = execution.state_change_reason or ""
    failure = error_from_reason(str(execution.state), reason, str(execution.query_id))
    if isinstance(failure, QueryFailed) and statement.written:
        text, line, column = position_of_failure(statement.written, failure.reason)
        return QueryFailed(text, failure.query_execution_id, line, column)
    return failure


def _column(name: str, type_: str, _size: None, _length: None, precision: int, scale: int, _null: str) -> ResultColumn:
    return ResultColumn(name, f"decimal({precision},{scale})" if type_ == "decimal" else type_)


def _statistics(execution: AthenaQueryExecution) -> Statistics:
    return Statistics(
        bytes_scanned=execution.data_scanned_in_bytes or 0,
        run_ms=execution.engine_execution_time_in_millis or 0,
        total_ms=execution.total_execution_time_in_millis or 0,
        reused=bool(execution.reused_previous_result),
        submitted_at=execution.submission_date_time,
    )
