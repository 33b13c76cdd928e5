"""The SQL and the columns of a view flow in, its table input for Glue flows out, as Athena itself writes views.

The catalogue holds Presto's SQL in JSON, packed in base64.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataset_model import Dataset
from dataset_model.targets.partitions import PARTITION_COLUMNS


@dataclass(frozen=True)
class ViewColumn:
    """A column of a view."""

    name: str
    presto: str
    """Its type as Athena names it in SQL."""
    hive: str
    """Its type as Glue names it."""


PARTITIONS = tuple(ViewColumn(name, "integer", "int") for name in PARTITION_COLUMNS)


def view_input(
    dataset: Dataset, name: str, sql: str, columns: Sequence[ViewColumn], owner: dict[str, str]
) -> dict[str, Any]:
    """Return a view of the dataset's database; `owner` marks it as ours."""
    packed = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": dataset.target.database,
        "columns": [{"name": column.name, "type": column.presto} for column in columns],
    }
    return {
        "Name": name,
        # No Description: it would become the comment by which the engine knows a view. A view needs an owner to run.
        "Owner": "hadoop",
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View", **owner},
        "PartitionKeys": [],
        "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps(packed).encode()).decode()} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {
            "Columns": [{"Name": column.name, "Type": column.hive} for column in columns],
            "Location": "",
            "SerdeInfo": {},
        },
    }
