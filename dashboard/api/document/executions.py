"""The routes about running queries, their cost and people's sessions to their part of the OpenAPI document."""

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

_SESSION = {
    "type": "object",
    "properties": {
        "person": {"type": "string", "description": "Subject of the sign-in."},
        "name": {"type": "string"},
        "signedInAt": {"type": "string", "format": "date-time"},
        "lastActive": {"type": "string", "format": "date-time"},
        "openPages": {"type": "integer"},
    },
}
_ENDED = {"type": "object", "properties": {"person": {"type": "string"}, "ended": {"type": "integer"}}}
_PERSON = {
    "name": "person",
    "in": "query",
    "schema": {"type": "string"},
    "description": "As /api/sessions names it; your own sessions where it is absent.",
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
                "Cost per day, person and dataset of the last seven days, for admins",
                _listed("spending", _SPENT),
                errors=("403",),
            )
        },
        "/api/sessions": {
            "get": operation(
                "Your sessions; everyone's for admins", _listed("sessions", _SESSION), errors=("403", "404")
            ),
            "delete": operation(
                "End every session of a person at once; another's for admins",
                _ENDED,
                errors=("403", "404"),
                parameters=[_PERSON],
            ),
        },
    }


def _listed(name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "array", "items": item}}}
