"""Settings, clients and caches come together; pages and JSON API get their figures, records and jobs.

Figures are cached per manifest version, so the Overview costs at most two queries until the next export changes the
data, for any number of visitors.
"""

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashboard.aws.s3 import Objects
from dashboard.errors import FieldFault, Forbidden, InvalidRequest
from dashboard.model.determinism import is_repeatable
from dashboard.model.filters import Days, Filters, default_window, today_in
from dashboard.model.requester import Requester, current_requester
from dashboard.model.result import Answer, QueryResult
from dashboard.model.semantic_model import SemanticModel, semantic_model_from
from dashboard.model.statements import Statement, daily_statement, statement_for
from dashboard.overview.daily import DailyCounts, daily_counts
from dashboard.overview.figures import Overview, empty_overview, overview_from, overview_statements
from dashboard.quality.verification_status import DayStatus, StoredObject, day_statuses_from
from dashboard.services.audit import Audit
from dashboard.services.job import SHARED, Job
from dashboard.services.jobs import Jobs
from dashboard.services.permissions import Permissions
from dashboard.settings import Settings
from dashboard.stores.cache import Cache
from dashboard.stores.export_records import Records
from dashboard.stores.overview_answer_store import AnswerStore
from dataset_model.definition import Dataset
from dataset_model.manifest import DayRecord, Manifest
from dataset_model.table_schema import TableSchema

if TYPE_CHECKING:
    # The first page does not need Arrow, pyathena and the SQL parser: the methods import them.
    from dashboard.aws.athena import Athena
    from dashboard.model.query_types import QueryRequest
    from dashboard.results.sample_values import Samples
    from dashboard.sql.catalogue import Catalogue
    from dashboard.sql.cost import Estimate
    from dashboard.stores.query_library import Library
    from dataset_model.runs import RunEntry
    from dataset_model.verification import Verification

MANIFEST_SECONDS = 15.0
"""Seconds until a manifest is read again: the delay of an export on the pages."""


