"""An API request to its checked parts: body, parameters, statement, job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

import orjson
from starlette.requests import ClientDisconnect, Request

from dashboard.api.errors import ApiError
from dashboard.errors import DashboardError, FieldFault, InvalidRequest
from dashboard.model.query_types import MAX_TEXT, request_from
from dashboard.model.selection.filters import days_of_preset
from dashboard.model.statements import Statement
from dashboard.services.job import Job
from dashboard.services.service import Service
from dataset_model.dashboard.periods import Preset

MOST_BODY: Final = 256 * 1024
MOST_DEPTH: Final = 64
"""Objects and lists inside one another. No question has ten; what shows or copies a value fails on hundreds."""

_MOST_NUMBER: Final = 2**53

Chosen = TypeVar("Chosen", bound=str)


@dataclass(frozen=True)
class Question:
    """What a body asks, checked: the dataset and its statement."""

    name: str
    statement: Statement


def question(service: Service, body: dict[str, Any]) -> Question:
    """Return what a body asks; raise InvalidRequest with every wrong field, or RefusedSql."""
    name = service.dataset(text_or_none(body, "dataset")).name
    given = _texts_by_name(body, "parameters")
    preset = text_or_none(body, "preset")
    if preset is not None:
        known = get_args(Preset)
        if preset not in known:
            raise wrong("preset", f"expected one of {', '.join(known)}; found {preset!r:.60}")
        if "startDate" in body or "endDate" in body:
            raise wrong("preset", "expected without startDate and endDate, which it stands for")
        chosen = next(option for option in known if option == preset)
        days = days_of_preset(chosen, service.today(name), service.model(name).calendar.first_weekday)
        body |= {"startDate": days.first, "endDate": days.last}
    asked = request_from(body, service.model(name), service.settings.max_fetch_rows)
    return Question(name, service.prepare(name, asked, given))


def refuse_other_sites(request: Request) -> None:
    """Raise ApiError 403 for a request that a page of another site sends through a visitor's browser."""
    # It would start queries at the operator's expense, with the visitor's cookie or from the visitor's machine.
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    foreign = origin is not None and origin.partition("://")[2] != host
    if foreign or request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise ApiError(403, "Queries are taken from this site's own pages and from programs, not from other sites.")


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body, a JSON object of at most `MOST_BODY` bytes."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY:
                raise ApiError(413, f"body: expected at most {MOST_BODY:,} bytes")
    except ClientDisconnect:
        raise wrong("body", "expected as many bytes as the request says; the client went away before") from None
    try:
        value = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise wrong("body", f"expected a JSON object; {error}") from None
    if not isinstance(value, dict):
        raise wrong("body", f"expected a JSON object; found {type(value).__name__}")
    refuse_deep(value)
    return value


def refuse_deep(body: dict[str, Any]) -> None:
    """Raise InvalidRequest for a body with more than `MOST_DEPTH` objects and lists inside one another."""
    level: list[Any] = [body]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise wrong("body", f"expected at most {MOST_DEPTH} objects and lists inside one another; found more")


def job_of(service: Service, query_execution_id: str) -> Job:
    """Return a job of the requester; raise ApiError 404 for any other, InvalidRequest for none."""
    if not query_execution_id:
        raise wrong("queryExecutionId", "expected the id that /api/query gave; found nothing")

    def is_own(job: Job) -> bool:
        return service.permissions.owns(job.ticket)

    job = service.jobs.by_execution(query_execution_id, is_own) or service.jobs.get(query_execution_id)
    # Ids appear in links and logs, so an id alone does not open a result.
    if job is None or not is_own(job):
        raise ApiError(404, "queryExecutionId: not started by this API, or forgotten since; run the query again")
    job.touch()
    return job


def one_of(text: str, field: str, known: tuple[Chosen, ...]) -> Chosen:
    """Return the known value that a text is; raise InvalidRequest naming the field."""
    found = next((value for value in known if value == text), None)
    if found is None:
        raise wrong(field, f"expected one of {', '.join(known)}; found {text[:40]!r}")
    return found


def id_in(request: Request) -> str:
    """Return the id in the address; "" where it has none."""
    return request.query_params.get("id", "")


def text_or_none(body: dict[str, Any], field: str) -> str | None:
    """Take a text out of a body; None where it is not there."""
    value = body.pop(field, None)
    if value is None or isinstance(value, str):
        return value
    raise wrong(field, f"expected text; found {value!r:.60}")


def whole_number(value: object, field: str) -> int:
    """Return a version or its number, from JSON or from an address; raise InvalidRequest naming the field."""
    text = value if isinstance(value, str) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else value
    if type(number) is not int or not 1 <= number <= _MOST_NUMBER:
        raise wrong(field, f"expected a whole number from 1, as the API gives it; found {value!r:.40}")
    return number


def texts(value: object, field: str) -> list[str] | None:
    """Return a list of texts, None where there is none."""
    if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    raise wrong(field, f"expected a list of texts; found {value!r:.60}")


def wrong(field: str, message: str) -> DashboardError:
    """Return the error that names one wrong field."""
    return InvalidRequest((FieldFault(field, message),))


def _texts_by_name(body: dict[str, Any], field: str) -> Mapping[str, str] | None:
    value = body.pop(field, None)
    if value is None:
        return None
    if isinstance(value, dict) and all(isinstance(text, str) and len(text) <= MAX_TEXT for text in value.values()):
        return value
    raise wrong(field, f"expected texts of at most {MAX_TEXT} characters by name; found {value!r:.60}")
