"""Day records flow in, the manifest with the latest reading of every day flows out."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest, Reports
from dataset_model.records.masked_columns import masked_columns
from exporter.errors import StaleRun
from exporter.storage.records import Records


@dataclass(frozen=True)
class ManifestWriter:
    """Changes the manifest for one run."""

    records: Records
    dataset: Dataset
    location: str
    started_at: dt.datetime
    """When the run began to read: a record with a later reading is newer than the run's own."""
    scheduled_from: dt.date | None
    """First day that the schedule covers, as far as the run knows."""
    fence: Callable[[], None]
    """Raises if the run may no longer publish. Called before every attempt to write."""
    reports_prefix: str = ""
    """Prefix of CSV files, one of which will have the days' rows; empty: none is written."""

    def write(self, days: Mapping[dt.date, DayRecord]) -> Manifest:
        """Add the records of days, each where no later reading is recorded; return the manifest as written.

        Raises StaleRun where a later reading is recorded. Where this run has put an object over it all the same, the
        later record stays but is open, so that the day is read again.
        """
        stale: set[dt.date] = set()

        def changed(current: Manifest | None) -> Manifest:
            self.fence()
            base = current or self._first()
            stale.clear()
            stale.update(day for day, record in days.items() if self._is_stale(base.days.get(day), record))
            # Dicts of pydantic are plain; the record of a day that this run did not read stays as it is.
            merged = base.days | {day: self._merged(base.days.get(day), record) for day, record in days.items()}
            replaced = [base.days[day] for day in days if day in base.days]
            seen = {value for record in replaced for value in record.values_with_rows} | set(base.values_seen)
            return self._next(base.model_copy(update={"values_seen": tuple(sorted(seen))}), merged)

        written = self.records.change_manifest(changed)
        if stale:
            named = ", ".join(str(day) for day in sorted(stale))
            raise StaleRun(f"a run that began later has recorded {named}, and its record stays. Run again.")
        return written

    def reopen(self, days: Iterable[dt.date]) -> Manifest | None:
        """Mark days as open because what this run published of them is incomplete; return the manifest, if any."""
        wanted = set(days)

        def changed(current: Manifest | None) -> Manifest:
            base = current or self._first()
            reopened = {
                day: record.model_copy(update={"state": "open", "verified_at": None})
                for day, record in base.days.items()
                if day in wanted and record.read_at <= self.started_at
            }
            return self._next(base, base.days | reopened)

        return self.records.change_manifest(changed) if wanted else None

    def manifest(self) -> Manifest | None:
        """Return the manifest as it is now."""
        return self.records.manifest()

    def record_targets(self, days: Mapping[dt.date, DayRecord]) -> Manifest:
        """Record the files of further targets of days with unchanged Parquet objects."""

        def changed(current: Manifest | None) -> Manifest:
            self.fence()
            base = current or self._first()
            found = {
                day: base.days[day].model_copy(update={"targets": record.targets})
                for day, record in days.items()
                if day in base.days and base.days[day].objects == record.objects
            }
            return self._next(base, base.days | found)

        return self.records.change_manifest(changed)

    def _first(self) -> Manifest:
        return Manifest(
            dataset=self.dataset.name,
            location=self.location,
            time_zone=self.dataset.source.time_zone,
            updated_at=self.started_at,
        )

    def _next(self, base: Manifest, days: Mapping[dt.date, DayRecord]) -> Manifest:
        known = [day for day in (base.scheduled_from, self.scheduled_from) if day is not None]
        written = base.model_copy(
            update={
                "version": base.version + 1,
                "updated_at": dt.datetime.now(dt.UTC),
                "days": dict(sorted(days.items())),
                "scheduled_from": min(known, default=None),
                "reports": self._reports(base),
            }
        )
        # Days that were recorded before their column was masked list its values.
        return written.without_values(masked_columns(self.dataset, None)) if self.dataset.has_masks else written

    def _reports(self, base: Manifest) -> Reports | None:
        if not self.reports_prefix:
            return base.reports
        since = base.reports.since if base.reports else self.started_at
        return Reports(prefix=self.reports_prefix, since=since)

    @property
    def _append(self) -> bool:
        return self.dataset.target.overwrite_mode == "APPEND"

    def _is_stale(self, before: DayRecord | None, record: DayRecord) -> bool:
        return not self._append and before is not None and before.read_at > record.read_at

    def _merged(self, before: DayRecord | None, record: DayRecord) -> DayRecord:
        if before is None:
            return record
        if self._is_stale(before, record):
            return before.model_copy(update={"state": "open"}) if record.objects else before
        if not self._append or not record.objects:
            return record
        others = tuple(found for found in before.objects if found.key != record.objects[0].key)
        return record.model_copy(update={"objects": (*others, *record.objects), "key_hash": ""})