class Service:
    """The service of pages and API. Safe to use from any thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        manifest_seconds: float = MANIFEST_SECONDS,
        is_there: Callable[[str], bool] = lambda _: True,
        requester: Callable[[], Requester] = current_requester,
    ) -> None:
        """Make the clients, without a call.

        `is_there` returns whether the session of a job's owner is still open; `requester` returns who asks, for what
        runs in this thread.
        """
        self.settings = settings
        self.objects = Objects(settings.region, settings.public_s3_endpoint)
        self._athena: Athena | None = None
        self._making = threading.Lock()
        self._library: Library | None = None
        self.audit = Audit(settings.user_bytes_per_day)
        self.permissions = Permissions(requester, self.audit)
        self.jobs = Jobs(
            lambda: self.athena,
            per_person=settings.user_queries,
            is_there=is_there,
            on_end=self.audit.record,
        )
        self._records = Records(self.objects, settings.bucket)
        self._answers = AnswerStore(self.objects, self._records, settings.bucket)
        self._datasets = {dataset.name: dataset for dataset in settings.datasets}
        self._manifests: Cache[Manifest | None] = Cache(len(self._datasets), manifest_seconds)
        self._schemas: Cache[TableSchema | None] = Cache(2 * len(self._datasets))
        self._runs: Cache[tuple[RunEntry, ...]] = Cache(8 * len(self._datasets), manifest_seconds)
        self._data: Cache[tuple[StoredObject, ...]] = Cache(2 * len(self._datasets), 60)
        self._day_statuses: Cache[Mapping[dt.date, DayStatus]] = Cache(2 * len(self._datasets), 60)
        self._verifications: Cache[Verification | None] = Cache(2 * len(self._datasets), 60)
        self._overviews: Cache[Overview] = Cache(256)
        self._daily: Cache[Mapping[dt.date, int]] = Cache(64)
        self._samples: Cache[Samples | None] = Cache(2 * len(self._datasets))

    @property
    def athena(self) -> "Athena":
        """What runs the queries."""
        from dashboard.aws.athena import Athena

        with self._making:
            if self._athena is None:
                self._athena = Athena(
                    self.objects,
                    workgroup=self.settings.workgroup,
                    database=self.settings.datasets[0].target.database,
                    results=self.settings.results,
                    region=self.settings.region,
                )
            return self._athena

    @property
    def library(self) -> "Library":
        """The team's saved queries and history."""
        from dashboard.stores.query_library import Library

        with self._making:
            if self._library is None:
                self._library = Library(self.objects, self.settings.bucket, self.permissions.requester)
            return self._library

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the datasets that the requester may see; the first is shown at first."""
        return self.permissions.visible(self._datasets)

    def dataset(self, name: str | None = None) -> Dataset:
        """Return a dataset by name (None: the first); raise InvalidRequest for a name that is not served."""
        served = self.names
        if not served:
            raise Forbidden("Your account has no role in this dashboard. Ask an admin for one (ROLE_MAP).")
        wanted = served[0] if name is None else name
        if wanted not in served:
            raise InvalidRequest((FieldFault("dataset", f"expected one of {', '.join(served)}; found {name!r}"),))
        return self._datasets[wanted]

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest, at most 15 s old; None while nothing was exported."""
        dataset = self.dataset(name)
        return self._manifests.get(name, lambda: self._records.manifest(dataset))

    def schema(self, name: str) -> TableSchema | None:
        """Return the published columns, None while nothing was exported."""
        dataset = self.dataset(name)
        manifest = self.manifest(name)
        if manifest is None:
            return None
        return self._schemas.get((name, _version(manifest)), lambda: self._records.schema(dataset))

    def model(self, name: str) -> SemanticModel:
        """Return the dataset's columns and their roles."""
        return semantic_model_from(self.dataset(name), self.schema(name))

    def runs(self, name: str, limit: int = 50) -> "tuple[RunEntry, ...]":
        """Return the ledger, latest run first."""
        dataset = self.dataset(name)
        return self._runs.get((name, limit), lambda: self._records.runs(dataset, limit))

    def day_statuses(self, name: str, days: Days | None = None) -> Mapping[dt.date, DayStatus]:
        """Return the verification status of each published day, at most a minute old; `days` narrows it."""
        dataset, manifest = self.dataset(name), self.manifest(name)
        if manifest is None:
            return {}
        known = self._day_statuses.get(
            (name, _version(manifest)),
            lambda: day_statuses_from(dataset.target.prefix, manifest, self._stored_data(name, manifest)),
        )
        return {day: known[day] for day in known if days is None or day in days}

    def latest_verification(self, name: str) -> "Verification | None":
        """Return what the latest `exporter verify` found, at most a minute old; None where there was none."""
        dataset, manifest = self.dataset(name), self.manifest(name)
        key = (name, _version(manifest) if manifest else None)
        return self._verifications.get(key, lambda: self._records.latest_verification(dataset))

    def choices(self, name: str, column: str) -> tuple[str, ...] | None:
        """Return a column's values from the manifest, without a query; None where they are too many to list."""
        manifest = self.manifest(name)
        return manifest.values(column) if manifest else ()

    def samples(self, name: str) -> "Samples | None":
        """Return sample values of the columns, read once per export; None where nothing is published."""
        manifest = self.manifest(name)
        last = manifest.last_day if manifest else None
        if manifest is None or last is None:
            return None
        return self._samples.get((name, _version(manifest)), lambda: self._read_samples(name, manifest.days[last]))

    def today(self, name: str) -> dt.date:
        """Return the current day in the dataset's time zone."""
        return today_in(self.dataset(name).zone)

    def overview(self, name: str, filters: Filters) -> Overview | None:
        """Return the Overview; None while nothing was exported. At most two queries, none where it is cached.

        The first Overview of a visitor may come from the answers that another process stored.
        """
        manifest = self.manifest(name)
        if manifest is None:
            return None
        return self._overviews.get(
            (name, _version(manifest), filters), lambda: self._make_overview(name, filters, manifest)
        )

    def daily(self, name: str, days: Days) -> DailyCounts:
        """Return rows per day, and the days on which Athena and the manifest differ. One query per days and export."""
        manifest = self.manifest(name)
        if manifest is None:
            return daily_counts(days, None, {})
        counted = self._daily.get((name, _version(manifest), days), lambda: self._make_daily(name, days))
        return daily_counts(days, manifest, counted)

    def catalogue(self) -> "Catalogue":
        """Return the tables that the requester's custom SQL may read."""
        from dashboard.sql.catalogue import Catalogue, ServedTable

        models = [self.model(name) for name in self.permissions.visible(self._datasets, "analyst")]
        return Catalogue(
            tuple(
                ServedTable(model.database, model.table, tuple(column.name for column in model.columns))
                for model in models
            )
        )

    def prepare(self, name: str, request: "QueryRequest", given: Mapping[str, str] | None = None) -> Statement:
        """Return the statement of a request, custom SQL checked; raise RefusedSql.

        `given` are the values of parameters in the SQL by their names; with None it may have none.
        """
        if request.query == "custom_sql":
            from dashboard.sql.guard import checked, unknown_column
            from dashboard.sql.parameters import literals_of

            if not self.permissions.visible(self._datasets, "analyst"):
                self.permissions.require("analyst", (name,), "custom SQL")
            sql = request.sql or ""
            texts = [column.name for column in self.model(name).columns if column.type.name == "string"]
            literals = None if given is None else literals_of(sql, given, texts)
            found = checked(sql, self.catalogue(), request.limit, literals)
            if unknown := unknown_column(found):
                raise unknown
            statement = found.statement()
            read = self._read_by(name, statement)
            dataset = read[0] if len(read) == 1 else name
            return replace(statement, given=tuple((given or {}).items()), dataset=dataset)
        return replace(statement_for(request, self.model(name)), dataset=name)

    def estimate(self, name: str, statement: Statement) -> "Estimate | None":
        """Return the upper bound of its cost before it runs; None while nothing was exported."""
        from dashboard.sql.cost import estimate_from, together
        from dashboard.sql.parser import one_statement
        from dashboard.sql.partition_scan import scans_of

        estimates = []
        for read in self._read_by(name, statement):
            model, manifest = self.model(read), self.manifest(read)
            if manifest is None:
                continue
            opened = None
            if statement.written:
                opened = scans_of(one_statement(statement.shown_sql), model.database, model.table)
            estimates.append(estimate_from(statement, manifest, opened))
        return together(estimates) if estimates else None

    def start(self, name: str, statement: Statement, owner: str = "") -> Job:
        """Start a statement and return its job at once; results are reused back to the last publish alone.

        Raises Forbidden for what the requester's role does not allow, TooManyQueries where a limit is reached.
        """
        names = self._read_by(name, statement)
        ticket = self.permissions.ticket(owner, names or (name,), statement)
        if statement.unloads:
            return self.jobs.submit(statement, ticket=ticket)
        read = [(other, self.manifest(other)) for other in names]
        minutes = [reuse_minutes(manifest, dt.datetime.now(dt.UTC)) for _, manifest in read]
        versions = tuple((other, _version(manifest)) for other, manifest in read if manifest is not None)
        # Equal questions about equal data share one answer and one copy of its rows.
        repeatable = versions and len(versions) == len(read) and is_repeatable(statement)
        same = (statement.sql, statement.parameters, statement.limit, versions) if repeatable else None
        return self.jobs.submit(statement, ticket=ticket, reuse_minutes=min(minutes, default=0), same=same)

    def forget(self) -> None:
        """Clear every cache, as "Refresh" does, and ask Athena from now on."""
        self._answers.forget()
        caches: tuple[Cache[Any], ...] = (self._manifests, self._schemas, self._runs, self._data, self._day_statuses)
        for cache in (*caches, self._verifications, self._overviews, self._daily, self._samples):
            cache.clear()
        self.jobs.forget_answers()
        if self._library:
            self._library.forget()

    def close(self) -> None:
        """Stop every query under way."""
        self.jobs.close()
        if self._library:
            self._library.close()
        self._answers.close()

    def _read_by(self, name: str, statement: Statement) -> tuple[str, ...]:
        if not statement.tables:
            return () if statement.written else (name,)
        targets = {name: dataset.target for name, dataset in self._datasets.items()}
        read = (name for name, target in targets.items() if (target.database, target.table) in statement.tables)
        return tuple(read)

    def _outcomes(self, name: str, statements: Sequence[Statement]) -> list[QueryResult]:
        jobs = [self.start(name, statement, owner=SHARED) for statement in statements]
        return [job.outcome() for job in jobs]

    def _make_overview(self, name: str, filters: Filters, manifest: Manifest) -> Overview:
        model = self.model(name)
        if not manifest.days:
            return empty_overview(model, filters, manifest)
        statements = overview_statements(model, filters, manifest)
        is_first = filters == Filters(default_window(manifest.last_day, self.today(name)))

        def ask() -> Sequence[Answer]:
            return [result.answer for result in self._outcomes(name, statements)]

        if not is_first:
            return overview_from(model, filters, manifest, ask())
        data = self._stored_data(name, manifest)
        return overview_from(
            model, filters, manifest, self._answers.answers(self.dataset(name), manifest, data, statements, ask)
        )

    def _stored_data(self, name: str, manifest: Manifest) -> tuple[StoredObject, ...]:
        return self._data.get((name, _version(manifest)), lambda: self._records.data(self.dataset(name)))

    def _read_samples(self, name: str, record: DayRecord) -> "Samples | None":
        from dashboard.results.sample_values import Ranged, samples_from

        stored = next((item for item in record.objects if item.rows), None)
        if stored is None:
            return None

        def fetch(first: int, end: int) -> bytes:
            return self.objects.part(self.settings.bucket, stored.key, stored.etag, first, end)

        columns = [column.name for column in self.model(name).columns]
        return samples_from(Ranged(fetch, stored.bytes), record.day, columns)

    def _make_daily(self, name: str, days: Days) -> Mapping[dt.date, int]:
        (result,) = self._outcomes(name, [daily_statement(self.model(name), days)])
        return {dt.date(row["year"], row["month"], row["day"]): row["contacts"] for row in result.table.to_pylist()}


def reuse_minutes(manifest: Manifest | None, now: dt.datetime) -> int:
    """Return the maximum age of a reusable result in whole minutes: back to the last publish."""
    if manifest is None:
        return 0
    return max(0, int((now - manifest.updated_at).total_seconds() // 60))


def _version(manifest: Manifest) -> tuple[int, dt.datetime]:
    # A prefix that was emptied and filled again counts from 1, so the version alone does not identify the data.
    return manifest.version, manifest.updated_at
