"""A schema flows in, the view of the present state flows out: the days as they were read, and what has changed since.

The view `<table>_live` reads two tables: `<table>_base`, the days' files with their stamps, and `<table>_changes`. Of
each day and key it takes the latest change, where it was written since the day was read. An item with such a change is
taken from it, or left out where the change is a tombstone; every other item is taken from the day's file. Why that is
exact, in docs/streams.md.

A day's file without stamps was written before the dataset had changes. Its items have no key to compare, so the day
stays as it was read until it is exported again.
"""

from typing import Any

from dataset_model import Dataset
from dataset_model.records.changes import (
    AS_OF_COLUMN,
    AT_COLUMN,
    KEY_COLUMN,
    OPERATION_COLUMN,
    SEQUENCE_COLUMN,
    live_view_of,
)
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import PARTITION_COLUMNS
from exporter.storage.view_input import PARTITIONS, ViewColumn, view_input


def base_table(dataset: Dataset) -> str:
    """Return the name of the table of stamped days."""
    return f"{dataset.target.table}_base"


def changes_table(dataset: Dataset) -> str:
    """Return the name of the table of changes."""
    return f"{dataset.target.table}_changes"


def live_view(dataset: Dataset, schema: TableSchema, owner: dict[str, str]) -> dict[str, Any]:
    """Return the view as Glue's table input; `owner` marks it as ours."""
    columns = [ViewColumn(column.name, column.type.athena, column.type.glue) for column in schema.columns]
    return view_input(
        dataset, live_view_of(dataset.target.table), _sql(dataset, schema), [*columns, *PARTITIONS], owner
    )


def _sql(dataset: Dataset, schema: TableSchema) -> str:
    database = dataset.target.database
    names = [*(column.name for column in schema.columns), *PARTITION_COLUMNS]
    days = ", ".join(f'"{name}"' for name in PARTITION_COLUMNS)
    return _TEXT.format(
        base=f'"{database}"."{base_table(dataset)}"',
        changes=f'"{database}"."{changes_table(dataset)}"',
        days=days,
        of_base=_listed("b", names),
        of_change=_listed("c", names),
        changed=_listed("c", [*names, KEY_COLUMN, AT_COLUMN, OPERATION_COLUMN]),
        same_day_of_reading=_same_day("c", "r"),
        same_day_of_change=_same_day("b", "c"),
        key=KEY_COLUMN, at=AT_COLUMN, sequence=SEQUENCE_COLUMN, operation=OPERATION_COLUMN, as_of=AS_OF_COLUMN,
    )  # fmt: skip


_TEXT = (
    "WITH readings AS (SELECT {days}, max(instant) AS instant FROM ("
    'SELECT {days}, "{as_of}" AS instant FROM {base} '
    'UNION ALL SELECT {days}, "{at}" AS instant FROM {changes} WHERE "{operation}" = \'E\''
    ") AS found GROUP BY {days}), "
    "latest AS (SELECT c.* FROM (SELECT {changed}, row_number() OVER ("
    'PARTITION BY c."year", c."month", c."day", c."{key}" ORDER BY c."{sequence}" DESC) AS place '
    "FROM {changes} AS c WHERE c.\"{operation}\" <> 'E') AS c LEFT JOIN readings AS r ON {same_day_of_reading} "
    'WHERE c.place = 1 AND (r."day" IS NULL OR c."{at}" >= r.instant)) '
    "SELECT {of_base} FROM {base} AS b LEFT JOIN latest AS c "
    'ON {same_day_of_change} AND b."{key}" = c."{key}" WHERE c."{key}" IS NULL '
    "UNION ALL SELECT {of_change} FROM latest AS c WHERE c.\"{operation}\" = 'U'"
)


def _listed(alias: str, names: list[str]) -> str:
    return ", ".join(f'{alias}."{name}"' for name in names)


def _same_day(left: str, right: str) -> str:
    return " AND ".join(f'{left}."{name}" = {right}."{name}"' for name in PARTITION_COLUMNS)
