"""The calls that start, watch, stop and read queries."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.athena.catalog.column_types import split_outside_brackets
from local.athena.catalog.glue import CATALOG_NAME
from local.athena.engine.duckdb_engine import Engine
from local.athena.errors import ENGINE, SYSTEM, LocalAthenaError, QueryCancelled, QueryError, RequestError
from local.athena.objects import location
from local.athena.protocol.executions import Execution, Executions, billed_bytes
from local.athena.results.results import Result
from local.athena.statements.context import Job
from local.athena.statements.kinds import executed, statement
from local.athena.workgroups.paging import page, start_of
from local.athena.workgroups.saved_queries import PreparedStatements
from local.athena.workgroups.workgroups import PRIMARY, WorkGroups

_log = logging.getLogger(__name__)
_CONCURRENT = 8
_LONGEST_PAGE = 1000
_LONGEST_QUERY = 262_144
_WITHOUT_RESULT_FILE = ("INSERT", "UNLOAD", "UPDATE", "DELETE", "MERGE", "CREATE_TABLE_AS_SELECT")


class Queries:
    """StartQueryExecution and its kin, over one engine."""

    def __init__(self, engine: Engine, workgroups: WorkGroups, prepared: PreparedStatements) -> None:
        self._engine = engine
        self._workgroups = workgroups
        self._prepared = prepared
        self._executions = Executions()
        self._pool = ThreadPoolExecutor(_CONCURRENT, thread_name_prefix="athena-query")

    def close(self) -> None:
        """Cancel what runs and wait for it to end."""
        for execution in self._executions.running():
            execution.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """StartQueryExecution."""
        token = request.get("ClientRequestToken", "")
        earlier = self._executions.by_token(token) if token else None
        if earlier is not None:
            if earlier.text != request["QueryString"]:
                raise RequestError("Idempotent parameters do not match")
            return {"QueryExecutionId": earlier.id}
        execution = self._accepted(request)
        self._executions.add(execution, token)
        self._pool.submit(self._run, execution)
        return {"QueryExecutionId": execution.id}

    def _accepted(self, request: dict[str, Any]) -> Execution:
        text, group = request["QueryString"], request.get("WorkGroup") or PRIMARY
        if not text.strip() or len(text) > _LONGEST_QUERY:
            raise RequestError(f"queryString must have 1 to {_LONGEST_QUERY} characters, found {len(text)}")
        self._workgroups.for_query(group)
        wanted = (request.get("ResultConfiguration") or {}).get("OutputLocation", "")
        folder = self._workgroups.output_location(group, wanted)
        if not folder.startswith("s3://"):
            raise RequestError(f"outputLocation is not a valid S3 path: {folder}")
        context = request.get("QueryExecutionContext") or {}
        sql, parameters = self._resolved(text, group, tuple(request.get("ExecutionParameters") or ()))
        return Execution(
            text=text,
            statement=statement(sql),
            database=(context.get("Database") or "default").lower(),
            catalog=context.get("Catalog") or CATALOG_NAME,
            workgroup=group,
            output_folder=folder,
            parameters=parameters,
            reuse=request.get("ResultReuseConfiguration") or {},
            cutoff=self._workgroups.cutoff(group),
        )

    def _resolved(self, text: str, group: str, given: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Put a prepared statement in the place of its EXECUTE."""
        call = executed(text)
        if call is None:
            return text, given
        name, using = call
        parameters = given or tuple(split_outside_brackets(using or ""))
        if name.startswith("'"):
            return name[1:-1].replace("''", "'"), parameters
        return self._prepared.sql(group, name.lower()), parameters

    def _run(self, execution: Execution) -> None:
        if not execution.begin():
            return
        try:
            reusable = self._executions.reusable(execution)
            if reusable is not None and reusable.result is not None:
                execution.reused = True
                result = reusable.result
            else:
                result = self._carried_out(execution)
            if execution.statement.subtype not in _WITHOUT_RESULT_FILE:
                self._store(execution, result)
            execution.succeed(result)
        except QueryError as error:
            execution.fail(error)
        except LocalAthenaError as error:
            execution.fail(QueryError(str(error)))
        except (BotoCoreError, ClientError) as error:
            execution.fail(QueryError(f"GENERIC_INTERNAL_ERROR: {error}", ENGINE, SYSTEM))
        except Exception as error:  # noqa: BLE001 - a defect of the stand-in must end the query, not leave it running for ever
            _log.exception("query %s failed unexpectedly: %s", execution.id, execution.text)
            execution.fail(QueryError(f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}", ENGINE, SYSTEM))
        finally:
            self._executions.forget_old_results()

    def _carried_out(self, execution: Execution) -> Result:
        sql = execution.statement.sql
        with contextlib.closing(
            self._engine.open(sql, execution.database, execution.parameters, execution.cutoff)
        ) as query:
            execution.query = query
            if execution.state == "CANCELLED":
                raise QueryCancelled
            folder = location(execution.output_folder)
            job = Job(sql, query, execution.workgroup, self._prepared, folder, execution.id)
            return execution.statement.run(job)

    def _store(self, execution: Execution, result: Result) -> None:
        place = location(execution.output_location)
        body = result.csv() if result.headed else result.text()
        kind = "text/csv" if result.headed else "text/plain"
        self._engine.objects.write(place, body, kind)
        if result.columns:
            metadata = location(f"{execution.output_location}.metadata")
            self._engine.objects.write(metadata, result.metadata())

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetQueryExecution."""
        return {"QueryExecution": self._executions.find(request["QueryExecutionId"]).described()}

    def get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        """BatchGetQueryExecution."""
        wanted = request["QueryExecutionIds"]
        return {
            "QueryExecutions": [self._executions.find(i).described() for i in wanted if self._executions.known(i)],
            "UnprocessedQueryExecutionIds": [
                {
                    "QueryExecutionId": i,
                    "ErrorCode": "INVALID_INPUT",
                    "ErrorMessage": f"QueryExecution {i} was not found",
                }
                for i in wanted
                if not self._executions.known(i)
            ],
        }

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListQueryExecutions."""
        group = request.get("WorkGroup") or PRIMARY
        self._workgroups.find(group)
        return page("QueryExecutionIds", self._executions.newest_first(group), request)

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        """StopQueryExecution."""
        self._executions.find(request["QueryExecutionId"]).cancel()
        return {}

    def results(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetQueryResults."""
        execution = self._executions.find(request["QueryExecutionId"])
        if execution.state in ("QUEUED", "RUNNING"):
            raise RequestError(f"Query has not yet finished. Current state: {execution.state}")
        if execution.state != "SUCCEEDED":
            raise RequestError(f"Query did not finish successfully. Final query state: {execution.state}")
        result = execution.result
        if result is None:
            raise RequestError(
                f"The rows of query {execution.id} are no longer in memory. Read {execution.output_location} instead"
            )
        count = int(request.get("MaxResults") or _LONGEST_PAGE)
        if not 1 <= count <= _LONGEST_PAGE:
            raise RequestError(f"MaxResults must be between 1 and {_LONGEST_PAGE}, found {count}")
        rows, following = result.page(start_of(request), count)
        columns = [column.described() for column in result.columns]
        answer: dict[str, Any] = {
            "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}},
            "UpdateCount": result.updated or 0,
        }
        return answer if following is None else answer | {"NextToken": str(following)}

    def runtime_statistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetQueryRuntimeStatistics. `OutputStage` has the bytes that Athena would bill, which have a minimum."""
        execution = self._executions.find(request["QueryExecutionId"])
        rows = execution.result.rows.num_rows if execution.result is not None else 0
        return {
            "QueryRuntimeStatistics": {
                "Timeline": execution.timeline(),
                "Rows": {"InputBytes": execution.scanned_bytes, "OutputRows": rows},
                "OutputStage": {
                    "StageId": 0,
                    "State": execution.state,
                    "OutputRows": rows,
                    "InputBytes": billed_bytes(execution.scanned_bytes),
                },
            }
        }
