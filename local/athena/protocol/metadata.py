"""The calls that describe catalogues, databases and tables."""

from __future__ import annotations

import re
import time
from typing import Any

from local.athena.catalog.glue import CATALOG_NAME, Catalog, Column, Table
from local.athena.errors import metadata_not_found
from local.athena.workgroups.paging import page


class Metadata:
    """GetDatabase, ListTableMetadata and their kin, over one catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def data_catalogs(self, _: dict[str, Any]) -> dict[str, Any]:
        """ListDataCatalogs."""
        return {"DataCatalogsSummary": [{"CatalogName": CATALOG_NAME, "Type": "GLUE", "Status": "CREATE_COMPLETE"}]}

    def data_catalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetDataCatalog."""
        _check_catalog(request["Name"])
        return {"DataCatalog": {"Name": request["Name"], "Type": "GLUE", "Parameters": {}, "Status": "CREATE_COMPLETE"}}

    def databases(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListDatabases."""
        _check_catalog(request["CatalogName"])
        return page("DatabaseList", [_database(found) for found in self._catalog.databases()], request)

    def database(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetDatabase."""
        _check_catalog(request["CatalogName"])
        found = self._catalog.database(request["DatabaseName"])
        if found is None:
            raise metadata_not_found(f"Database {request['DatabaseName']} not found.")
        return {"Database": _database(found)}

    def tables(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListTableMetadata; `Expression` is a regular expression over names."""
        _check_catalog(request["CatalogName"])
        database, expression = request["DatabaseName"], request.get("Expression") or ".*"
        if self._catalog.database(database) is None:
            raise metadata_not_found(f"Database {database} not found.")
        found = [_table(t) for t in self._catalog.tables(database) if re.fullmatch(expression, t.name)]
        return page("TableMetadataList", found, request)

    def table(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetTableMetadata."""
        _check_catalog(request["CatalogName"])
        found = self._catalog.table(request["DatabaseName"], request["TableName"])
        if found is None:
            raise metadata_not_found(
                f"EntityNotFoundException: Entity Not Found: table {request['DatabaseName']}.{request['TableName']}"
            )
        return {"TableMetadata": _table(found)}


def _check_catalog(name: str) -> None:
    if name.lower() != CATALOG_NAME.lower():
        raise metadata_not_found(f"DataCatalog {name} was not found; the local Athena has {CATALOG_NAME} alone")


def _database(found: dict[str, Any]) -> dict[str, Any]:
    described = {"Name": found["Name"], "Description": found.get("Description") or ""}
    return described | {"Parameters": found.get("Parameters") or {}}


def _table(table: Table) -> dict[str, Any]:
    created = table.created
    described = {
        "inputformat": str(table.storage.get("InputFormat", "")),
        "outputformat": str(table.storage.get("OutputFormat", "")),
        "serde.serialization.lib": table.serde,
    }
    extra = {
        "location": table.location,
        **{name: value for name, value in described.items() if value},
        **{f"serde.param.{name}": value for name, value in table.serde_parameters.items()},
    }
    moment = created.timestamp() if created is not None else time.time()
    return {
        "Name": table.name,
        "CreateTime": moment,
        "LastAccessTime": moment,
        "TableType": table.table_type,
        "Columns": [_column(column) for column in table.columns],
        "PartitionKeys": [_column(column) for column in table.partition_keys],
        "Parameters": {**table.parameters, **extra},
    }


def _column(column: Column) -> dict[str, str]:
    described = {"Name": column.name, "Type": column.hive_type}
    return described | {"Comment": column.comment} if column.comment else described
