"""Queries under way: each runs in a thread of its own, can be watched, waited for and stopped in Athena."""

import contextlib
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, Protocol

from dashboard.errors import DashboardError, QueryCancelled, QueryFailed
from dashboard.queries import Statement
from dashboard.results import QueryResult
from dashboard.watch import UNWATCHED, Watch

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

TIME_LIMIT = 600.0
"""Seconds after which a query is stopped in Athena."""

ABANDONED_SECONDS = 30.0
"""How long a session may be gone before its queries are stopped: a page that reloads is back sooner."""

KEPT_JOBS = 256
KEPT_BYTES = 128 * 1024 * 1024
"""Ended jobs are remembered for paging and downloads, the latest first, within both bounds."""


class Runner(Protocol):
    """What runs a statement: `dashboard.athena.Athena`."""

    def run(self, statement: Statement, watch: Watch = UNWATCHED) -> QueryResult:
        """Run to the end and return the result, or raise a DashboardError."""
        ...

    def stop(self, query_execution_id: str) -> None:
        """Stop an execution in Athena."""
        ...


class Job:
    """One query under way or over. Safe to ask from any thread."""

    def __init__(
        self, statement: Statement, owner: str, time_limit: float, is_there: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.id = uuid.uuid4().hex
        """Ours, not Athena's: there before Athena has given an execution id."""
        self.owner = owner
        """Session that asked; its jobs are stopped together when it goes away."""
        self.statement = statement
        self._began = time.monotonic()
        self._ended: float | None = None
        self._time_limit = time_limit
        self._is_there = is_there
        self._seen = self._began
        self._stop = False
        self._execution_id: str | None = None
        self._result: QueryResult | None = None
        self._error: DashboardError | None = None
        self._over = threading.Event()
        self._turn: Future[None] | None = None

    @property
    def state(self) -> JobState:
        """Where it stands now."""
        if not self.is_over:
            return "running" if self._execution_id else "queued"
        if self._result is not None:
            return "succeeded"
        return "cancelled" if isinstance(self._error, QueryCancelled) else "failed"

    @property
    def elapsed(self) -> float:
        """Seconds since it was submitted, until its end."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def query_execution_id(self) -> str | None:
        """Athena's id; None until Athena has taken the query."""
        return self._execution_id

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however it ended."""
        return self._over.is_set()

    @property
    def result(self) -> QueryResult | None:
        """The result of a job that succeeded."""
        return self._result

    @property
    def error(self) -> DashboardError | None:
        """Why a job failed or was cancelled."""
        return self._error

    @property
    def is_late(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() - self._began > self._time_limit

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; return whether it has ended."""
        return self._over.wait(seconds)

    def outcome(self) -> QueryResult:
        """Wait for the end; return the result or raise the error."""
        self._over.wait()
        if self._result is None:
            raise self._error or QueryFailed("it gave no reason")
        return self._result

    def _cancel(self) -> None:
        self._stop = True
        if self._turn and self._turn.cancel():
            self._end(QueryCancelled("The query was cancelled before Athena had taken it."))

    def _end(self, error: DashboardError | None = None) -> None:
        self._error = error or self._error
        self._ended = time.monotonic()
        self._over.set()

    def _should_stop(self) -> bool:
        if self._is_there(self.owner):
            self._seen = time.monotonic()
        return self._stop or self.is_late or time.monotonic() - self._seen > ABANDONED_SECONDS

    def _run(self, runner: Runner, reuse_minutes: int, started: Callable[["Job"], None]) -> None:
        def on_start(query_execution_id: str) -> None:
            self._execution_id = query_execution_id
            started(self)

        try:
            if self._should_stop():
                raise QueryCancelled("The query was cancelled before Athena had taken it.")  # noqa: TRY301 - one exit
            self._result = runner.run(self.statement, Watch(reuse_minutes, on_start, self._should_stop))
            self._execution_id = self._result.query_execution_id
        except QueryCancelled as error:
            limit = f"The query ran longer than the limit of {self._time_limit:g} s and was stopped in Athena."
            late = self.is_late and not self._stop
            self._error = QueryCancelled(limit, self._execution_id) if late else error
        except DashboardError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it: whoever waits must hear of it
            self._error = QueryFailed(f"the dashboard could not read the answer ({type(error).__name__}: {error})")
        finally:
            self._end()


class Jobs:
    """All jobs of this process."""

    def __init__(
        self,
        runner: Runner,
        *,
        workers: int = 16,
        time_limit: float = TIME_LIMIT,
        is_there: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Make a pool of workers; `is_there` tells whether the session of an owner still lives."""
        self._runner = runner
        self._is_there = is_there
        self._time_limit = time_limit
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="query")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._executions: dict[str, str] = {}

    def submit(self, statement: Statement, *, owner: str = "", reuse_minutes: int = 0) -> Job:
        """Start a query and return at once; more than `workers` of them wait their turn."""
        job = Job(statement, owner, self._time_limit, self._is_there)
        with self._lock:
            self._jobs[job.id] = job
        job._turn = self._pool.submit(self._run, job, reuse_minutes)  # noqa: SLF001 - the two classes are one thing
        return job

    def get(self, job_id: str) -> Job | None:
        """Return the job of that id, or None once it is forgotten."""
        with self._lock:
            return self._jobs.get(job_id)

    def by_execution(self, query_execution_id: str) -> Job | None:
        """Return the job of an Athena execution that this process started, or None."""
        with self._lock:
            return self._jobs.get(self._executions.get(query_execution_id, ""))

    def cancel(self, job_id: str) -> None:
        """Stop a job in Athena; a job that is over stays as it is."""
        job = self.get(job_id)
        if job is None or job.is_over:
            return
        job._cancel()  # noqa: SLF001 - the two classes are one thing
        if job.query_execution_id:
            # Where this fails, the next look at the query tries again.
            with contextlib.suppress(DashboardError):
                self._runner.stop(job.query_execution_id)

    def cancel_owner(self, owner: str) -> int:
        """Stop every running job of a session that went away; return how many."""
        with self._lock:
            running = [job.id for job in self._jobs.values() if job.owner == owner and not job.is_over]
        for job_id in running:
            self.cancel(job_id)
        return len(running)

    def close(self) -> None:
        """Stop everything."""
        with self._lock:
            running = [job.id for job in self._jobs.values() if not job.is_over]
        for job_id in running:
            self.cancel(job_id)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, reuse_minutes: int) -> None:
        job._run(self._runner, reuse_minutes, self._started)  # noqa: SLF001 - the two classes are one thing
        if job.query_execution_id:
            self._started(job)
        self._forget()

    def _started(self, job: Job) -> None:
        with self._lock:
            if job.query_execution_id and job.id in self._jobs:
                self._executions[job.query_execution_id] = job.id

    def _forget(self) -> None:
        with self._lock:
            over = [job for job in reversed(self._jobs.values()) if job.is_over]
            held = 0
            for place, job in enumerate(over):
                held += job.result.table.nbytes if job.result else 0
                # The latest result is kept whatever its size: somebody is about to look at it.
                if place >= KEPT_JOBS or (held > KEPT_BYTES and place > 0):
                    del self._jobs[job.id]
                    self._executions.pop(job.query_execution_id or "", None)
