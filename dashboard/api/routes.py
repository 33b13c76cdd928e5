"""The JSON API: same process, same queries, same guard and same limits as the pages.

Blocking work runs in threads; the wait for a long query takes none. Errors are `{"error": "..."}`: 400 names
the field, 422 gives the reason and its position, 503 says that Athena or S3 is out of reach.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.api.document.docs_page import docs_page
from dashboard.api.document.openapi import openapi
from dashboard.api.errors import answered, json_response
from dashboard.api.executions import described, result_body, spent
from dashboard.api.figures import daily_body, stats_body
from dashboard.api.files import made_file, named, own_file, start_unload, written_files
from dashboard.api.health import health_route
from dashboard.api.personal.boards import BoardsApi
from dashboard.api.personal.notices import NoticesApi
from dashboard.api.personal.sessions import SessionsApi
from dashboard.api.personal.tokens import TokensApi
from dashboard.api.requests import job_of, json_object, one_of, question, refuse_other_sites, text_or_none, wrong
from dashboard.api.tables import estimated, tables
from dashboard.api.turns import Turns
from dashboard.errors import FieldFault, InvalidRequest, QueryFailed
from dashboard.model.result import QueryResult
from dashboard.model.selection.filters import Days, Filters, day_from_text
from dashboard.services.job import API, Job
from dashboard.services.service import Service
from dashboard.services.suggestion import cheaper
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.tokens import Tokens

WAIT_SECONDS = 25.0
"""How long `POST /api/query` waits before it answers 202: below the 30 s at which proxies give up."""
PAGE_ROWS = 1000
MOST_DAYS = 3660

_PENDING = ("queryExecutionId", "state")

T = TypeVar("T")
Provider = Callable[[], Service]
Endpoint = Callable[[Request], Awaitable[Response]]


def routes(provider: Provider, sessions: Sessions | None = None, personal: Tokens | None = None) -> list[BaseRoute]:
    """Return the routes for `st.App(routes=...)`; `provider` gives the service when a request needs it.

    `sessions` are those of people who signed in, `personal` their tokens; None where sign-in is off.
    """
    api, people, own = _Api(provider), SessionsApi(provider, sessions, personal), TokensApi(provider, personal)
    boards, notices = BoardsApi(provider), NoticesApi(provider, personal)
    return [
        health_route(provider),
        Route("/api/stats", answered(api.stats), methods=["GET"]),
        Route("/api/query", answered(api.query), methods=["POST"]),
        Route("/api/results", answered(api.results), methods=["GET"]),
        Route("/api/results", answered(api.stop), methods=["DELETE"]),
        Route("/api/queries", answered(api.queries), methods=["GET"]),
        Route("/api/spending", answered(api.spending), methods=["GET"]),
        Route("/api/download", answered(api.download), methods=["GET"]),
        Route("/api/tables", answered(api.tables), methods=["GET"]),
        Route("/api/estimate", answered(api.estimate), methods=["POST"]),
        Route("/api/unload", answered(api.unload), methods=["POST"]),
        Route("/api/files", answered(api.files), methods=["GET"]),
        Route("/api/daily", answered(api.daily), methods=["GET"]),
        Route("/api/sessions", answered(people.listed), methods=["GET"]),
        Route("/api/sessions", answered(people.end), methods=["DELETE"]),
        Route("/api/tokens", answered(own.listed), methods=["GET"]),
        Route("/api/tokens", answered(own.make), methods=["POST"]),
        Route("/api/tokens", answered(own.revoke), methods=["DELETE"]),
        Route("/api/boards", answered(boards.listed), methods=["GET"]),
        Route("/api/boards", answered(boards.make), methods=["POST"]),
        Route("/api/boards/one", answered(boards.one), methods=["GET"]),
        Route("/api/boards/one", answered(boards.save), methods=["PUT"]),
        Route("/api/boards/one", answered(boards.delete), methods=["DELETE"]),
        Route("/api/boards/restore", answered(boards.restore), methods=["POST"]),
        Route("/api/boards/file", answered(boards.file), methods=["GET"]),
        Route("/api/boards/pdf", answered(boards.pdf), methods=["GET"]),
        Route("/api/notices", answered(notices.listed), methods=["GET"]),
        Route("/api/notices", answered(notices.make), methods=["POST"]),
        Route("/api/notices/one", answered(notices.change), methods=["PUT"]),
        Route("/api/notices/one", answered(notices.delete), methods=["DELETE"]),
        Route("/api/notices/test", answered(notices.test), methods=["POST"]),
        Route("/api/openapi.json", answered(api.document), methods=["GET"]),
        Route("/api/docs", answered(api.docs), methods=["GET"]),
    ]


class _Api:
    """The endpoints over one service."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        # Apart from the threads that serve the pages, so that neither can starve the other.
        self._turns = Turns()

    async def stats(self, request: Request) -> Response:
        """Answer the Overview's figures, without filters."""
        refuse_other_sites(request)
        service = await self._in_thread(self._provider)
        name = service.dataset(request.query_params.get("dataset")).name
        overview = await self._in_thread(lambda: service.overview(name, Filters()))
        return json_response(stats_body(service.model(name), overview))

    async def query(self, request: Request) -> Response:
        """Run a query; 202 with its id where it takes longer than `WAIT_SECONDS`."""
        refuse_other_sites(request)
        body = await json_object(request)
        service = await self._in_thread(self._provider)

        def start() -> Job:
            asked = question(service, body)
            return service.start(asked.name, asked.statement, owner=API)

        return await self._waited(request, service, await self._in_thread(start))

    async def estimate(self, request: Request) -> Response:
        """Answer what a query would read and cost at most, without running it."""
        refuse_other_sites(request)
        body = await json_object(request)
        service = await self._in_thread(self._provider)

        def bound() -> dict[str, Any]:
            asked = question(service, body)
            found = service.estimate(asked.name, asked.statement)
            can_narrow = found is not None and found.reads_everything and asked.statement.written
            return estimated(found, cheaper(service, asked.name, asked.statement) if can_narrow else None)

        return json_response(await self._in_thread(bound))

    async def tables(self, request: Request) -> Response:
        """Answer the datasets with their tables, columns and values; `samples=true` reads some from S3."""
        refuse_other_sites(request)
        service = await self._in_thread(self._provider)
        wanted = one_of(request.query_params.get("samples", "false"), "samples", ("true", "false"))
        return json_response(await self._in_thread(lambda: tables(service, with_samples=wanted == "true")))

    async def results(self, request: Request) -> Response:
        """Answer a page of a result, or 202 while the query runs."""
        _, job = await self._asked(request)
        return await self._answer(job, _first_row(request, job))

    async def stop(self, request: Request) -> Response:
        """Stop a query in Athena; one that is over stays as it is. The answer says how it stands."""
        refuse_other_sites(request)
        service, job = await self._asked(request)
        await self._in_thread(lambda: service.jobs.cancel(job.id))
        return json_response(described(job))

    async def queries(self, _: Request) -> Response:
        """Answer the requester's queries that wait or run."""
        service = await self._in_thread(self._provider)
        own = [job for job in service.jobs.running() if service.permissions.owns(job.ticket)]
        return json_response({"queries": [described(job) for job in own]})

    async def spending(self, _: Request) -> Response:
        """Answer what each person spent on each dataset, for admins."""
        service = await self._in_thread(self._provider)
        service.permissions.require_admin("reading what other people spend")
        return json_response({"spending": [spent(one) for one in service.audit.spending()]})

    async def download(self, request: Request) -> Response:
        """Redirect to a presigned address of Athena's own CSV file; with `format`, answer a file of chosen columns."""
        service, job = await self._asked(request)
        service.permissions.require("analyst", job.ticket.datasets, "downloads")
        if not job.is_over:
            return _pending(job)
        result, name = _result(job), await self._in_thread(lambda: named(service, job))
        if "format" in request.query_params:
            zone = service.dataset(job.statement.dataset or None).source.time_zone
            return await self._in_thread(lambda: made_file(request, result, name, zone))
        return await self._in_thread(lambda: own_file(service, result, name))

    async def unload(self, request: Request) -> Response:
        """Let Athena write a result to S3; 202 with the id that /api/files takes."""
        refuse_other_sites(request)
        body = await json_object(request)
        service = await self._in_thread(self._provider)
        result = _result(job_of(service, text_or_none(body, "queryExecutionId") or ""))
        return _pending(await self._in_thread(lambda: start_unload(service, result, body)))

    async def files(self, request: Request) -> Response:
        """Answer the links to what Athena wrote, or 202 while it writes."""
        service, job = await self._asked(request)
        service.permissions.require("analyst", job.ticket.datasets, "files")
        if not job.is_over:
            return _pending(job)
        result = _result(job)
        return json_response(await self._in_thread(lambda: written_files(service, result, named(service, job))))

    async def daily(self, request: Request) -> Response:
        """Answer rows per day, every day of the window included; null for a day that is not published."""
        refuse_other_sites(request)
        service = await self._in_thread(self._provider)
        name = service.dataset(request.query_params.get("dataset")).name
        days = _window(request)
        counts = await self._in_thread(lambda: service.daily(name, days))
        return json_response(daily_body(service.model(name), counts))

    async def document(self, _: Request) -> Response:
        """Answer the OpenAPI document."""
        service = await self._in_thread(self._provider)
        return json_response(openapi(service.settings.max_fetch_rows))

    async def docs(self, _: Request) -> Response:
        """Answer a page that describes the API."""
        service = await self._in_thread(self._provider)
        return HTMLResponse(docs_page(openapi(service.settings.max_fetch_rows)))

    async def _asked(self, request: Request) -> tuple[Service, Job]:
        service = await self._in_thread(self._provider)
        return service, job_of(service, request.query_params.get("queryExecutionId", ""))

    async def _waited(self, request: Request, service: Service, job: Job) -> Response:
        with anyio.move_on_after(WAIT_SECONDS):
            while not job.is_over:
                if await request.is_disconnected():
                    # The client has no id yet, so nothing can ask for the result.
                    await anyio.to_thread.run_sync(service.jobs.cancel, job.id)
                    break
                await anyio.sleep(0.05)
        return await self._answer(job, None)

    async def _answer(self, job: Job, first: int | None) -> Response:
        if not job.is_over:
            return _pending(job)
        result = _result(job)
        return await self._in_thread(lambda: json_response(_page(result, first)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._turns.run(work)


def _pending(job: Job) -> Response:
    return json_response({key: value for key, value in described(job).items() if key in _PENDING}, 202)


def _result(job: Job) -> QueryResult:
    if job.result is None:
        raise job.error or QueryFailed("it gave no reason")
    return job.result


def _page(result: QueryResult, first: int | None) -> dict[str, Any]:
    """Return the body of a result: all rows where `first` is None, otherwise the page that begins there."""
    if first is None:
        return result_body(result)
    page = result_body(result, first, PAGE_ROWS)
    if first + PAGE_ROWS < result.row_count:
        page["nextToken"] = _token(result.query_execution_id, first + PAGE_ROWS)
    return page


def _first_row(request: Request, job: Job) -> int:
    token = request.query_params.get("nextToken")
    if not token:
        return 0
    fault = wrong("nextToken", "expected the token that the page before gave")
    try:
        owner, _, first = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, ValueError):
        raise fault from None
    rows = job.result.row_count if job.result else 0
    if owner != job.query_execution_id or not first.isdigit() or len(first) > 9 or int(first) >= max(rows, 1):
        raise fault
    return int(first)


def _token(query_execution_id: str, first: int) -> str:
    return base64.urlsafe_b64encode(f"{query_execution_id}:{first}".encode()).decode()


def _window(request: Request) -> Days:
    faults, found = [], {}
    for field in ("from", "to"):
        text = request.query_params.get(field, "")
        day = day_from_text(text)
        if day is None:
            faults.append(FieldFault(field, f"expected a day as YYYY-MM-DD; found {text[:40]!r}"))
        else:
            found[field] = day
    if faults:
        raise InvalidRequest(tuple(faults))
    if found["to"] < found["from"]:
        raise wrong("to", f"expected {found['from']} (from) or later; found {found['to']}")
    days = Days(found["from"], found["to"])
    if len(days) > MOST_DAYS:
        raise wrong("to", f"expected at most {MOST_DAYS:,} days from `from` on; found {len(days):,}")
    return days
