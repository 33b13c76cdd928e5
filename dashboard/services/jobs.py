"""Statements in, running queries and their results out: a fair queue, look-up by id, stopping in Athena."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from dashboard.errors import DashboardError, TooManyQueries
from dashboard.model.statements import Statement
from dashboard.services.fair_queue import FairQueue
from dashboard.services.job import SHARED, Job, Runner, Ticket

WORKERS = 16
"""Queries of all people that run at once."""

USER_QUERIES = 4
"""Queries of one person that run at once; USER_QUERIES in the environment."""

TIME_LIMIT = 600.0
"""Seconds after which a query is stopped in Athena."""

KEPT_JOBS = 512
"""Ended jobs are remembered for paging and downloads, the latest first. They hold no rows: see `shared_results`."""


class Jobs:
    """All jobs of this process."""

    def __init__(
        self,
        runner: Callable[[], Runner],
        *,
        workers: int = WORKERS,
        per_person: int = USER_QUERIES,
        time_limit: float = TIME_LIMIT,
        is_there: Callable[[str], bool] = lambda _: True,
        before: Callable[[Job], None] = lambda _: None,
        on_end: Callable[[Job], None] = lambda _: None,
    ) -> None:
        """Make the queue.

        `runner` is called for each query; `is_there` returns whether an owner's session is still open; `before` is
        called when a job's turn has come, and ends it by raising DashboardError; `on_end` is called once for each job
        that a thread ran to its end.
        """
        self._runner = runner
        self._is_there = is_there
        self._time_limit = time_limit
        self._before, self._on_end = before, on_end
        self._queue = FairQueue(workers, per_person, {SHARED: workers, "": workers})
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._executions: dict[str, list[str]] = {}
        """Per Athena execution the jobs that have its answer, the latest last: equal questions share one."""
        self._firsts: dict[Hashable, Job] = {}
        """Per question the job that asked Athena, for as long as it is remembered."""

    def submit(
        self,
        statement: Statement,
        *,
        owner: str = "",
        ticket: Ticket | None = None,
        reuse_minutes: int = 0,
        same: Hashable | None = None,
    ) -> Job:
        """Start a query and return at once; it waits its turn where its lane or the whole process is busy.

        `ticket` says for whom it runs; `owner` alone is a ticket without a person. `same` is equal for questions that
        have the same answer: a later one receives the answer of the first. Raises TooManyQueries.
        """
        ticket = ticket or Ticket(owner, lane=owner)
        job = Job(statement, ticket, self._time_limit, self._is_there, same)
        with self._lock:
            self._jobs[job.id] = job
        try:
            job._turn = self._queue.submit(ticket.lane, lambda: self._run(job, reuse_minutes))  # noqa: SLF001 - the two classes are one thing
        except TooManyQueries:
            with self._lock:
                del self._jobs[job.id]
            raise
        return job

    def get(self, job_id: str) -> Job | None:
        """Return the job of that id, or None once it is forgotten."""
        with self._lock:
            return self._jobs.get(job_id)

    def by_execution(self, query_execution_id: str, allowed: Callable[[Job], bool] = lambda _: True) -> Job | None:
        """Return the latest allowed job of an Athena execution that this process started, or None."""
        with self._lock:
            jobs = [self._jobs[job_id] for job_id in self._executions.get(query_execution_id, ())]
        return next((job for job in reversed(jobs) if allowed(job)), None)

    def cancel(self, job_id: str) -> None:
        """Stop a job in Athena; a job that is over stays as it is."""
        job = self.get(job_id)
        if job is None or job.is_over:
            return
        job._cancel(self._queue)  # noqa: SLF001 - the two classes are one thing
        if job.query_execution_id:
            # Where this fails, the next look at the query tries again.
            with contextlib.suppress(DashboardError):
                self._runner().stop(job.query_execution_id)

    def cancel_owner(self, owner: str) -> int:
        """Stop every running job of a session that went away; return how many."""
        return self._cancel_where(lambda job: job.owner == owner)

    def cancel_person(self, person: str) -> int:
        """Stop every running job of a person; return how many."""
        return self._cancel_where(lambda job: job.ticket.person == person and job.owner != SHARED)

    def running(self) -> list[Job]:
        """Return the jobs that wait or run, the oldest first."""
        with self._lock:
            return [job for job in self._jobs.values() if not job.is_over]

    def close(self) -> None:
        """Stop everything."""
        self._cancel_where(lambda _: True)
        self._queue.close()

    def _cancel_where(self, chosen: Callable[[Job], bool]) -> int:
        running = [job for job in self.running() if chosen(job)]
        for job in running:
            self.cancel(job.id)
        return len(running)

    def _run(self, job: Job, reuse_minutes: int) -> None:
        job._run(lambda: self._runner_of(job), reuse_minutes, self._started, self._first(job))  # noqa: SLF001 - the two classes are one thing
        if job.query_execution_id:
            self._started(job)
        self._on_end(job)
        self._forget()

    def _runner_of(self, job: Job) -> Runner:
        self._before(job)
        return self._runner()

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
                jobs = self._executions.setdefault(job.query_execution_id, [])
                if job.id not in jobs:
                    jobs.append(job.id)

    def _forget(self) -> None:
        with self._lock:
            over = [job for job in reversed(self._jobs.values()) if job.is_over]
            for job in over[KEPT_JOBS:]:
                del self._jobs[job.id]
                jobs = self._executions.get(job.query_execution_id or "", [])
                if job.id in jobs:
                    jobs.remove(job.id)
                if not jobs:
                    self._executions.pop(job.query_execution_id or "", None)
                # It may be another job's by now: one that asked again.
                if self._firsts.get(job.same) is job:
                    del self._firsts[job.same]
