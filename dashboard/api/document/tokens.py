"""The routes about personal tokens to their part of the OpenAPI document."""

from collections.abc import Callable
from typing import Any, Final, get_args

from dashboard.api.document.schemas import body_of
from dashboard.model.access.api_token import MOST_DAYS, Scope

_TEXT: Final = {"type": "string"}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_SCOPE: Final = {"enum": list(get_args(Scope)), "description": "read: as a viewer. sql: as an analyst, at most."}
_PROPERTIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("id", "person", "name"), _TEXT),
    "scope": _SCOPE,
    "datasets": {"type": "array", "items": _TEXT, "description": "Empty: all that its person may see."},
    **dict.fromkeys(("createdAt", "expiresAt"), _MOMENT),
}
_TOKEN: Final = {"type": "object", "properties": _PROPERTIES}
_SECRET: Final = {**_TEXT, "description": "The secret, shown this once."}
_MADE: Final = {"type": "object", "properties": {**_PROPERTIES, "token": _SECRET}}
_ASKED: Final = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {**_TEXT, "minLength": 1},
        "scope": _SCOPE,
        "days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS},
        "datasets": {"type": "array", "items": _TEXT},
    },
}
_ID: Final = {"name": "id", "in": "query", "required": True, "schema": _TEXT, "description": "As /api/tokens names it."}


def token_paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the paths of the routes."""
    listed = {"type": "object", "properties": {"tokens": {"type": "array", "items": _TOKEN}}}
    made = operation("Make a personal token; in a browser's session alone", _MADE, errors=("400", "403", "404", "413"))
    made["responses"]["201"] = made["responses"].pop("200")
    made["requestBody"] = body_of(_ASKED)
    return {
        "/api/tokens": {
            "get": operation("Your personal tokens; everyone's for admins", listed, errors=("403", "404")),
            "post": made,
            "delete": operation(
                "Revoke a personal token at once", _TOKEN, errors=("400", "403", "404"), parameters=[_ID]
            ),
        }
    }
