"""A dataset's file, its published columns and its manifest flow in, the entries of its data dictionary flow out."""

import datetime as dt
from dataclasses import dataclass

from dashboard.model.semantic_model import SemanticModel
from dataset_model.columns.column import Column, Mask
from dataset_model.definition import Dataset
from dataset_model.dictionary import origin_text
from dataset_model.records.manifest import Manifest
from dataset_model.records.table_schema import SchemaColumn, TableSchema


@dataclass(frozen=True)
class Entry:
    """A column as people read about it."""

    name: str
    label: str
    """What pages call it; empty where that is its name."""
    type: str
    unit: str
    role: str
    description: str
    origin: str
    """Attribute or path, or the function that computes it; empty where the exporter fills it."""
    since: dt.date | None
    """The first published day with the column; None where no day says so."""
    mask: Mask | None
    """How its values are shown to the requester; None: in clear."""
    is_declared: bool
    """Whether the dataset file names it; others were learned from the data."""


def data_dictionary(
    dataset: Dataset, schema: TableSchema | None, manifest: Manifest, model: SemanticModel
) -> tuple[Entry, ...]:
    """Return an entry per column of the table, in its order, without the partition columns."""
    declared = {column.name: column for column in dataset.columns}
    published = {column.name: column for column in schema.columns} if schema else {}
    since = _first_days(manifest)
    labels = dict(model.words.labels)
    return tuple(
        Entry(
            column.name,
            labels.get(column.name, ""),
            column.type_name,
            column.unit or "",
            (declared[column.name].role or "") if column.name in declared else "",
            column.description,
            _origin(published.get(column.name) or declared.get(column.name)),
            since.get(column.name),
            model.view.masks.get(column.name),
            column.name in declared,
        )
        for column in model.columns
        if not column.is_partition
    )


def _origin(column: SchemaColumn | Column | None) -> str:
    return "" if column is None else origin_text(column.attribute or "", column.derive, column.inputs)


def _first_days(manifest: Manifest) -> dict[str, dt.date]:
    found: dict[str, dt.date] = {}
    for day in sorted(manifest.days):
        for name in manifest.days[day].column_bytes:
            found.setdefault(name, day)
    return found
