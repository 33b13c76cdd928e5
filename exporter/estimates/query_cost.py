"""Items and their sizes flow in, what Athena asks for reading them once flows out."""

from dataclasses import dataclass

from dataset_model.records.manifest import Manifest
from exporter.estimates import prices
from exporter.sources.description import SourceDescription


@dataclass(frozen=True)
class QueryCost:
    """One query in Athena over every column of the days. The dashboard's queries read a few columns, and cost less."""

    dollars: float
    arithmetic: str
    """The calculation of the dollars, as text."""


def query_cost(items: float, description: SourceDescription, manifest: Manifest | None) -> QueryCost | None:
    """Return the cost for so many rows; None where neither a published row nor an item has a known size.

    A row is as large as those that are published. Before there are any, it is as large as an item of the table: Parquet
    holds a fraction of that, so the figure is too high and never too low.
    """
    days = manifest.days.values() if manifest else ()
    rows, published = sum(day.rows for day in days), sum(day.bytes for day in days)
    if rows:
        row_bytes, basis = published / rows, "bytes a row as published"
    elif description.table_items and description.table_bytes:
        row_bytes, basis = description.table_bytes / description.table_items, "bytes an item, at most"
    else:
        return None
    scanned = items * row_bytes
    dollars = max(scanned, prices.LEAST_SCANNED_BYTES) / prices.TB * prices.DOLLARS_PER_SCANNED_TB
    least = ", 10 MB at least" if scanned < prices.LEAST_SCANNED_BYTES else ""
    price = f"${prices.DOLLARS_PER_SCANNED_TB:g} a TB{least}"
    return QueryCost(dollars, f"{items:,.0f} rows x {row_bytes:,.1f} {basis} x {price}")
