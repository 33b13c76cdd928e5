"""The routes about queries that run, and what they cost, to their part of the OpenAPI document."""

from collections.abc import Callable
from typing import Any

_QUERY = {
    "type": "object",
    "properties": {
        "queryExecutionId": {"type": "string"},
        "state": {"enum": ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]},
        "query": {"type": "string", "description": "The kind of query, as in /api/query."},
        "datasets": {"type": "array", "items": {"type": "string"}},
        "seconds": {"type": "number", "description": "Since it was started, until its end."},
    },
}
_SPENT = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date", "description": "In UTC."},
        "person": {"type": "string", "description": "Subject of the sign-in."},
        "dataset": {"type": "string"},
        "queries": {"type": "integer"},
        "bytes": {"type": "integer"},
        "dollars": {"type": "number"},
    },
}


def stop_operation(operation: Callable[..., dict[str, Any]], execution: dict[str, Any]) -> dict[str, Any]:
    """Return `DELETE /api/results`."""
    return operation("Stop a query in Athena", _QUERY, errors=("400", "403", "404"), parameters=[execution])


def execution_paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the paths of this module's own routes."""
    return {
        "/api/queries": {"get": operation("Your queries that wait or run", _listed("queries", _QUERY), errors=())},
        "/api/spending": {
            "get": operation(
                "Cost per day, person and dataset since the start of the process, for admins",
                _listed("spending", _SPENT),
                errors=("403",),
            )
        },
    }


def _listed(name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "array", "items": item}}}
