"""One query: from its submission to its result or error, with the Athena execution that it causes.

Equal questions about the same data share one Athena execution: a question that arrives while it runs waits for its
answer, a later one receives it at once. Cancelling a waiting job does not stop the execution that it waits for.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from dashboard.aws.run_options import DEFAULT_RUN_OPTIONS, RunOptions
from dashboard.errors import DashboardError, QueryCancelled, QueryFailed
from dashboard.model.result import QueryResult, Statistics
from dashboard.model.statements import Statement
from dashboard.services.fair_queue import FairQueue, Turn

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

SHARED: Final = "shared"
"""Owner of queries that serve every person, such as the Overview's."""
API: Final = "api"
"""Owner of queries that programs started; they have no page session."""

ABANDONED_SECONDS = 30.0
"""How long a session may be gone before its queries are stopped: a page that reloads is back sooner."""

ABANDONED_API_SECONDS = 300.0
"""How long a program may leave its query without a request about it before the query is stopped."""

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


@dataclass(frozen=True)
class Ticket:
    """For whom a query runs."""

    owner: str = ""
    """The page session that asked (its queries stop when it goes away), or `API`, or `SHARED`."""
    person: str = ""
    """Subject of the person who asked, and to whom the result belongs; "" where sign-in is off."""
    lane: str = ""
    """Who shares the limit of queries at once: a person, an address, a session."""
    datasets: tuple[str, ...] = ()
    """Names of the datasets that it reads."""
    seen: Hashable = ()
    """What the requester may see of them: their result opens for as long as that holds."""
    token: str = ""
    """Label of the personal token by which they asked."""


class Job:
    """One query under way or over. Safe to ask from any thread."""

    def __init__(
        self,
        statement: Statement,
        ticket: Ticket,
        time_limit: float,
        is_there: Callable[[str], bool] = lambda _: True,
        same: Hashable | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        """Ours, not Athena's: there before Athena has given an execution id."""
        self.ticket = ticket
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
        self._turn: Turn | None = None

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

    @property
    def owner(self) -> str:
        """The page session that asked, `API` or `SHARED`."""
        return self.ticket.owner

    def touch(self) -> None:
        """Note that a program has asked about it."""
        self._seen = time.monotonic()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; return whether it has ended."""
        return self._over.wait(seconds)

    def outcome(self) -> QueryResult:
        """Wait for the end; return the result or raise the error."""
        self._over.wait()
        if self._result is None:
            raise self._error or QueryFailed("it gave no reason")
        return self._result

    def _cancel(self, queue: FairQueue) -> None:
        self._stop = True
        if self._turn is not None and queue.cancel(self._turn):
            self._end(QueryCancelled("The query was cancelled before Athena had taken it."))

    def _end(self, error: DashboardError | None = None) -> None:
        self._error = error or self._error
        self._ended = time.monotonic()
        self._over.set()

    def _should_stop(self) -> bool:
        patience = ABANDONED_API_SECONDS if self.owner == API else ABANDONED_SECONDS
        if self.owner != API and self._is_there(self.owner):
            self._seen = time.monotonic()
        return self._stop or self.is_late or time.monotonic() - self._seen > patience

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
            nothing = Statistics(0, 0, 0, reused=True, submitted_at=found.statistics.submitted_at)
            return replace(found, statement=self.statement, statistics=nothing)
        return None
