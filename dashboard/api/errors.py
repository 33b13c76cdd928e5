"""Errors to HTTP answers: which status, and what the body says."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import (
    AccessDenied,
    ChangedMeanwhile,
    DashboardError,
    Forbidden,
    InvalidRequest,
    Missing,
    QueryCancelled,
    QueryFailed,
    RefusedSql,
    ResultMissing,
    ServiceError,
    TableMissing,
    TooManyQueries,
)
from dashboard.log import LogLines
from dataset_model.faults import DatasetError

Endpoint = Callable[[Request], Awaitable[Response]]

_STATUSES: tuple[tuple[type[DashboardError], int], ...] = (
    (InvalidRequest, 400),
    (Missing, 404),
    (ChangedMeanwhile, 409),
    (RefusedSql, 422),
    (Forbidden, 403),
    (TooManyQueries, 429),
    (QueryCancelled, 409),
    (TableMissing, 404),
    (ResultMissing, 404),
    (QueryFailed, 422),
    (AccessDenied, 503),
    (ServiceError, 503),
)

_log = LogLines(__name__)


class ApiError(DashboardError):
    """An answer of the API itself."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer that is not cached: figures change with every export."""
    fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(body), status, {**fixed, **(headers or {})}, "application/json")


def answered(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with every error answered as JSON; no traceback leaves the process."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except DashboardError as error:
            return error_response(error)
        except DatasetError as error:
            return json_response({"error": f"The dashboard's settings are wrong. {error}"}, 503)
        except Exception:  # noqa: BLE001 - no caller handles it; the log gets the traceback, the client a sentence
            _log.exception("api request failed", path=request.url.path)
            return json_response({"error": "The dashboard failed; the cause is in its log."}, 500)

    return answer


def error_response(error: DashboardError) -> Response:
    """Return the answer for an anticipated error."""
    status = (
        error.status
        if isinstance(error, ApiError)
        else next(code for kind, code in _STATUSES if isinstance(error, kind))
    )
    return json_response(error_body(error), status, {"Retry-After": "30"} if status in {429, 503} else None)


def error_body(error: DashboardError) -> dict[str, Any]:
    """Return what is said of an anticipated error, with the wrong fields or the position in SQL."""
    body: dict[str, Any] = {"error": str(error)}
    if isinstance(error, InvalidRequest):
        body["fields"] = {fault.field: fault.message for fault in error.faults}
    if isinstance(error, RefusedSql | QueryFailed) and error.line is not None:
        body |= {"line": error.line, "column": error.column}
    return body
