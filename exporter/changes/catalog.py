"""The Glue tables of a dataset that has changes: the table as for every dataset, and what the present state reads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dataset_model import Dataset
from dataset_model.columns.types import BIGINT, STRING
from dataset_model.records.changes import (
    AS_OF_COLUMN,
    AT_COLUMN,
    CHANGE_COLUMNS,
    CHANGES_FOLDER,
    STAMP_COLUMNS,
)
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from exporter.changes.live_view import base_table, changes_table, live_view
from exporter.errors import SchemaConflict
from exporter.storage.glue_catalog import Catalog

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_INSTANTS = {AS_OF_COLUMN, AT_COLUMN}


class GrowingCatalog(Catalog):
    """A table to which several programs add columns at the same time: what another one has added stays."""

    def _wanted(self, current: dict[str, Any] | None, schema: TableSchema, years: tuple[int, int]) -> dict[str, Any]:
        wanted = super()._wanted(current, schema, years)
        columns = wanted["StorageDescriptor"]["Columns"]
        names = {column["Name"] for column in columns}
        columns += [column for column in _columns(current) if column["Name"] not in names]
        return wanted


class LiveCatalog(GrowingCatalog):
    """The tables of one dataset that has changes, and their view; all are extended together."""

    def __init__(self, client: "GlueClient", dataset: Dataset, location: str) -> None:
        super().__init__(client, dataset, location)
        self._live = dataset
        self._viewed: TableSchema | None = None
        self._base = GrowingCatalog(client, _renamed(dataset, base_table(dataset)), location)
        self._changes = GrowingCatalog(
            client, _renamed(dataset, changes_table(dataset)), f"{location.rstrip('/')}/{CHANGES_FOLDER}/"
        )

    def publish(self, schema: TableSchema, years: tuple[int, int]) -> bool:
        """Create or extend all of them; the view comes last, when what it reads is there.

        Raises SchemaConflict where a column has a name that change files need.
        """
        taken = [column.name for column in schema.columns if column.name in {*STAMP_COLUMNS, *CHANGE_COLUMNS}]
        if taken:
            raise SchemaConflict(
                f"dataset {self._live.name} has a column {taken[0]}, a name that change files use themselves, so it "
                "cannot have changes. Export to another prefix, where the column gets another name"
            )
        changed = super().publish(schema, years)
        changed |= self._base.publish(_with(schema, STAMP_COLUMNS), years)
        changed |= self._changes.publish(_with(schema, CHANGE_COLUMNS), years)
        self._publish_live(schema)
        return changed

    def _publish_live(self, schema: TableSchema) -> None:
        if schema is self._viewed:
            return
        wanted = live_view(self._live, schema, self.owner)
        names, known = ({column["Name"] for column in _columns(view)} for view in (wanted, self.found(wanted["Name"])))
        if not names < known:  # otherwise another program knows more columns already
            self.publish_view(wanted)
        self._viewed = schema

    def look_again(self) -> None:
        """Forget what is known of the tables."""
        super().look_again()
        self._base.look_again()
        self._changes.look_again()


def _columns(table: Mapping[str, Any] | None) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (table or {}).get("StorageDescriptor", {}).get("Columns", [])
    return found


def _with(schema: TableSchema, names: tuple[str, ...]) -> TableSchema:
    more = (SchemaColumn(name=name, attribute=None, type=BIGINT if name in _INSTANTS else STRING) for name in names)
    return schema.model_copy(update={"columns": (*schema.columns, *more)})


def _renamed(dataset: Dataset, table: str) -> Dataset:
    return dataset.model_copy(update={"target": dataset.target.model_copy(update={"table": table})})
