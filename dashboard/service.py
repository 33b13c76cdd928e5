"""One place where settings, clients and caches meet: what pages and JSON API both ask.

No Streamlit here: the API lives in the same process without a session. Figures are kept per manifest version, so the
Overview costs at most two queries until the next export changes the data, however many people look at it.
"""

import datetime as dt
from collections.abc import Mapping

from datasets.definition import Dataset
from datasets.manifest import Manifest
from datasets.runs import RunEntry
from datasets.table_schema import TableSchema

from dashboard.costs import Estimate
from dashboard.filters import Dimension, Filters
from dashboard.jobs import Job, Jobs
from dashboard.overview import DayCount, Overview
from dashboard.queries import Statement
from dashboard.query_types import QueryRequest
from dashboard.settings import Settings
from dashboard.shape import Shape
from dashboard.sql_guard import Catalogue


class Service:
    """Everything behind the pages. Safe to use from any thread."""

    settings: Settings
    jobs: Jobs

    def __init__(self, settings: Settings) -> None:
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the datasets served; the first is shown at first."""
        raise NotImplementedError

    def dataset(self, name: str | None = None) -> Dataset:
        """Return a dataset by name (None: the first); raise InvalidRequest for a name that is not served."""
        raise NotImplementedError

    def manifest(self, name: str) -> Manifest | None:
        """Return what is published, at most 15 s old; None while nothing was exported."""
        raise NotImplementedError

    def schema(self, name: str) -> TableSchema | None:
        """Return the published columns, None while nothing was exported."""
        raise NotImplementedError

    def shape(self, name: str) -> Shape:
        """Return the dataset's columns and the parts they play."""
        raise NotImplementedError

    def runs(self, name: str, limit: int = 50) -> tuple[RunEntry, ...]:
        """Return the ledger, latest run first."""
        raise NotImplementedError

    def verification(self, name: str) -> Mapping[dt.date, bool]:
        """Return, per published day, whether the objects on S3 are the ones that the manifest recorded."""
        raise NotImplementedError

    def choices(self, name: str, column: str) -> tuple[str, ...] | None:
        """Return a column's values from the manifest, without a query; None where they are too many to list."""
        raise NotImplementedError

    def dimension_choices(self, name: str, dimension: Dimension) -> tuple[str, ...] | None:
        """Return the values of a cross-filter, or None where it has no column or too many values."""
        raise NotImplementedError

    def today(self, name: str) -> dt.date:
        """Return the day that it is in the dataset's time zone."""
        raise NotImplementedError

    def overview(self, name: str, filters: Filters) -> Overview | None:
        """Return the Overview; None while nothing was exported. At most two queries, none when asked before."""
        raise NotImplementedError

    def daily(self, name: str, filters: Filters) -> tuple[DayCount, ...]:
        """Return rows per day of `filters.days`, days without rows included as 0."""
        raise NotImplementedError

    def catalogue(self) -> Catalogue:
        """Return the tables that custom SQL may read."""
        raise NotImplementedError

    def prepare(self, name: str, request: QueryRequest) -> Statement:
        """Return the statement of a request, custom SQL checked; raise RefusedSql."""
        raise NotImplementedError

    def estimate(self, name: str, statement: Statement) -> Estimate | None:
        """Return the upper bound of its cost before it runs; None while nothing was exported."""
        raise NotImplementedError

    def start(self, name: str, statement: Statement, owner: str = "") -> Job:
        """Start a statement and return its job at once; results are reused back to the last publish alone."""
        raise NotImplementedError

    def download_url(self, query_execution_id: str, file_name: str) -> str:
        """Return a presigned address of Athena's own CSV file, good for 5 minutes."""
        raise NotImplementedError
