"""Query executions: their states, what Athena reports of them, and which of them can be reused."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

from local.athena.engine.duckdb_engine import Query
from local.athena.errors import QueryCancelled, QueryError, RequestError
from local.athena.results.results import Result
from local.athena.statements.kinds import Statement
from local.athena.workgroups.workgroups import ENGINE_VERSION

State = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
FINAL: tuple[State, ...] = ("SUCCEEDED", "FAILED", "CANCELLED")

BILLING_MINIMUM_BYTES = 10 * 1024 * 1024
_KEPT_RESULT_BYTES = 512 * 1024 * 1024


def billed_bytes(scanned: int) -> int:
    """Return the bytes that Athena would bill for a query: at least 10 MB, except where nothing was scanned.

    `DataScannedInBytes` never contains this minimum.
    """
    return max(scanned, BILLING_MINIMUM_BYTES) if scanned else 0


@dataclass
class Execution:
    """One call of StartQueryExecution and what became of it. Times are seconds since 1970."""

    text: str
    statement: Statement
    database: str
    catalog: str
    workgroup: str
    output_folder: str
    parameters: tuple[str, ...] = ()
    reuse: dict[str, Any] = field(default_factory=dict)
    cutoff: int | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: State = "QUEUED"
    reason: str = ""
    error: QueryError | None = None
    submitted: float = field(default_factory=time.time)
    started: float | None = None
    completed: float | None = None
    scanned_bytes: int = 0
    reused: bool = False
    result: Result | None = None
    query: Query | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def output_location(self) -> str:
        """The URI of the result file."""
        folder = self.output_folder.rstrip("/")
        if self.statement.subtype == "CREATE_TABLE_AS_SELECT":
            return f"{folder}/tables/{self.id}"
        if self.statement.subtype in ("INSERT", "UNLOAD", "UPDATE", "DELETE", "MERGE"):
            return f"{folder}/{self.id}"
        return f"{folder}/{self.id}{self.statement.extension}"

    @property
    def reuse_key(self) -> tuple[str, tuple[str, ...], str, str, str]:
        """What must be equal for one query to stand for another."""
        return self.text.strip(), self.parameters, self.database, self.catalog.lower(), self.workgroup

    def begin(self) -> bool:
        """Start running; False where the query was cancelled in the queue."""
        with self.lock:
            if self.state != "QUEUED":
                return False
            self.state, self.started = "RUNNING", time.time()
            return True

    def succeed(self, result: Result) -> None:
        """End well, unless it was cancelled meanwhile."""
        with self.lock:
            if self.state == "RUNNING":
                self.result = result
                self._end("SUCCEEDED")

    def fail(self, error: QueryError) -> None:
        """End badly, or cancelled."""
        with self.lock:
            if self.state in FINAL:
                return
            self.error, self.reason = error, str(error)
            self._end("CANCELLED" if isinstance(error, QueryCancelled) else "FAILED")

    def cancel(self) -> None:
        """Cancel; a query that ended already stays as it is."""
        with self.lock:
            if self.state in FINAL:
                return
            self.reason = "Query cancelled by user"
            self._end("CANCELLED")
        if self.query is not None:
            self.query.cancel()

    def _end(self, state: State) -> None:
        if self.query is not None:
            self.scanned_bytes = self.query.scanned_bytes
        self.completed = time.time()
        self.state = state

    def described(self) -> dict[str, Any]:
        """The execution as GetQueryExecution describes it."""
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": self.text,
            "StatementType": self.statement.type,
            "SubstatementType": self.statement.subtype,
            "ResultConfiguration": {"OutputLocation": self.output_location},
            "ResultReuseConfiguration": self.reuse or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": {"Database": self.database, "Catalog": self.catalog.lower()},
            "Status": self._status(),
            "Statistics": self._statistics(),
            "WorkGroup": self.workgroup,
            "EngineVersion": ENGINE_VERSION,
        }
        return described | ({"ExecutionParameters": list(self.parameters)} if self.parameters else {})

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed is not None:
            status["CompletionDateTime"] = self.completed
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.error is not None and self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": self.error.category,
                "ErrorType": self.error.kind,
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        return status

    def timeline(self) -> dict[str, int]:
        """Milliseconds spent in the queue, running, and in all."""
        end = self.completed or time.time()
        begun = self.started or end
        queued, running = (max(1, round(1000 * span)) for span in (begun - self.submitted, end - begun))
        return {
            "QueryQueueTimeInMillis": queued,
            "ServicePreProcessingTimeInMillis": 1,
            "QueryPlanningTimeInMillis": 1,
            "EngineExecutionTimeInMillis": running,
            "ServiceProcessingTimeInMillis": 1,
            "TotalExecutionTimeInMillis": queued + running + 2,
        }

    def _statistics(self) -> dict[str, Any]:
        statistics: dict[str, Any] = {
            **self.timeline(),
            "DataScannedInBytes": self.query.scanned_bytes if self.query and not self.completed else self.scanned_bytes,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.result is not None and self.result.manifest:
            statistics["DataManifestLocation"] = self.result.manifest
        return statistics


class Executions:
    """All executions of a region, newest last. Results are kept in memory up to a fixed number of bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Execution] = OrderedDict()
        self._by_token: dict[str, Execution] = {}

    def add(self, execution: Execution, token: str = "") -> None:
        """Remember an execution, and the client's token for it."""
        with self._lock:
            self._by_id[execution.id] = execution
            if token:
                self._by_token[token] = execution

    def by_token(self, token: str) -> Execution | None:
        """Return the execution that a client's token started."""
        return self._by_token.get(token)

    def find(self, identity: str) -> Execution:
        """Return an execution, or refuse the call."""
        if identity not in self._by_id:
            raise RequestError(f"QueryExecution {identity} was not found")
        return self._by_id[identity]

    def known(self, identity: str) -> bool:
        """Tell whether there is such an execution."""
        return identity in self._by_id

    def newest_first(self, workgroup: str) -> list[str]:
        """List the ids of a workgroup's executions."""
        with self._lock:
            return [execution.id for execution in reversed(self._by_id.values()) if execution.workgroup == workgroup]

    def reusable(self, execution: Execution) -> Execution | None:
        """Return an earlier execution with a result that may stand for this one's."""
        wanted = execution.reuse.get("ResultReuseByAgeConfiguration", {})
        if not wanted.get("Enabled") or execution.statement.subtype not in ("SELECT", "EXECUTE"):
            return None
        oldest = time.time() - 60 * int(wanted.get("MaxAgeInMinutes", 60))
        with self._lock:
            earlier = [other for other in self._by_id.values() if other.reuse_key == execution.reuse_key]
        fresh = (
            other
            for other in reversed(earlier)
            if other.state == "SUCCEEDED" and not other.reused and (other.completed or 0) >= oldest and other.result
        )
        return next(fresh, None)

    def forget_old_results(self) -> None:
        """Drop the rows of the oldest results once all of them together grow too large."""
        with self._lock:
            held = [execution for execution in self._by_id.values() if execution.result is not None]
            total = sum(execution.result.size for execution in held if execution.result)
            for execution in held[:-1]:
                if total <= _KEPT_RESULT_BYTES or execution.result is None:
                    return
                total -= execution.result.size
                execution.result = None

    def running(self) -> list[Execution]:
        """List the executions that have not ended."""
        with self._lock:
            return [execution for execution in self._by_id.values() if execution.state not in FINAL]
