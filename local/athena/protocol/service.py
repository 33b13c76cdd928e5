"""Athena of one region: its parts put together, and the table of its operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from local.athena.catalog.glue import Catalog
from local.athena.engine.duckdb_engine import Engine
from local.athena.objects import ObjectStore
from local.athena.protocol.metadata import Metadata
from local.athena.protocol.queries import Queries
from local.athena.workgroups.saved_queries import NamedQueries, PreparedStatements
from local.athena.workgroups.workgroups import WorkGroups

Operation = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Endpoints:
    """Where the catalogue and the objects are; the two may be different services."""

    s3: str
    glue: str


class Athena:
    """Athena's state in one region. `operations` maps the names of the API to what carries them out."""

    def __init__(self, endpoints: Endpoints, region: str) -> None:
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": region}
        config = Config(
            s3={"addressing_style": "path"},
            max_pool_connections=32,
            retries={"max_attempts": 2},
            # A checksum per object costs more than the loopback it would protect.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._s3 = boto3.client("s3", endpoint_url=endpoints.s3, config=config, **credentials)  # type: ignore[call-overload]
        self._glue = boto3.client("glue", endpoint_url=endpoints.glue, config=config, **credentials)  # type: ignore[call-overload]
        catalog = Catalog(self._glue)
        self._engine = Engine(catalog, ObjectStore(self._s3))
        workgroups, named, prepared = WorkGroups(), NamedQueries(), PreparedStatements()
        self._queries = Queries(self._engine, workgroups, prepared)
        self.operations = {
            **_query_operations(self._queries),
            **_metadata_operations(Metadata(catalog)),
            **_kept_operations("WorkGroup", "WorkGroups", workgroups),
            **_kept_operations("NamedQuery", "NamedQueries", named),
            **_kept_operations("PreparedStatement", "PreparedStatements", prepared),
            "BatchGetNamedQuery": named.get_many,
            "BatchGetPreparedStatement": prepared.get_many,
            **_UNUSED,
        }

    def close(self) -> None:
        """Stop running queries and close connections."""
        self._queries.close()
        self._engine.close()
        self._s3.close()
        self._glue.close()


def _query_operations(queries: Queries) -> dict[str, Operation]:
    return {
        "StartQueryExecution": queries.start,
        "GetQueryExecution": queries.get,
        "BatchGetQueryExecution": queries.get_many,
        "ListQueryExecutions": queries.list,
        "StopQueryExecution": queries.stop,
        "GetQueryResults": queries.results,
        "GetQueryRuntimeStatistics": queries.runtime_statistics,
    }


def _metadata_operations(metadata: Metadata) -> dict[str, Operation]:
    return {
        "ListDataCatalogs": metadata.data_catalogs,
        "GetDataCatalog": metadata.data_catalog,
        "ListDatabases": metadata.databases,
        "GetDatabase": metadata.database,
        "ListTableMetadata": metadata.tables,
        "GetTableMetadata": metadata.table,
    }


_VERBS = ("Create", "Get", "Update", "Delete")


def _kept_operations(
    noun: str, plural: str, kept: WorkGroups | NamedQueries | PreparedStatements
) -> dict[str, Operation]:
    """Return the operations that named queries and prepared statements have; their names follow one pattern."""
    named: dict[str, Operation] = {f"{verb}{noun}": getattr(kept, verb.lower()) for verb in _VERBS}
    return {**named, f"List{plural}": kept.list}


def _engine_versions(_: dict[str, Any]) -> dict[str, Any]:
    effective = "Athena engine version 3"
    return {
        "EngineVersions": [
            {"SelectedEngineVersion": selected, "EffectiveEngineVersion": effective} for selected in ("AUTO", effective)
        ]
    }


def _no_tags(_: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": []}


def _accepted(_: dict[str, Any]) -> dict[str, Any]:
    return {}


_UNUSED: dict[str, Operation] = {
    "ListEngineVersions": _engine_versions,
    "ListTagsForResource": _no_tags,
    "TagResource": _accepted,
    "UntagResource": _accepted,
}
