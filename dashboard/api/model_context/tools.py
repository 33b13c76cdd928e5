"""A tool's name and arguments flow in, its answer flows out; queries run as those of the API do."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import anyio
import orjson
from anyio import to_thread

from dashboard.api.executions import described as described_job
from dashboard.api.executions import result_body
from dashboard.api.model_context.answers import data_of, data_since, described, freshness, listed
from dashboard.api.model_context.definitions import MOST_ROWS, TOOLS, USUAL_ROWS
from dashboard.api.requests import job_of, question, text_or_none, wrong
from dashboard.api.turns import Turns
from dashboard.errors import QueryFailed
from dashboard.model.result import QueryResult
from dashboard.services.job import API, Job
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import dollars_for

WAIT_SECONDS: Final = 25.0
"""How long a call waits for Athena before it answers with the id, as the API does."""
MOST_BYTES: Final = 512 * 1024
"""Of an answer's rows as JSON."""

_KNOWN: Final[Mapping[str, frozenset[str]]] = {tool.name: frozenset(tool.inputSchema["properties"]) for tool in TOOLS}
_UNASKED: Final = {"dataScannedBytes": 0, "dollars": 0.0}
"""Of what the exporter's records say, without a query."""
_ABOUT: Final = {"describe_dataset": described, "freshness": freshness}

T = TypeVar("T")


class Tools:
    """The tools over one service. Who asks is the requester of the task."""

    def __init__(self, provider: Callable[[], Service]) -> None:
        """Take what gives the service when a call needs it."""
        self._provider = provider
        self._turns = Turns()
        self._data: WeakKeyDictionary[Job, list[dict[str, Any]]] = WeakKeyDictionary()

    async def answer(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer of one call; raise a DashboardError."""
        known = _KNOWN.get(tool)
        if known is None:
            raise wrong("name", f"expected one of {', '.join(_KNOWN)}; found {tool!r:.60}")
        if unknown := sorted(set(arguments) - known):
            raise wrong(unknown[0][:60], f"unknown; expected {', '.join(sorted(known)) or 'no arguments'}")
        service, given = await self._in_thread(self._provider), dict(arguments)
        if tool == "list_datasets":
            return {**await self._in_thread(lambda: _listed(service)), **_UNASKED}
        if tool in _ABOUT:
            name = text_or_none(given, "dataset")
            return {**await self._in_thread(lambda: _ABOUT[tool](service, service.dataset(name).name)), **_UNASKED}
        if tool == "query_result":
            id_ = text_or_none(given, "queryExecutionId") or ""
            return await self._waited(service, await self._in_thread(lambda: job_of(service, id_)), is_new=False)
        job = await self._in_thread(lambda: self._started(service, tool, given))
        return await self._waited(service, job, is_new=True)

    def _started(self, service: Service, tool: str, given: dict[str, Any]) -> Job:
        given = {"limit": USUAL_ROWS, "query": "custom_sql", **given}
        if tool == "measure":
            given = {"totals": False, **given, "query": "group_by"}
        if type(given["limit"]) is not int or not 1 <= given["limit"] <= MOST_ROWS:
            raise wrong("limit", f"expected a whole number from 1 to {MOST_ROWS:,}; found {given['limit']!r:.60}")
        asked = question(service, given)
        read = service.names if asked.statement.written else (asked.name,)
        # Read before the query runs, so that the data is at least as new as is said.
        known = {name: data_of(service, name, asked.statement.days) for name in read}
        job = service.start(asked.name, asked.statement, owner=API)
        # One that others have asked already keeps what was known then.
        self._data.setdefault(job, [known[name] for name in job.ticket.datasets if name in known])
        return job

    async def _waited(self, service: Service, job: Job, *, is_new: bool) -> dict[str, Any]:
        """Wait for a query; a client that goes away ends the query that its call started."""
        try:
            with anyio.move_on_after(WAIT_SECONDS):
                while not job.is_over:  # noqa: ASYNC110 - it ends in a thread, which sets no event of this loop
                    await anyio.sleep(0.05)
        except anyio.get_cancelled_exc_class():
            if is_new:
                with anyio.CancelScope(shield=True):
                    await to_thread.run_sync(service.jobs.cancel, job.id)
            raise
        if not job.is_over:
            waits = {"next": "Call query_result with this queryExecutionId.", "data": self._data.get(job, [])}
            return {**described_job(job), **waits}
        if job.result is None:
            raise job.error or QueryFailed("it gave no reason")
        result, data = job.result, self._data.get(job)
        if data is None:
            data = await self._in_thread(lambda: _data_since(service, job, result))
        return {**await self._in_thread(lambda: _rows(result)), "data": data}

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._turns.run(work)


def _listed(service: Service) -> dict[str, Any]:
    names = service.names
    return {
        "datasets": [listed(service, name) for name in names],
        "data": [data_of(service, name) for name in names],
    }


def _data_since(service: Service, job: Job, result: QueryResult) -> list[dict[str, Any]]:
    """Return what is known of the data of a query that a page or the API has asked."""
    days, asked_at = job.statement.days, result.statistics.submitted_at
    return [data_since(service, name, days, asked_at) for name in job.ticket.datasets if name in service.names]


def _rows(result: QueryResult) -> dict[str, Any]:
    body, taken = result_body(result, 0, MOST_ROWS), result.statistics
    rows = body["rows"]
    while len(rows) > 1 and len(orjson.dumps(rows)) > MOST_BYTES:
        rows = rows[: len(rows) // 2]
    if len(orjson.dumps(rows)) > MOST_BYTES:
        rows = []
    cut: dict[str, Any] = {"rows": rows, "truncated": body["truncated"] or len(rows) < body["rowCount"]}
    if body["rows"] and not rows:
        cut["note"] = f"The first row alone has more than {MOST_BYTES // 1024} KiB: select fewer or shorter columns."
    return {**body, **cut, "dollars": 0.0 if taken.reused else float(dollars_for(taken.bytes_scanned))}
