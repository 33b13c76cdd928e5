"""The routes about alerts and reports to their part of the OpenAPI document."""

from collections.abc import Callable
from typing import Any, Final, get_args

from dashboard.api.document.schemas import body_of, closed_object, object_of
from dashboard.reports.personal.limits import MOST_READERS
from dataset_model.dashboard.notices import ADDRESS_PATTERN, BOARD_PATTERN, TIME_PATTERN, Weekday
from dataset_model.dashboard.periods import Preset

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_DAYS: Final = {"type": "integer", "minimum": 1, "maximum": 366}
_WHOLE: Final = {"type": "integer", "minimum": 1}
_FIELDS: Final[dict[str, Any]] = {
    "title": {**_TEXT, "description": "What people read."},
    "to": {
        "type": "array",
        "maxItems": MOST_READERS,
        "items": {**_TEXT, "pattern": ADDRESS_PATTERN},
        "description": "Your own address where absent; others only of REPORT_DOMAINS.",
    },
    "at": {**_TEXT, "pattern": TIME_PATTERN, "description": "Time of day from which it is due; 07:00 where absent."},
    "filters": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": ["string", "null"]}}},
    "measure": {**_TEXT, "description": "Of an alert: what it is on."},
    "column": _TEXT,
    "days": _DAYS,
    **dict.fromkeys(("above", "below", "rises", "falls"), _NUMBER),
    "no_rows": {"const": True},
    "quiet_days": _DAYS,
    "every": {"enum": ["day", "week", "export"], "description": "Of a report."},
    "weekday": {"enum": list(get_args(Weekday))},
    "period": {"enum": list(get_args(Preset))},
    "csv": {"type": "boolean"},
    "board": {**_TEXT, "pattern": BOARD_PATTERN, "description": "A saved board in place of the Overview."},
    "pdf": {"type": "boolean", "description": "Whether the board is attached as PDF."},
}
_STORED: Final[dict[str, Any]] = {
    "id": {"type": ["string", "null"], "description": "null for one of the dataset file."},
    **dict.fromkeys(("dataset", "by", "savedAt"), _TEXT),
    "kind": {"enum": ["alert", "report"]},
    "paused": {"type": "boolean"},
    "version": {"type": "integer"},
    "notice": {"type": "object", "properties": _FIELDS},
}
_LISTED: Final[dict[str, Any]] = {
    **_STORED,
    "looked": {"type": "object", "properties": dict.fromkeys(("at", "outcome", "text"), _TEXT)},
    "deliveries": {
        "type": "array",
        "description": "The messages of the last occasion.",
        "items": {"type": "object", "properties": dict.fromkeys(("reader", "state", "reason", "at"), _TEXT)},
    },
}
_ID: Final = {"name": "id", "in": "query", "required": True, "schema": _TEXT, "description": "As the list names it."}
_WRITES: Final = ("400", "403", "404", "409", "413", "503")


def notice_paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the paths of the routes."""
    made = operation(
        "Make an alert or a report",
        object_of(_STORED),
        errors=("400", "403", "409", "413", "503"),
        requestBody=body_of(closed_object({"dataset": _TEXT, "kind": _STORED["kind"], **_FIELDS}, ("kind",))),
    )
    made["responses"]["201"] = made["responses"].pop("200")
    given = body_of(closed_object({"version": _WHOLE, "paused": {"type": "boolean"}, **_FIELDS}, ("version",)))
    version = {"name": "version", "in": "query", "required": True, "schema": _WHOLE, "description": "The current one."}
    sent = {"type": "array", "items": object_of(dict.fromkeys(("reader", "state", "reason"), _TEXT))}
    tested = operation("Send one now to its maker alone", object_of({"sent": sent}), errors=_WRITES, parameters=[_ID])
    return {
        "/api/notices": {
            "get": operation(
                "Your alerts and reports, and those of the dataset files",
                object_of({"notices": {"type": "array", "items": object_of(_LISTED)}}),
                errors=("403", "503"),
            ),
            "post": made,
        },
        "/api/notices/one": {
            "put": operation(
                "Change or pause one", object_of(_STORED), errors=_WRITES, parameters=[_ID], requestBody=given
            ),
            "delete": operation("Delete one", object_of({"id": _TEXT}), errors=_WRITES, parameters=[_ID, version]),
        },
        "/api/notices/test": {"post": tested},
    }
