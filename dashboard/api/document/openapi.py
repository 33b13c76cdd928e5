"""The routes of the API to an OpenAPI document."""

from typing import Any, Final, get_args

from dashboard.api.document.boards import board_paths
from dashboard.api.document.executions import execution_paths, stop_operation
from dashboard.api.document.grouping import GROUPING_FIELDS
from dashboard.api.document.notices import notice_paths
from dashboard.api.document.schemas import body_of
from dashboard.api.document.tokens import token_paths
from dashboard.api.figures import BREAKDOWNS, FIGURES
from dashboard.model.query_types import MAX_SQL, MAX_TEXT, QUERY_TYPES
from dashboard.results.downloads import NULLS
from dashboard.sql.unload import FORMATS, MOST_ROWS
from dataset_model.columns.column import Mask
from dataset_model.dashboard.periods import Preset

FILES: Final = ("csv", "parquet", "xlsx")
"""Formats of the files that are made here."""

_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_DAY = {"type": "string", "format": "date", "examples": ["2026-02-16"]}
_TEXT = {"type": "string"}
_ROW_RULE = {"type": "string", "description": "Which rows you see; absent: all of them."}
_DAY_OR_NOT = {"type": ["string", "null"], "format": "date"}
_RESULT = {
    "type": "object",
    "description": "Numbers that a double cannot hold are text, their type in `columns`; NULL is null; times are UTC.",
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
            "/api/stats": {"get": _operation("Figures of the Overview", _stats(), errors=("400", "403", "429", "503"))},
            "/api/query": {"post": _query(max_rows)},
            "/api/results": {"get": _results(), "delete": stop_operation(_operation, _EXECUTION)},
            "/api/download": {"get": _download()},
            "/api/tables": {"get": _tables()},
            "/api/estimate": {"post": _estimate(max_rows)},
            "/api/unload": {"post": _unload()},
            "/api/files": {"get": _files()},
            "/api/daily": {"get": _daily()},
            **execution_paths(_operation),
            **token_paths(_operation),
            **board_paths(_operation),
            **notice_paths(_operation),
        },
    }


