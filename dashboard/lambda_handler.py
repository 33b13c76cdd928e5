"""The Lambda entry: the body of `POST /api/query` in, the same answer out. IAM decides who may invoke the function."""

import os
from typing import Any, Final

import orjson

from dashboard.api.executions import result_body
from dashboard.api.requests import question, refuse_deep, wrong
from dashboard.aws.s3 import Objects
from dashboard.errors import QueryCancelled
from dashboard.model.access.requester import Requester, acting_for
from dashboard.model.result import QueryResult
from dashboard.services.job import API, Job
from dashboard.services.process_service import ProcessService
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment

MOST_BYTES: Final = 6 * 1024 * 1024
"""Largest answer of a synchronous invocation (AWS Lambda Developer Guide, "Lambda quotas")."""

_RESERVE_SECONDS: Final = 5.0
"""What stays of the function's time to stop a query in Athena and to say so."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Run one query and return its rows; raise where it did not succeed, so that the invocation counts as failed."""
    if not isinstance(event, dict):
        raise wrong("body", f"expected a JSON object; found {type(event).__name__}")
    refuse_deep(event)
    name = getattr(context, "function_name", "") or "function"
    with acting_for(Requester(person=f"lambda:{name}", name=name)):
        made = service()
        asked = question(made, dict(event))
        result = _outcome(made, made.start(asked.name, asked.statement, owner=API), context)
    body = orjson.dumps(result_body(result))
    if len(body) > MOST_BYTES:
        raise wrong(
            "limit",
            f"expected fewer rows: these {result.row_count:,} are {len(body):,} bytes, and Lambda takes {MOST_BYTES:,} "
            "at most. Lower it, ask for fewer columns (sql), or use POST /api/query of the dashboard",
        )
    answer: dict[str, Any] = orjson.loads(body)
    return answer


def _make() -> Service:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Service(settings_from_environment(os.environ, fetch=Objects(region).text))


service = ProcessService(_make)
"""Returns the service of this process, which the invocations share; raises DatasetError for wrong settings."""


def _outcome(made: Service, job: Job, context: Any) -> QueryResult:
    """Wait as long as the function may run; a query that takes longer is stopped in Athena."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    while not job.wait(1.0):
        job.touch()
        if remaining is not None and remaining() / 1000 < _RESERVE_SECONDS:
            made.jobs.cancel(job.id)
            raise QueryCancelled(
                "The function's time was over before Athena had answered, so the query was stopped. Ask for fewer "
                "days, or use POST /api/query of the dashboard."
            )
    return job.outcome()
