"""`_schema.json`: the attribute and type of each column, decided once for the life of a table."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

from dataset_model.columns.attribute_paths import Step
from dataset_model.columns.column import TypeField
from dataset_model.definition import Dataset

SCHEMA_FILE = "_schema.json"


class SchemaColumn(BaseModel):
    """One column of the published table. No column is ever dropped or retyped."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    name: str
    attribute: str | None
    """Source attribute, or the text of `path`; None for a column that is derived, or that the exporter fills itself
    (the extra date column, `extra`)."""
    path: tuple[Step, ...] = ()
    """Steps to a value inside an attribute, which is the first of them; empty: the value is the attribute's own."""
    derive: str = ""
    """The function that computes the value; then there is no attribute."""
    inputs: tuple[str, ...] = ()
    """Attributes or paths that the function is given."""
    type: TypeField
    declared: bool = False
    """Whether the dataset file names it; the others were learned from the data."""
    description: str = ""

    @property
    def whole_attribute(self) -> str | None:
        """The attribute with the value that is the column's; None where the value is inside one, or in none."""
        return None if self.path else self.attribute


class SourceIdentity(BaseModel):
    """What a prefix was filled from. A different source on the same prefix is refused."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    table: str
    index: str
    sort_key: str
    time_zone: str
    explode: str | None = None
    """The list of which each element is a row; None: a row is an item."""

    @classmethod
    def of(cls, dataset: Dataset) -> "SourceIdentity":
        """Return the identity of a dataset's source."""
        source = dataset.source
        return cls(
            table=source.table,
            index=source.index,
            sort_key=source.sort_key,
            time_zone=source.time_zone,
            explode=dataset.exploded,
        )


class TableSchema(BaseModel):
    """The columns of a published table, in catalogue order; the partition columns come after them."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    format: Literal[1] = 1
    dataset: str
    source: SourceIdentity
    columns: tuple[SchemaColumn, ...] = ()
    updated_at: dt.datetime

    @property
    def names(self) -> dict[str, str]:
        """Attribute -> column name, for columns that hold a whole attribute."""
        return {column.whole_attribute: column.name for column in self.columns if column.whole_attribute is not None}