def _operation(summary: str, schema: dict[str, Any], *, errors: tuple[str, ...], **more: Any) -> dict[str, Any]:
    meanings = {
        "400": "Wrong input; the error names the field.",
        "403": "Asked by a page of another site, or not allowed by the caller's role.",
        "404": "Not an execution or a board of the caller, or nothing exported yet.",
        "409": "The query was cancelled, or another request was first.",
        "413": "The body is too large.",
        "429": "A limit on queries, on waiting requests or on bytes a day is reached; the error gives the figure.",
        "422": "The SQL was refused or is wrong; the error gives the reason and its position.",
        "503": "Athena or S3 is out of reach, a record of the exporter is damaged, or the settings are wrong.",
    }
    answer = {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
    failures = {
        code: {"description": meanings[code], "content": {"application/json": {"schema": _ERROR}}}
        # A person's requests wait for one another on every route.
        for code in sorted({*errors, "429"})
    }
    return {"summary": summary, "responses": {"200": answer, **failures}, **more}


def _pending() -> dict[str, Any]:
    return {"description": "Still running; ask /api/results.", "content": {"application/json": {"schema": _PENDING}}}


def _stats() -> dict[str, Any]:
    def counts(name: str) -> dict[str, Any]:
        properties = {name: {"type": ["string", "null"]}, "contacts": {"type": "integer"}}
        return {"type": "array", "items": {"type": "object", "properties": properties}}

    figure = {"type": ["integer", "null"]}
    properties = dict.fromkeys(FIGURES, figure) | {field: counts(name) for field, name in BREAKDOWNS.items()}
    as_of = {"type": ["string", "null"], "format": "date-time"}
    published = {"type": "boolean", "description": "false before the first export: every figure is null."}
    more = {"byDay": _days(), "differences": _differences(), "asOf": as_of, "published": published}
    more["rowRule"] = _ROW_RULE
    return {"type": "object", "properties": {**properties, **more}}


def _days() -> dict[str, Any]:
    properties = {
        "day": _DAY,
        "contacts": {"type": ["integer", "null"], "description": "null where the day is not published."},
        "published": {"type": "boolean"},
        "open": {"const": True, "description": "Present where the day was exported before its end."},
    }
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def _differences() -> dict[str, Any]:
    properties = {
        "day": _DAY,
        "manifest": {"type": ["integer", "null"], "description": "Rows recorded; null where the day has no record."},
        "athena": {"type": "integer", "description": "Rows counted."},
    }
    text = "Days on which Athena counts other rows than the exporter recorded; empty where all is well."
    return {"type": "array", "description": text, "items": {"type": "object", "properties": properties}}


def _question(max_rows: int) -> dict[str, Any]:
    kinds = "; ".join(f"{kind.id} takes {', '.join(kind.fields)}" for kind in QUERY_TYPES)
    text = {"type": "string", "maxLength": MAX_TEXT}
    return {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": {"enum": [kind.id for kind in QUERY_TYPES], "description": kinds},
            "dataset": {"type": "string", "description": "As /api/tables names it; the first one where it is absent."},
            "startDate": {**_DAY, "description": "First day, included, in the dataset's time zone."},
            "endDate": {**_DAY, "description": "Last day, included."},
            "preset": {
                "enum": list(get_args(Preset)),
                "description": "In place of startDate and endDate: counted from today in the dataset's time zone.",
            },
            "agentName": {**text, "description": "Exactly as stored."},
            "contactId": {**text, "description": "Exactly as stored."},
            **GROUPING_FIELDS,
            "sql": {"type": "string", "maxLength": MAX_SQL, "description": "One SELECT over the served tables."},
            "parameters": {
                "type": "object",
                "additionalProperties": text,
                "description": "Values of the {{parameters}} in sql, by name.",
            },
            "limit": {"type": "integer", "minimum": 1, "maximum": max_rows, "description": f"At most {max_rows} rows."},
        },
    }


def _query(max_rows: int) -> dict[str, Any]:
    operation = _operation("Run a query", _RESULT, errors=("400", "403", "404", "409", "413", "422", "429", "503"))
    operation["requestBody"] = body_of(_question(max_rows))
    operation["responses"]["202"] = _pending()
    return operation


def _estimate(max_rows: int) -> dict[str, Any]:
    whole = {"type": "integer"}
    properties = {
        "bytes": {**whole, "description": "At most read: of the days touched, the columns used."},
        "billedBytes": {**whole, "description": "Athena bills at least 10 MB."},
        "dollars": {"type": "number"},
        "days": {**whole, "description": "Published days that may be opened."},
        "publishedDays": whole,
        "readsEverything": {"type": "boolean"},
        "suggestedSql": {"type": "string", "description": "The same SQL over the last seven published days."},
    }
    schema = {"type": "object", "properties": properties}
    operation = _operation(
        "What a query costs at most; runs nothing", schema, errors=("400", "403", "413", "422", "503")
    )
    operation["requestBody"] = body_of(_question(max_rows))
    return operation


