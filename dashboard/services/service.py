"""Settings and clients come together; pages and JSON API get the figures of every dataset, and their jobs."""

import datetime as dt
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dashboard.aws.s3 import Objects
from dashboard.errors import FieldFault, Forbidden, InvalidRequest
from dashboard.model.access.requester import Requester, current_requester
from dashboard.model.result import QueryResult
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement, statement_for
from dashboard.overview.daily import DailyCounts
from dashboard.overview.document.board import Board
from dashboard.overview.figures import Overview, ValueCount
from dashboard.quality.verification_status import DayStatus
from dashboard.services.audit import Audit
from dashboard.services.dataset_service import DatasetService, version_of
from dashboard.services.job import SHARED, Job
from dashboard.services.jobs import Jobs
from dashboard.services.masking import Masking
from dashboard.services.permissions import Permissions
from dashboard.settings import Settings
from dashboard.sql.determinism import is_repeatable
from dashboard.stores.export_records import Records
from dashboard.stores.mask_key import MaskKey
from dashboard.stores.overview_answer_store import AnswerStore
from dashboard.stores.spending_store import SpendingStore
from dataset_model.definition import Dataset
from dataset_model.records.manifest import Manifest

if TYPE_CHECKING:
    # The first page does not need Arrow, pyathena and the SQL parser: the methods import them.
    from dashboard.aws.athena import Athena
    from dashboard.model.query_types import QueryRequest
    from dashboard.results.sample_values import Samples
    from dashboard.sql.catalogue import Catalogue
    from dashboard.sql.cost.upper_bound import Estimate
    from dashboard.stores.boards.board_store import BoardStore
    from dashboard.stores.notices.notice_store import MadeNotices
    from dashboard.stores.query_library import Library
    from dataset_model.records.runs import RunEntry
    from dataset_model.records.verification import Verification

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
        self._boards: BoardStore | None = None
        self._notices: MadeNotices | None = None
        prefix = settings.datasets[0].target.prefix
        self.audit = Audit(settings.user_bytes_per_day, store=SpendingStore(self.objects, settings.bucket, prefix))
        self._mask_key = MaskKey(self.objects, settings.bucket, prefix)
        self.masking = Masking(requester, self._mask_key, self.of, settings.datasets)
        self.permissions = Permissions(requester, self.audit, self.masking.seen)
        self.jobs = Jobs(
            lambda: self.athena,
            per_person=settings.user_queries,
            is_there=is_there,
            # A query that waited in the queue is checked against what was spent meanwhile.
            before=lambda job: self.audit.check(job.ticket),
            on_end=self.audit.record,
        )
        self._records = Records(self.objects, settings.bucket)
        self._answers = AnswerStore(self.objects, self._records, settings.bucket)
        self._datasets = {dataset.name: dataset for dataset in settings.datasets}
        self._services = {
            name: DatasetService(
                dataset,
                self.objects,
                self._records,
                self._answers,
                settings.bucket,
                functools.partial(self._outcomes, name),
                manifest_seconds,
                functools.partial(self.masking.view, name),
            )
            for name, dataset in self._datasets.items()
        }

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
    def boards(self) -> "BoardStore":
        """The boards of people, kept with the data of the first dataset."""
        from dashboard.stores.boards.board_store import BoardStore

        with self._making:
            if self._boards is None:
                prefix, asks = self.settings.datasets[0].target.prefix, self.permissions.requester
                self._boards = BoardStore(self.objects, self.settings.bucket, prefix, asks, self.permissions.sees)
            return self._boards

    @property
    def notices(self) -> "MadeNotices":
        """The alerts and reports that people made, kept likewise."""
        from dashboard.stores.notices.notice_store import MadeNotices

        with self._making:
            if self._notices is None:
                prefix = self.settings.datasets[0].target.prefix
                self._notices = MadeNotices(self.objects, self.settings.bucket, prefix, self.permissions.requester)
            return self._notices

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

    def of(self, name: str) -> DatasetService:
        """Return the service of one dataset; raise InvalidRequest for a name that is not served."""
        return self._services[self.dataset(name).name]

    def manifest(self, name: str) -> Manifest | None:
        """Return the manifest, at most 15 s old; None while nothing was exported."""
        return self.of(name).manifest()

    def model(self, name: str) -> SemanticModel:
        """Return the dataset's columns, their roles, dimensions and measures."""
        return self.of(name).model()

    def runs(self, name: str, limit: int = 50) -> "tuple[RunEntry, ...]":
        """Return the ledger, latest run first."""
        return self.of(name).runs(limit)

    def day_statuses(self, name: str, days: Days | None = None) -> Mapping[dt.date, DayStatus]:
        """Return the verification status of each published day, at most a minute old; `days` narrows it."""
        return self.of(name).day_statuses(days)

    def latest_verification(self, name: str) -> "Verification | None":
        """Return what the latest `exporter verify` found, at most a minute old; None where there was none."""
        return self.of(name).latest_verification()

    def choices(self, name: str, column: str) -> tuple[str, ...] | None:
        """Return a column's values from the manifest, without a query.

        None where they are too many to list, or where the manifest spells them in another way than Athena.
        """
        return self.of(name).choices(column)

    def samples(self, name: str) -> "Samples | None":
        """Return sample values of the columns, read once per export; None where nothing is published."""
        return self.of(name).samples()

    def today(self, name: str) -> dt.date:
        """Return the current day in the dataset's time zone."""
        return self.of(name).today()

    def overview(self, name: str, filters: Filters) -> Overview | None:
        """Return the Overview; None while nothing was exported."""
        return self.of(name).overview(filters)

    def board(self, name: str, picked: Filters, window: Days) -> Board | None:
        """Return the Overview's board of a period; the days of `picked` are the brushed ones."""
        return self.of(name).board(picked, window)

    def value_counts(self, name: str, filters: Filters, dimension: str) -> tuple[ValueCount, ...]:
        """Return the rows per value of any dimension, most rows first, its own filter open."""
        return self.of(name).value_counts(filters, dimension)

    def daily(self, name: str, days: Days) -> DailyCounts:
        """Return rows per day, and the days on which Athena and the manifest differ."""
        return self.of(name).daily(days)

    def catalogue(self) -> "Catalogue":
        """Return the tables that the requester's custom SQL may read."""
        from dashboard.sql.catalogue import Catalogue, ServedTable

        models = [self.model(name) for name in self.permissions.visible(self._datasets, "analyst")]
        return Catalogue(
            tuple(
                ServedTable(model.database, model.table, tuple(column.name for column in model.columns), model.query)
                for model in models
            )
        )

    def prepare(self, name: str, request: "QueryRequest", given: Mapping[str, str] | None = None) -> Statement:
        """Return the statement of a request, custom SQL checked; raise RefusedSql.

        `given` are the values of parameters in the SQL by their names; with None it may have none.
        """
        if request.query == "custom_sql":
            from dashboard.sql.guard import checked, text_for_number, unknown_column
            from dashboard.sql.parameters import literals_of

            if not self.permissions.visible(self._datasets, "analyst"):
                self.permissions.require("analyst", (name,), "custom SQL")
            sql = request.sql or ""
            texts = [column.name for column in self.model(name).columns if column.type.name == "string"]
            literals = None if given is None else literals_of(sql, given, texts)
            found = checked(sql, self.catalogue(), request.limit, literals)
            if refused := unknown_column(found) or text_for_number(found):
                raise refused
            statement = found.statement()
            read = self._read_by(name, statement)
            dataset = read[0] if len(read) == 1 else name
            return replace(statement, given=tuple((given or {}).items()), dataset=dataset)
        if request.group is not None:
            from dashboard.model.grouping.statement import group_statement

            return replace(group_statement(self.model(name), request.group, request.days, request.limit), dataset=name)
        return replace(statement_for(request, self.model(name)), dataset=name)

    def estimate(self, name: str, statement: Statement) -> "Estimate | None":
        """Return the upper bound of its cost before it runs; None while nothing was exported."""
        from dashboard.sql.cost.partition_scan import scans_of
        from dashboard.sql.cost.upper_bound import estimate_from, together
        from dashboard.sql.parser import one_statement

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
        self.masking.check(names, statement)
        ticket = self.permissions.ticket(owner, names or (name,), statement)
        if statement.unloads:
            return self.jobs.submit(statement, ticket=ticket)
        read = [(other, self.manifest(other)) for other in names]
        minutes = [reuse_minutes(manifest, dt.datetime.now(dt.UTC)) for _, manifest in read]
        versions = tuple((other, version_of(manifest)) for other, manifest in read if manifest is not None)
        # Equal questions about equal data share one answer and one copy of its rows.
        repeatable = versions and len(versions) == len(read) and is_repeatable(statement)
        same = (statement.sql, statement.parameters, statement.limit, versions) if repeatable else None
        return self.jobs.submit(statement, ticket=ticket, reuse_minutes=min(minutes, default=0), same=same)

    def forget(self) -> None:
        """Clear every cache, as "Refresh" does, and ask Athena from now on."""
        self._answers.forget()
        for each in self._services.values():
            each.forget()
        self.jobs.forget_answers()
        if self._library:
            self._library.forget()
        if self._boards:
            self._boards.forget()

    def close(self) -> None:
        """Stop every query under way."""
        self.jobs.close()
        if self._library:
            self._library.close()
        self._answers.close()
        self.audit.close()

    def _read_by(self, name: str, statement: Statement) -> tuple[str, ...]:
        if not statement.tables:
            return () if statement.written else (name,)
        targets = {name: dataset.target for name, dataset in self._datasets.items()}
        read = (name for name, target in targets.items() if (target.database, target.table) in statement.tables)
        return tuple(read)

    def _outcomes(self, name: str, statements: Sequence[Statement]) -> list[QueryResult]:
        jobs = [self.start(name, statement, owner=SHARED) for statement in statements]
        return [job.outcome() for job in jobs]


def reuse_minutes(manifest: Manifest | None, now: dt.datetime) -> int:
    """Return the maximum age of a reusable result in whole minutes: back to the last publish."""
    if manifest is None:
        return 0
    return max(0, int((now - manifest.updated_at).total_seconds() // 60))
