"""Statements in, running queries and their results out: each query runs in a thread and can be stopped in Athena.

Equal questions about the same data share one Athena execution: a question that arrives while it runs waits for its
answer, a later one receives it at once. Cancelling a waiting job does not stop the execution that it waits for.
"""

import contextlib
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Literal, Protocol

from dashboard.errors import DashboardError, QueryCancelled, QueryFailed
from dashboard.model.result import QueryResult, Statistics
from dashboard.model.run_options import DEFAULT_RUN_OPTIONS, RunOptions
from dashboard.model.statements import Statement

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

TIME_LIMIT = 600.0
"""Seconds after which a query is stopped in Athena."""

ABANDONED_SECONDS = 30.0
"""How long a session may be gone before its queries are stopped: a page that reloads is back sooner."""

KEPT_JOBS = 512
"""Ended jobs are remembered for paging and downloads, the latest first. They hold no rows: see `shared_results`."""

_LOOK_SECONDS = 0.1
"""Between looks of a job that waits for another one's answer at whether it should stop."""


class Runner(Protocol):
    """What runs a statement: `dashboard.aws.athena.Athena`."""

    def run(self, statement: Statement, options: RunOptions = DEFAULT_RUN_OPTIONS) -> QueryResult:
        """Run to the end and return the result, or raise a DashboardError."""
        ...

    def stop(self, query_execution_id: str) -> None:
        """Stop an execution in Athena."""
        ...


class Job:
    """One query under way or over. Safe to ask from any thread."""

    def __init__(
        self,
        statement: Statement,
        owner: str,
        time_limit: float,
        is_there: Callable[[str], bool] = lambda _: True,
        same: Hashable | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        """Ours, not Athena's: there before Athena has given an execution id."""
        self.owner = owner
        """Session that asked; its jobs are stopped together when it goes away."""
        self.statement = statement
        self.same = same
        """Equal for the same question about the same data; None where it has to run again."""
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

    def _run(
        self,
        runner: Callable[[], Runner],
        reuse_minutes: int,
        started: Callable[["Job"], None],
        first: "Job | None" = None,
    ) -> None:
        def on_start(query_execution_id: str) -> None:
            self._execution_id = query_execution_id
            started(self)

        try:
            if self._should_stop():
                raise QueryCancelled("The query was cancelled before Athena had taken it.")  # noqa: TRY301 - one exit
            self._result = self._shared(first) if first else None
            if self._result is None:
                self._result = runner().run(self.statement, RunOptions(reuse_minutes, on_start, self._should_stop))
            self._execution_id = self._result.query_execution_id
        except QueryCancelled as error:
            limit = f"The query ran longer than the limit of {self._time_limit:g} s and was stopped in Athena."
            late = self.is_late and not self._stop
            self._error = QueryCancelled(limit, self._execution_id) if late else error
        except DashboardError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - no caller handles it in a thread; waiting callers must receive an error
            self._error = QueryFailed(f"the dashboard could not read the answer ({type(error).__name__}: {error})")
        finally:
            self._end()

    def _shared(self, first: "Job") -> QueryResult | None:
        """Return the answer of a job that asks the same, once it is there; None where it comes to nothing."""
        while not first.wait(_LOOK_SECONDS):
            if self._should_stop():
                raise QueryCancelled("The query was cancelled while it waited for an equal query.")
        found = first.result
        if found is None:
            return None
        # Rows that went meanwhile are read again; where their file is gone too, the query has to run again.
        with contextlib.suppress(DashboardError):
            found.rows.table()
            nothing = Statistics(0, 0, 0, 0, reused=True, submitted_at=found.statistics.submitted_at)
            return replace(found, statement=self.statement, statistics=nothing)
        return None


class Jobs:
    """All jobs of this process."""

    def __init__(
        self,
        runner: Callable[[], Runner],
        *,
        workers: int = 16,
        time_limit: float = TIME_LIMIT,
        is_there: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Make a pool of workers.

        `runner` is called for each query; `is_there` returns whether an owner's session is still open.
        """
        self._runner = runner
        self._is_there = is_there
        self._time_limit = time_limit
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="query")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._executions: dict[str, str] = {}
        self._firsts: dict[Hashable, Job] = {}
        """Per question the job that asked Athena, for as long as it is remembered."""

    def submit(
        self, statement: Statement, *, owner: str = "", reuse_minutes: int = 0, same: Hashable | None = None
    ) -> Job:
        """Start a query and return at once; more than `workers` of them wait their turn.

        `same` is equal for questions that have the same answer: a later one is given the answer of the first.
        """
        job = Job(statement, owner, self._time_limit, self._is_there, same)
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
                self._runner().stop(job.query_execution_id)

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
        job._run(self._runner, reuse_minutes, self._started, self._first(job))  # noqa: SLF001 - the two classes are one thing
        if job.query_execution_id:
            self._started(job)
        self._forget()

    def forget_answers(self) -> None:
        """Send every question to Athena again from now on."""
        with self._lock:
            self._firsts.clear()

    def _first(self, job: Job) -> Job | None:
        """Return the job to wait for; None where this one is to ask, as the first of its question.

        The first has its thread already, so a waiting job does not take the thread that it needs.
        """
        if job.same is None:
            return None
        with self._lock:
            first = self._firsts.get(job.same)
            if first is None or (first.is_over and first.result is None):
                self._firsts[job.same] = job
                return None
            return first

    def _started(self, job: Job) -> None:
        with self._lock:
            if job.query_execution_id and job.id in self._jobs:
                self._executions[job.query_execution_id] = job.id

    def _forget(self) -> None:
        with self._lock:
            over = [job for job in reversed(self._jobs.values()) if job.is_over]
            for job in over[KEPT_JOBS:]:
                del self._jobs[job.id]
                # Both may be another job's by now: one that was given the same answer, or that asked again.
                if self._executions.get(job.query_execution_id or "") == job.id:
                    del self._executions[job.query_execution_id or ""]
                if self._firsts.get(job.same) is job:
                    del self._firsts[job.same]