def _tables() -> dict[str, Any]:
    column = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("name", "type", "description"), _TEXT),
            "unit": {"type": ["string", "null"]},
            "partition": {"type": "boolean", "description": "Filtering by it makes a query read less."},
            "mask": {"enum": list(get_args(Mask)), "description": "How its values are shown to you; absent: in clear."},
            "values": {"type": "array", "items": {"type": "string"}, "description": "Some of its values, as text."},
        },
    }
    table = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("dataset", "title", "database", "table", "timeZone"), _TEXT),
            **dict.fromkeys(("firstDay", "lastDay"), _DAY_OR_NOT),
            "rows": {"type": ["integer", "null"], "description": "Null where you see a part of them."},
            "rowRule": _ROW_RULE,
            "asOf": {"type": ["string", "null"], "format": "date-time"},
            "queries": {"type": "array", "items": {"enum": [kind.id for kind in QUERY_TYPES]}},
            "columns": {"type": "array", "items": column},
        },
    }
    schema = {"type": "object", "properties": {"datasets": {"type": "array", "items": table}}}
    operation = _operation("Datasets, their tables and columns", schema, errors=("400", "403", "503"))
    operation["parameters"] = [
        {
            "name": "samples",
            "in": "query",
            "schema": {"enum": ["true", "false"]},
            "description": "true reads sample values of every column from the newest file on S3; no query runs.",
        }
    ]
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


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def _download() -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    operation = _operation("A result as a file", file, errors=("400", "403", "404", "409", "422", "503"))
    columns = {"type": "array", "items": {"type": "string"}}
    operation["parameters"] = [
        _EXECUTION,
        _parameter("format", {"enum": list(FILES)}, "A file of chosen columns; without it, Athena's own CSV of all."),
        _parameter("columns", columns, "Repeated per column, in the order wanted; all of them where absent."),
        _parameter("nulls", {"enum": list(NULLS)}, 'How NULL is written in CSV; "" stands in quotes.'),
        _parameter(
            "formulaSafe", {"enum": ["true", "false"]}, "Whether texts are safe in spreadsheets; true if absent."
        ),
        _parameter(
            "timeZone",
            {"type": "string"},
            "Zone of timestamps in CSV and Excel: UTC, or the dataset's own; UTC if absent. Their header names it.",
        ),
        _parameter(
            "bom", {"enum": ["true", "false"]}, "Whether CSV begins with a byte order mark, for Excel; false if absent."
        ),
    ]
    operation["responses"]["200"] = {"description": "The file, with `format`.", "content": _binary()}
    operation["responses"] |= {
        "302": {"description": "Athena's own file: a presigned address, good for 5 minutes."},
        "202": _pending(),
    }
    return operation


def _binary() -> dict[str, Any]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"text/csv": schema, "application/octet-stream": schema}


def _unload() -> dict[str, Any]:
    properties = {
        "queryExecutionId": {"type": "string", "description": "Of a query of this API that has ended."},
        "columns": {"type": "array", "items": {"type": "string"}, "description": "All of them where absent."},
        "format": {"enum": list(FORMATS), "description": "parquet where absent; json is lines, packed."},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_ROWS,
            "description": "Rows at most; as many as the result has where absent.",
        },
    }
    operation = _operation(
        "Have Athena write a result to S3, of any size",
        {},
        errors=("400", "403", "404", "409", "413", "422", "429", "503"),
    )
    operation["requestBody"] = body_of({"type": "object", "required": ["queryExecutionId"], "properties": properties})
    del operation["responses"]["200"]
    operation["responses"]["202"] = {**_pending(), "description": "Started; ask /api/files."}
    return operation


def _files() -> dict[str, Any]:
    file = {"type": "object", "properties": {"url": {"type": "string"}, "bytes": {"type": "integer"}}}
    properties = {
        "queryExecutionId": {"type": "string"},
        "files": {"type": "array", "items": file, "description": "At most a hundred."},
        "fileCount": {"type": "integer", "description": "Files written in all."},
        "expiresInSeconds": {"type": "integer", "description": "Asking again gives new addresses."},
    }
    schema = {"type": "object", "properties": properties}
    operation = _operation("What /api/unload wrote", schema, errors=("400", "403", "404", "409", "422", "503"))
    operation["parameters"] = [_EXECUTION]
    operation["responses"]["202"] = _pending()
    return operation


def _daily() -> dict[str, Any]:
    schema = {"type": "object", "properties": {"days": _days(), "differences": _differences(), "rowRule": _ROW_RULE}}
    summary = "Rows per day, every day of the window included"
    operation = _operation(summary, schema, errors=("400", "403", "429", "503"))
    operation["parameters"] = [
        {"name": name, "in": "query", "required": True, "schema": _DAY, "description": text}
        for name, text in (("from", "First day, included."), ("to", "Last day, included."))
    ]
    return operation
