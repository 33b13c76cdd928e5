"""Queries, their results and their cost to JSON."""

from typing import Any

from dashboard.model.access.spending import Spending
from dashboard.model.result import QueryResult
from dashboard.results.json_values import json_columns, json_rows
from dashboard.services.job import Job


def described(job: Job) -> dict[str, Any]:
    """Return the state of a query: `queryExecutionId` is Athena's once Athena has taken it, ours until then."""
    return {
        "queryExecutionId": job.query_execution_id or job.id,
        "state": job.state.upper(),
        "query": job.statement.title or "custom_sql",
        "datasets": list(job.ticket.datasets),
        "seconds": round(job.elapsed, 3),
    }


def result_body(result: QueryResult, first: int = 0, count: int | None = None) -> dict[str, Any]:
    """Return a result with `count` of its rows from `first` on; None: all the others."""
    return {
        "queryExecutionId": result.query_execution_id,
        "columns": json_columns(result),
        "rows": json_rows(result.table, first, count),
        "rowCount": result.row_count,
        "truncated": result.truncated,
        "dataScannedBytes": result.statistics.bytes_scanned,
        "runtimeMs": result.statistics.total_ms,
    }


def spent(one: Spending) -> dict[str, Any]:
    """Return what a person's queries over a dataset cost on a day."""
    return {
        "day": one.day.isoformat(),
        "person": one.person,
        "dataset": one.dataset,
        "queries": one.queries,
        "bytes": one.bytes,
        "dollars": float(one.dollars),
    }
