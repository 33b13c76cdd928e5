"""Queries under way: each runs in a thread of its own, can be watched, waited for and stopped in Athena."""

import threading
from collections.abc import Callable
from typing import Literal, Protocol

from dashboard.errors import DashboardError
from dashboard.queries import Statement
from dashboard.results import QueryResult

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

TIME_LIMIT = 600.0
"""Seconds after which a query is stopped in Athena."""


class Runner(Protocol):
    """What runs a statement: `dashboard.athena.Athena`."""

    def run(
        self,
        statement: Statement,
        *,
        reuse_minutes: int = 0,
        on_start: Callable[[str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> QueryResult:
        """Run to the end and return the result, or raise a DashboardError."""
        ...

    def stop(self, query_execution_id: str) -> None:
        """Stop an execution in Athena."""
        ...


class Job:
    """One query under way or over. Safe to ask from any thread."""

    id: str
    """Ours, not Athena's: there before Athena has given an execution id."""
    owner: str
    """Session that asked; its jobs are stopped together when it goes away."""
    statement: Statement

    @property
    def state(self) -> JobState:
        """Where it stands now."""
        raise NotImplementedError

    @property
    def elapsed(self) -> float:
        """Seconds since it was submitted, until its end."""
        raise NotImplementedError

    @property
    def query_execution_id(self) -> str | None:
        """Athena's id; None until Athena has taken the query."""
        raise NotImplementedError

    @property
    def is_over(self) -> bool:
        """Whether it has ended, however it ended."""
        raise NotImplementedError

    @property
    def result(self) -> QueryResult | None:
        """The result of a job that succeeded."""
        raise NotImplementedError

    @property
    def error(self) -> DashboardError | None:
        """Why a job failed or was cancelled."""
        raise NotImplementedError

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; return whether it has ended."""
        raise NotImplementedError

    def outcome(self) -> QueryResult:
        """Wait for the end; return the result or raise the error."""
        raise NotImplementedError


class Jobs:
    """All jobs of this process."""

    def __init__(self, runner: Runner, *, workers: int = 8, time_limit: float = TIME_LIMIT) -> None:
        raise NotImplementedError

    def submit(self, statement: Statement, *, owner: str = "", reuse_minutes: int = 0) -> Job:
        """Start a query and return at once."""
        raise NotImplementedError

    def get(self, job_id: str) -> Job | None:
        """Return the job of that id, or None once it is forgotten."""
        raise NotImplementedError

    def by_execution(self, query_execution_id: str) -> Job | None:
        """Return the job of an Athena execution that this process started, or None."""
        raise NotImplementedError

    def cancel(self, job_id: str) -> None:
        """Stop a job in Athena; a job that is over stays as it is."""
        raise NotImplementedError

    def cancel_owner(self, owner: str) -> int:
        """Stop every running job of a session that went away; return how many."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop everything."""
        raise NotImplementedError
