"""The API described: an OpenAPI document, and a page made from it. Pure."""

import html
from typing import Any

from dashboard.query_types import MAX_SQL, MAX_TEXT, QUERY_TYPES

_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_DAY = {"type": "string", "format": "date", "examples": ["2026-02-16"]}
_RESULT = {
    "type": "object",
    "description": "Numbers that a double cannot hold are text, their type in `columns`; NULL is null.",
    "properties": {
        "queryExecutionId": {"type": "string"},
        "columns": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "type": {"type": "string"}}},
        },
        "rows": {"type": "array", "items": {"type": "object"}},
        "rowCount": {"type": "integer", "description": "Rows of the whole result."},
        "truncated": {"type": "boolean", "description": "Whether there were more rows than `limit`."},
        "dataScannedBytes": {"type": "integer"},
        "runtimeMs": {"type": "integer"},
        "nextToken": {"type": "string", "description": "Gives the next page of /api/results; absent on the last."},
    },
}
_PENDING = {
    "type": "object",
    "properties": {"queryExecutionId": {"type": "string"}, "state": {"enum": ["QUEUED", "RUNNING"]}},
}
_EXECUTION = {
    "name": "queryExecutionId",
    "in": "query",
    "required": True,
    "schema": {"type": "string"},
    "description": "As /api/query gave it.",
}


def openapi(max_rows: int) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every route."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reporting API",
            "version": "1",
            "description": "The dashboard's figures and queries. Same queries, same checks, same limits as its pages.",
        },
        # Either one, where the dashboard asks people to sign in; on this machine alone, none.
        "security": [{"bearer": []}, {"session": []}, {}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": "_streamlit_user"},
            }
        },
        "paths": {
            "/healthz": {"get": _operation("Whether pages can be served", {"type": "object"}, errors=("503",))},
            "/api/stats": {"get": _operation("Figures of the Overview", _stats(), errors=("503",))},
            "/api/query": {"post": _query(max_rows)},
            "/api/results": {"get": _results()},
            "/api/download": {"get": _download()},
            "/api/daily": {"get": _daily()},
        },
    }


def docs_page(document: dict[str, Any]) -> str:
    """Return a plain page that lists every route of an OpenAPI document: no script, nothing from elsewhere."""
    parts = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            rows = "".join(
                f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(text)}</td></tr>"
                for name, text in _fields(operation)
            )
            table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
            answers = "".join(
                f"<li>{code}: {html.escape(answer['description'])}</li>"
                for code, answer in operation["responses"].items()
            )
            summary = html.escape(operation["summary"])
            parts.append(f"<h2><code>{method.upper()} {path}</code></h2><p>{summary}</p>{table}<ul>{answers}</ul>")
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(info["title"])}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>{html.escape(info['title'])}</h1><p>{html.escape(info['description'])} "
        '<a href="openapi.json">OpenAPI document</a></p>'
        f"{''.join(parts)}</main></body></html>"
    )


def _fields(operation: dict[str, Any]) -> list[tuple[str, str]]:
    fields = [(item["name"], item.get("description", "")) for item in operation.get("parameters", ())]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return fields + [(name, item.get("description", "")) for name, item in schema.get("properties", {}).items()]


def _operation(summary: str, schema: dict[str, Any], *, errors: tuple[str, ...], **more: Any) -> dict[str, Any]:
    told = {
        "400": "Wrong input; the error names the field.",
        "404": "Not an execution of this API, or nothing exported yet.",
        "409": "The query was cancelled.",
        "413": "The body is too large.",
        "422": "The SQL was refused or is wrong; the error gives the reason and its position.",
        "503": "Athena is out of reach, or the settings are wrong.",
    }
    answer = {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
    failures = {
        code: {"description": told[code], "content": {"application/json": {"schema": _ERROR}}} for code in errors
    }
    return {"summary": summary, "responses": {"200": answer, **failures}, **more}


def _pending() -> dict[str, Any]:
    return {"description": "Still running; ask /api/results.", "content": {"application/json": {"schema": _PENDING}}}


def _stats() -> dict[str, Any]:
    def counts(name: str) -> dict[str, Any]:
        properties = {name: {"type": ["string", "null"]}, "contacts": {"type": "integer"}}
        return {"type": "array", "items": {"type": "object", "properties": properties}}

    figure = {"type": ["integer", "null"]}
    names = ("totalRows", "uniqueContacts", "channels", "agents")
    lists = {"byDay": "day", "byChannel": "channel", "byAgent": "agent", "byInitiationMethod": "initiationMethod"}
    properties = dict.fromkeys(names, figure) | {name: counts(by) for name, by in lists.items()}
    return {"type": "object", "properties": {**properties, "asOf": {"type": ["string", "null"], "format": "date-time"}}}


def _query(max_rows: int) -> dict[str, Any]:
    kinds = "; ".join(f"{kind.id} takes {', '.join(kind.fields)}" for kind in QUERY_TYPES)
    text = {"type": "string", "maxLength": MAX_TEXT}
    body = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": {"enum": [kind.id for kind in QUERY_TYPES], "description": kinds},
            "startDate": {**_DAY, "description": "First day, included, in the dataset's time zone."},
            "endDate": {**_DAY, "description": "Last day, included."},
            "agentName": {**text, "description": "Exactly as stored."},
            "contactId": {**text, "description": "Exactly as stored."},
            "sql": {"type": "string", "maxLength": MAX_SQL, "description": "One SELECT over the served tables."},
            "limit": {"type": "integer", "minimum": 1, "maximum": max_rows, "description": f"At most {max_rows} rows."},
        },
    }
    operation = _operation("Run a query", _RESULT, errors=("400", "404", "409", "413", "422", "503"))
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    operation["responses"]["202"] = _pending()
    return operation


def _results() -> dict[str, Any]:
    token = {
        "name": "nextToken",
        "in": "query",
        "schema": {"type": "string"},
        "description": "As the page before gave it.",
    }
    operation = _operation("A page of a result", _RESULT, errors=("400", "404", "409", "422", "503"))
    operation["parameters"] = [_EXECUTION, token]
    operation["responses"]["202"] = _pending()
    return operation


def _download() -> dict[str, Any]:
    operation = _operation("Athena's own CSV file", {}, errors=("400", "404", "409", "422", "503"))
    operation["parameters"] = [_EXECUTION]
    del operation["responses"]["200"]
    operation["responses"] |= {"302": {"description": "A presigned address, good for 5 minutes."}, "202": _pending()}
    return operation


def _daily() -> dict[str, Any]:
    day = {"type": "object", "properties": {"day": _DAY, "contacts": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"days": {"type": "array", "items": day}}}
    operation = _operation("Rows per day, empty days included", schema, errors=("400", "503"))
    operation["parameters"] = [
        {"name": name, "in": "query", "required": True, "schema": _DAY, "description": text}
        for name, text in (("from", "First day, included."), ("to", "Last day, included."))
    ]
    return operation
