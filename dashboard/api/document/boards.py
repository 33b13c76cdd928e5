"""The routes about boards to their part of the OpenAPI document."""

from collections.abc import Callable
from typing import Any, Final, get_args

from dashboard.api.document.grouping import GROUPING_FIELDS
from dashboard.api.document.schemas import body_of, closed_object, object_of
from dashboard.model.boards.board import MOST_CARDS, MOST_NAME
from dashboard.model.boards.card import MOST_GROUPS, MOST_ROWS, MOST_SQL, MOST_TITLE, SHOWN, WIDTHS
from dashboard.model.boards.layout import PAPERS
from dashboard.model.query_types import MAX_TEXT, QueryType
from dataset_model.dashboard.periods import Preset

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer", "minimum": 1}
_DAY: Final = {**_TEXT, "format": "date"}
_FLAG: Final = {"type": "boolean"}
_PRESET: Final = {"enum": list(get_args(Preset)), "description": "Days counted from the day on which it is looked at."}
_LINE: Final = {**_TEXT, "maxLength": MAX_TEXT}
_CARD: Final = {
    "type": "object",
    "required": ["title", "dataset"],
    "additionalProperties": False,
    "description": "A title, a question as /api/query takes it, and how its answer is shown.",
    "properties": {
        "title": {**_TEXT, "minLength": 1, "maxLength": MOST_TITLE},
        "show": {"enum": list(SHOWN), "description": "table where absent."},
        "width": {"enum": list(WIDTHS), "description": "Of a row; half where absent."},
        "dataset": {**_TEXT, "description": "As /api/tables names it."},
        "query": {"enum": list(get_args(QueryType)), "description": "group_by where absent, custom_sql with sql."},
        "preset": {**_PRESET, "description": "The board's own preset where the card names no days."},
        **dict.fromkeys(("startDate", "endDate"), _DAY),
        "agentName": {"type": ["string", "null"], "maxLength": MAX_TEXT},
        "contactId": _LINE,
        **GROUPING_FIELDS,
        "sql": {**_TEXT, "minLength": 1, "maxLength": MOST_SQL},
        "parameters": {"type": "object", "additionalProperties": _LINE},
        "limit": {
            **_WHOLE,
            "maximum": MOST_GROUPS,
            "description": f"At most {MOST_ROWS:,}, of group_by {MOST_GROUPS:,}.",
        },
    },
}
_DOCUMENT: Final[dict[str, Any]] = {
    "name": {**_TEXT, "minLength": 1, "maxLength": MOST_NAME},
    "preset": _PRESET,
    "cards": {"type": "array", "maxItems": MOST_CARDS, "items": _CARD},
}
_GIVEN: Final[dict[str, Any]] = {
    **_DOCUMENT,
    "yaml": {**_TEXT, "description": "A board.yaml, in place of name, preset and cards."},
    "shared": {"type": "boolean", "description": "Whether all who may see its datasets see it; false where absent."},
}
_VERSION: Final = {**_WHOLE, "description": "The current version, as the board's answer names it."}
_SAVED: Final[dict[str, Any]] = {
    "version": {"type": "integer"},
    "savedAt": {**_TEXT, "format": "date-time"},
    "savedBy": _TEXT,
}
_SUMMARY: Final[dict[str, Any]] = {
    **dict.fromkeys(("id", "name", "by"), _TEXT),
    **dict.fromkeys(("shared", "mayChange"), _FLAG),
    "datasets": {"type": "array", "items": _TEXT},
    "cardCount": {"type": "integer"},
    **_SAVED,
}
_STORED: Final = {
    "type": "object",
    "properties": {
        **_SUMMARY,
        "board": {"type": "object", "properties": _DOCUMENT},
        "versions": {
            "type": "array",
            "description": "Older versions, the latest first; at most ten.",
            "items": {"type": "object", "properties": {**_SAVED, "name": _TEXT}},
        },
    },
}
_ID: Final = {"name": "id", "in": "query", "required": True, "schema": _TEXT, "description": "As /api/boards names it."}
_READS: Final = ("403", "404", "503")
_WRITES: Final = ("400", "403", "404", "409", "413", "503")


def board_paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the paths of the routes."""
    listed = {"type": "object", "properties": {"boards": {"type": "array", "items": object_of(_SUMMARY)}}}
    made = operation(
        "Make a board",
        _STORED,
        errors=("400", "403", "409", "413", "503"),
        requestBody=body_of(closed_object(_GIVEN, ())),
    )
    made["responses"]["201"] = made["responses"].pop("200")
    saved = body_of(closed_object({**_GIVEN, "version": _VERSION}, ("version",)))
    older = {"number": {**_WHOLE, "description": "Of the older version."}, "version": _VERSION}
    version = {"name": "version", "in": "query", "required": True, "schema": _WHOLE, "description": "The current one."}
    gone = object_of({"id": _TEXT})
    file = operation("The board.yaml of a board", {}, errors=_READS, parameters=[_ID])
    file["responses"]["200"]["content"] = {"application/yaml": {"schema": _TEXT}}
    paper = {"name": "paper", "in": "query", "schema": {"enum": list(PAPERS)}, "description": "A4 where absent."}
    period = {"name": "preset", "in": "query", "schema": _PRESET, "description": "In place of the board's own."}
    pdf = operation("The PDF of a board as you see it", {}, errors=("400", *_READS), parameters=[_ID, paper, period])
    pdf["responses"]["200"]["content"] = {"application/pdf": {"schema": {**_TEXT, "format": "binary"}}}
    return {
        "/api/boards": {
            "get": operation("Your boards, and those shared with you", listed, errors=("403", "503")),
            "post": made,
        },
        "/api/boards/one": {
            "get": operation("A board with its cards", _STORED, errors=_READS, parameters=[_ID]),
            "put": operation(
                "Save a board over its current version", _STORED, errors=_WRITES, parameters=[_ID], requestBody=saved
            ),
            "delete": operation("Delete a board", gone, errors=_WRITES, parameters=[_ID, version]),
        },
        "/api/boards/restore": {
            "post": operation(
                "Store an older version as the newest one",
                _STORED,
                errors=_WRITES,
                parameters=[_ID],
                requestBody=body_of(closed_object(older, tuple(older))),
            )
        },
        "/api/boards/file": {"get": file},
        "/api/boards/pdf": {"get": pdf},
    }
