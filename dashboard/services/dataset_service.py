"""One dataset's records and queries flow in, its figures flow out, cached per manifest version."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.aws.s3 import Objects
from dashboard.model.access.table_view import TableView
from dashboard.model.result import Answer, QueryResult
from dashboard.model.selection.filters import Days, Filters, default_window, today_in
from dashboard.model.semantic_model import SemanticModel, semantic_model_from
from dashboard.model.statements import Statement, daily_statement
from dashboard.overview.daily import DailyCounts, daily_counts
from dashboard.overview.document.board import Board
from dashboard.overview.document.chart import Scene
from dashboard.overview.document.colours import Colours, coloured_dimensions, colours_of
from dashboard.overview.figures import (
    Overview,
    ValueCount,
    counts_in_order,
    empty_overview,
    overview_from,
    overview_statements,
)
from dashboard.overview.statements import breakdown_statement
from dashboard.quality.verification_status import DayStatus, StoredObject, day_statuses_from
from dashboard.stores.cache import Cache
from dashboard.stores.export_records import Records
from dashboard.stores.overview_answer_store import AnswerStore
from dataset_model.columns.column import Mask
from dataset_model.columns.types import BIGINT, JSON, STRING
from dataset_model.definition import Dataset
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.masked_columns import masked_columns
from dataset_model.records.table_schema import TableSchema

if TYPE_CHECKING:
    # The first page does not need Arrow: the methods import what does.
    from dashboard.results.sample_values import Samples
    from dataset_model.records.runs import RunEntry
    from dataset_model.records.verification import Verification

Ask = Callable[[Sequence[Statement]], list[QueryResult]]
"""Runs statements about the dataset and returns their results in order."""


class DatasetService:
    """Records and figures of one dataset. Safe to use from any thread."""

    def __init__(
        self,
        dataset: Dataset,
        objects: Objects,
        records: Records,
        answers: AnswerStore,
        bucket: str,
        ask: Ask,
        manifest_seconds: float,
        view: Callable[[Mapping[str, Mask], Collection[str] | None], TableView],
    ) -> None:
        """Make the caches, without a call.

        `manifest_seconds` is the age at which a manifest is read again; `view` returns what the requester may see of a
        table with these masks and columns.
        """
        self.dataset = dataset
        self._view_of = view
        self._objects, self._records, self._answers, self._bucket, self._ask = objects, records, answers, bucket, ask
        self._manifest: Cache[Manifest | None] = Cache(1, manifest_seconds)
        self._unlisted: Cache[Manifest] = Cache(2)
        self._schema: Cache[TableSchema | None] = Cache(2)
        self._runs: Cache[tuple[RunEntry, ...]] = Cache(8, manifest_seconds)
        self._data: Cache[tuple[StoredObject, ...]] = Cache(2, 60)
        self._day_statuses: Cache[Mapping[dt.date, DayStatus]] = Cache(2, 60)
        self._verification: Cache[Verification | None] = Cache(2, 60)
        self._model: Cache[SemanticModel] = Cache(4)
        self._overviews: Cache[Overview] = Cache(256)
        self._boards: Cache[Board | None] = Cache(64)
        self._counts: Cache[tuple[ValueCount, ...]] = Cache(64)
        self._daily: Cache[Mapping[dt.date, int]] = Cache(64)
        self._samples: Cache[Samples | None] = Cache(2)

    def manifest(self) -> Manifest | None:
        """Return the manifest, at most 15 s old; None while nothing was exported.

        One who sees a part of the rows gets no list of values: it would name those of the others.
        """
        found = self._published()
        if found is None or self.dataset.rows is None or not self._view().is_part:
            return found
        return self._unlisted.get(version_of(found), found.without_any_value)

    def schema(self) -> TableSchema | None:
        """Return the published columns, None while nothing was exported."""
        manifest = self._published()
        if manifest is None:
            return None
        return self._schema.get(version_of(manifest), lambda: self._records.schema(self.dataset))

    def model(self) -> SemanticModel:
        """Return the columns, roles, dimensions and measures that the requester may see."""
        manifest, view = self._published(), self._view()
        key = version_of(manifest) if manifest else None
        return self._model.get((key, view.identity), lambda: semantic_model_from(self.dataset, self.schema(), view))

    def masks(self) -> Mapping[str, Mask]:
        """Return the masked columns, for people who may not see them."""
        return masked_columns(self.dataset, self.schema()) if self.dataset.has_masks else {}

    def _published(self) -> Manifest | None:
        return self._manifest.get("manifest", lambda: self._records.manifest(self.dataset))

    def _view(self) -> TableView:
        schema = self.schema() if self.dataset.rows is not None else None
        return self._view_of(self.masks(), [column.name for column in schema.columns] if schema else None)

    def runs(self, limit: int) -> "tuple[RunEntry, ...]":
        """Return the ledger, latest run first."""
        return self._runs.get(limit, lambda: self._records.runs(self.dataset, limit))

    def day_statuses(self, days: Days | None) -> Mapping[dt.date, DayStatus]:
        """Return the verification status of each published day, at most a minute old; `days` narrows it."""
        manifest = self.manifest()
        if manifest is None:
            return {}
        known = self._day_statuses.get(version_of(manifest), lambda: self._read_statuses(manifest))
        return {day: known[day] for day in known if days is None or day in days}

    def latest_verification(self) -> "Verification | None":
        """Return what the latest `exporter verify` found, at most a minute old; None where there was none."""
        manifest = self.manifest()
        key = version_of(manifest) if manifest else None
        return self._verification.get(key, lambda: self._records.latest_verification(self.dataset))

    def samples(self) -> "Samples | None":
        """Return sample values of the columns, read once per export; None where nothing is published.

        None as well for one who sees a part of the rows.
        """
        manifest = self.manifest()
        last = manifest.last_day if manifest else None
        # The first rows of a file may be of others.
        if manifest is None or last is None or self._view().is_part:
            return None
        return self._samples.get(version_of(manifest), lambda: self._read_samples(manifest.days[last]))

    def today(self) -> dt.date:
        """Return the current day in the dataset's time zone."""
        return today_in(self.dataset.zone)

    def overview(self, filters: Filters) -> Overview | None:
        """Return the Overview; None while nothing was exported. At most two queries, none where it is cached.

        The first Overview of a visitor may come from the answers that another process stored.
        """
        manifest = self.manifest()
        if manifest is None:
            return None
        view = self._view().identity
        return self._overviews.get(
            (version_of(manifest), filters, view), lambda: self._make_overview(filters, manifest)
        )

    def board(self, picked: Filters, window: Days) -> Board | None:
        """Return the Overview's board of a period; None while nothing was exported.

        The days of `picked` are the brushed ones, None without a brush.
        """
        manifest = self.manifest()
        if manifest is None:
            return None
        key = (version_of(manifest), picked, window, self._view().identity)
        return self._boards.get(key, lambda: self._make_board(picked, window))

    def choices(self, column: str) -> tuple[str, ...] | None:
        """Return a column's values from the manifest, without a query.

        None where they are too many to list, or where the manifest spells them in another way than Athena.
        """
        manifest, found = self.manifest(), self.model().column(column)
        if found is None or found.type not in (STRING, JSON, BIGINT):
            return None
        return manifest.values(column) if manifest else ()

    def colours(self, dimension: str) -> Colours:
        """Return the colours that values of a dimension have on the Overview, and so in every chart."""
        model = self.model()
        drawn = (column for column in {*coloured_dimensions(model), dimension} if model.column(column))
        known = {column: self.choices(column) or () for column in drawn}
        return colours_of(model, known, dimension)

    def value_counts(self, filters: Filters, dimension: str) -> tuple[ValueCount, ...]:
        """Return the rows per value of any dimension, its own filter open; a query where no Overview counted them."""
        manifest = self.manifest()
        overview = self.overview(filters)
        if manifest is None or overview is None or not manifest.days or dimension in overview.counts:
            return overview.by(dimension) if overview else ()
        view = self._view().identity
        return self._counts.get(
            (version_of(manifest), filters, dimension, view), lambda: self._make_counts(filters, dimension)
        )

    def published_rows(self, days: Days | None = None) -> int | None:
        """Return how many rows are published on some days (None: all); None for one who sees a part of them."""
        manifest = self.manifest()
        if manifest is None:
            return 0
        if self._view().is_part:
            return None
        return sum(record.rows for day, record in manifest.days.items() if days is None or day in days)

    def daily(self, days: Days) -> DailyCounts:
        """Return rows per day, and the days on which Athena and the manifest differ. One query per days and export."""
        manifest = self.manifest()
        if manifest is None:
            return daily_counts(days, None, {})
        view = self._view().identity
        counted = self._daily.get((version_of(manifest), days, view), lambda: self._make_daily(days))
        return daily_counts(days, manifest, counted, is_part=self._view().is_part)

    def forget(self) -> None:
        """Clear every cache."""
        records: tuple[Cache[Any], ...] = (self._manifest, self._schema, self._runs, self._data, self._day_statuses)
        self._unlisted.clear()
        for cache in (
            *records,
            self._verification,
            self._model,
            self._overviews,
            self._boards,
            self._counts,
            self._daily,
            self._samples,
        ):
            cache.clear()

    def _make_board(self, picked: Filters, window: Days) -> Board | None:
        overview = self.overview(picked.with_days(picked.days or window))
        unbrushed = self.overview(picked.with_days(window)) if picked.days else overview
        if overview is None or unbrushed is None:
            return None
        model = self.model()
        # Of those that are drawn, in colours: the values of each are read over every published day.
        choices = {column: self.choices(column) or () for column in model.counted_dimensions}
        return Board(Scene(model, picked, overview, unbrushed, choices))

    def _make_overview(self, filters: Filters, manifest: Manifest) -> Overview:
        model = self.model()
        if not manifest.days:
            return empty_overview(model, filters, manifest)
        statements = overview_statements(model, filters, manifest)

        def ask() -> Sequence[Answer]:
            return [result.answer for result in self._ask(statements)]

        is_first = filters == Filters(default_window(manifest.last_day, self.today()))
        # Values of masked columns are stored in no object that the dashboard writes; figures of a part of the rows
        # would take the place of those of all.
        if not is_first or (self.masks() and not model.view.masks) or model.view.is_part:
            return overview_from(model, filters, manifest, ask())
        data = self._stored_data(manifest)
        answers = self._answers.answers(self.dataset, manifest, data, statements, ask)
        return overview_from(model, filters, manifest, answers)

    def _make_counts(self, filters: Filters, dimension: str) -> tuple[ValueCount, ...]:
        (result,) = self._ask([breakdown_statement(self.model(), filters, [dimension])])
        return counts_in_order({row["d0"]: row["counted"] for row in result.answer.rows})

    def _make_daily(self, days: Days) -> Mapping[dt.date, int]:
        (result,) = self._ask([daily_statement(self.model(), days)])
        return {dt.date(row["year"], row["month"], row["day"]): row["counted"] for row in result.table.to_pylist()}

    def _read_statuses(self, manifest: Manifest) -> Mapping[dt.date, DayStatus]:
        follows_stream = any(record.as_of is not None for record in manifest.days.values())
        changes = self._records.latest_changes(self.dataset) if follows_stream else {}
        return day_statuses_from(self.dataset.target.prefix, manifest, self._stored_data(manifest), changes)

    def _stored_data(self, manifest: Manifest) -> tuple[StoredObject, ...]:
        return self._data.get(version_of(manifest), lambda: self._records.data(self.dataset))

    def _read_samples(self, record: DayRecord) -> "Samples | None":
        from dashboard.results.sample_values import Ranged, samples_from

        stored = next((item for item in record.objects if item.rows), None)
        if stored is None:
            return None

        def fetch(first: int, end: int) -> bytes:
            return self._objects.part(self._bucket, stored.key, stored.etag, first, end)

        masks = self.masks()
        columns = [column.name for column in self.model().columns if column.name not in masks]
        return samples_from(Ranged(fetch, stored.bytes), record.day, columns)


def version_of(manifest: Manifest) -> tuple[int, dt.datetime]:
    """Return what identifies the published data. The version alone does not: an emptied prefix counts from 1 again."""
    return manifest.version, manifest.updated_at
