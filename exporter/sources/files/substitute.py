"""Rows from elsewhere flow in, which a run publishes in place of its source's."""

from collections.abc import Callable
from dataclasses import dataclass

from dataset_model.records.table_schema import TableSchema
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.scan_source import Segments


@dataclass(frozen=True)
class Substitute:
    """Other rows for the days of one run. The run's dataset declares columns as these rows name them."""

    schema: TableSchema
    """The published schema, with attributes as these rows name them. It is the run's, and is not written."""
    rows: Callable[[RateLimiter], Segments]
    note: str
    """What the run's entry says of it."""
