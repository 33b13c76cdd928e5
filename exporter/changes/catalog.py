"""The Glue tables of a dataset that has changes: the table as for every dataset, and what the present state reads."""

from typing import TYPE_CHECKING

from dataset_model import Dataset
from dataset_model.records.changes import (
    AS_OF_COLUMN,
    AT_COLUMN,
    CHANGE_COLUMNS,
    CHANGES_FOLDER,
    STAMP_COLUMNS,
)
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from dataset_model.types import BIGINT, STRING
from exporter.changes.live_view import base_table, changes_table, live_view
from exporter.errors import SchemaConflict
from exporter.storage.glue_catalog import Catalog

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_INSTANTS = {AS_OF_COLUMN, AT_COLUMN}


class LiveCatalog(Catalog):
    """The tables of one dataset that has changes, and their view; all are extended together."""

    def __init__(self, client: "GlueClient", dataset: Dataset, location: str) -> None:
        super().__init__(client, dataset, location)
        self._live = dataset
        self._base = Catalog(client, _renamed(dataset, base_table(dataset)), location)
        self._changes = Catalog(
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
        self.publish_view(live_view(self._live, schema, self.owner))
        return changed

    def look_again(self) -> None:
        """Forget what is known of the tables."""
        super().look_again()
        for catalog in (getattr(self, "_base", None), getattr(self, "_changes", None)):
            if catalog is not None:
                catalog.look_again()


def _with(schema: TableSchema, names: tuple[str, ...]) -> TableSchema:
    more = (SchemaColumn(name=name, attribute=None, type=BIGINT if name in _INSTANTS else STRING) for name in names)
    return schema.model_copy(update={"columns": (*schema.columns, *more)})


def _renamed(dataset: Dataset, table: str) -> Dataset:
    return dataset.model_copy(update={"target": dataset.target.model_copy(update={"table": table})})
