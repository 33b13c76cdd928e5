"""The dataset and its published schema flow in, the index description flows out, if nothing prevents a run.

A run, a dry run and a plan all call this, so they refuse the same things in the same words. It changes nothing.
"""

import datetime as dt
from dataclasses import dataclass

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.clients import Clients
from exporter.decoding.key_hash import row_key
from exporter.decoding.schema import initial_schema
from exporter.run.reporting.warnings import projection_warnings
from exporter.sources.description import SourceDescription, describe_source
from exporter.storage.glue_catalog import Catalog


@dataclass(frozen=True)
class Preflight:
    """Facts about the source before a run reads anything."""

    description: SourceDescription
    warnings: tuple[str, ...]


def preflight(
    clients: Clients, dataset: Dataset, catalog: Catalog, published: TableSchema | None, now: dt.datetime
) -> Preflight:
    """Return what a run has to know of its index; `published` is the schema as it is at the prefix.

    Raises SourceError where the index is not there, not ACTIVE, or not as declared; ExportError where it does not carry
    a declared attribute; SchemaConflict where the declaration contradicts what is published; CatalogError where the
    Glue table or its view of answers belongs to something else.
    """
    description = describe_source(clients.dynamodb, dataset)
    warnings = tuple(projection_warnings(dataset, description))
    schema = initial_schema(dataset, published, now)
    catalog.check(schema, row_key(dataset, description.table_key))
    return Preflight(description, warnings)
