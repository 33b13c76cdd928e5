"""The tools as a client reads them: name, description, arguments."""

from typing import Any, Final, get_args

from mcp.types import Tool, ToolAnnotations

from dashboard.model.grouping.question import SORTS
from dataset_model.dashboard.periods import Preset

USUAL_ROWS: Final = 200
MOST_ROWS: Final = 1000
"""Clients have little room for an answer; the API gives more."""

INSTRUCTIONS: Final = (
    "Reports on operational data, by day. Begin with list_datasets and describe_dataset. Prefer measure to query_sql: "
    "its figures are those of the dashboard. A distinct count, a mean, a median or a share of parts is never added up: "
    "ask for the whole. Each answer says in `data` as of when the data is and whether it was verified, and how many "
    "bytes Athena scanned and what that cost. Days that are open or not published, which `data` lists, are not whole."
)

_DATASET: Final = {"type": "string", "description": "Name from list_datasets; the first one where it is left out."}
_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}
_DAY: Final = {"type": "string", "format": "date", "description": "YYYY-MM-DD in the dataset's time zone, included."}
_DAYS: Final[dict[str, Any]] = {
    "startDate": _DAY,
    "endDate": _DAY,
    "preset": {"type": "string", "enum": list(get_args(Preset)), "description": "In place of startDate and endDate."},
}
_FILTERS: Final = {
    "type": "object",
    "description": 'By column a list of texts and nulls, {"region": ["North", null]}; or a range of a column of '
    'numbers or times, {"amount": {"from": 10, "to": 60}} or {"amount": {"empty": true}}.',
}
_MEASURE: Final = (
    "A measure by up to two groupings, under filters and for some days. `measure` is rows, one that the dataset "
    "declares, or sum, mean, min, max, median or distinct of `column`. With `totals` there are rows of totals too, "
    "where `level` is not 0."
)
_SQL: Final = (
    "One SELECT in Athena's SQL over the served tables; needs the role analyst and a token of the scope sql. Name "
    "year, month and day in WHERE: a query pays for the days that it opens."
)
_ARGUMENTS: Final[dict[str, tuple[str, dict[str, Any], tuple[str, ...]]]] = {
    "list_datasets": ("The datasets that you may see, with their days, rows and verification status.", {}, ()),
    "describe_dataset": (
        "Columns, measures, groupings and filters of a dataset. `mask` marks a column that you do not see in clear.",
        {"dataset": _DATASET},
        (),
    ),
    "freshness": (
        "As of when a dataset is, and which of its days are open, missing, not verified, or changed since.",
        {"dataset": _DATASET},
        (),
    ),
    "measure": (
        _MEASURE,
        {
            "dataset": _DATASET,
            "measure": {"type": "string", "default": "rows"},
            "column": {"type": "string"},
            "by": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            "filters": _FILTERS,
            **_DAYS,
            "sort": {"type": "string", "enum": list(SORTS)},
            "totals": {"type": "boolean", "default": False},
            "limit": _LIMIT,
        },
        (),
    ),
    "query_sql": (
        _SQL,
        {"dataset": _DATASET, "sql": {"type": "string"}, "limit": _LIMIT},
        ("sql",),
    ),
    "query_result": (
        "The answer of a measure or of SQL that was still running, by its queryExecutionId.",
        {"queryExecutionId": {"type": "string"}},
        ("queryExecutionId",),
    ),
}
TOOLS: Final = tuple(
    Tool(
        name=name,
        description=text,
        inputSchema={
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(readOnlyHint=True, openWorldHint=False),
    )
    for name, (text, properties, required) in _ARGUMENTS.items()
)
