"""What `group_by` takes, as JSON Schema."""

from typing import Any, Final

from dashboard.model.grouping.question import MOST_GROUPINGS, SORTS
from dataset_model.dashboard.section import BUILT_IN_MEASURES

_BOUND: Final = {"type": ["string", "number"], "description": "A number, or a day as YYYY-MM-DD in the dataset's zone."}

GROUPING_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "measure": {
        "type": "string",
        "description": f"A measure of the dataset, or one of {', '.join(BUILT_IN_MEASURES)}; rows where absent.",
    },
    "column": {"type": "string", "description": "What distinct, sum, mean, min, max and median are of."},
    "by": {
        "type": "array",
        "items": {"type": "string"},
        "maxItems": MOST_GROUPINGS,
        "description": "Dimensions, or day, week, month, weekday or hour; weeks and days are the dataset's.",
    },
    "filters": {
        "type": "object",
        "additionalProperties": {
            "oneOf": [
                {
                    "type": "array",
                    "items": {"type": ["string", "null"]},
                    "description": "Values of a dimension or of a part of the calendar.",
                },
                {
                    "type": "object",
                    "properties": {"from": _BOUND, "to": _BOUND, "empty": {"type": "boolean"}},
                    "description": "A range of a column of numbers or times, both ends included.",
                },
            ]
        },
    },
    "sort": {
        "enum": list(SORTS),
        "description": "By the measure, or by the groups; groups for a first grouping by time, else largest.",
    },
    "totals": {
        "type": "boolean",
        "description": "Whether totals come too; true where absent. The column `level` is 0 for a group, 1 for a total "
        "over the last grouping, 2 over the first of two, 3 over both. Each is computed over its own rows; totals "
        "stand first, and count towards limit.",
    },
}
