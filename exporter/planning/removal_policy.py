"""The manifest and what a run found flow in; whether an empty or smaller day may replace the published one flows out.

TTL is not deletion: an item that the table has expired still happened. And a wrong key, a wrong table or a wrong date
format looks like days with all items deleted, so the index must first show that it has items with readable dates.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from dataset_model import Dataset
from dataset_model.records.manifest import Manifest
from exporter.errors import RemovalRefused
from exporter.planning.window import day_of

IndexState = Literal["readable days", "unreadable days", "nothing"]
"""Whether an index holds readable items, unreadable ones or none."""

_ADVICE = "If this is meant, run again with --accept-empty."


@dataclass(frozen=True)
class RemovalPolicy:
    """Rules that protect published days from a run that found less."""

    manifest: Manifest | None
    today: dt.date
    expires_after_days: int | None
    accept_empty: bool
    """Nothing is protected: the operator has accepted the removal, or the mode replaces nothing."""
    keeps_deleted: bool = False
    """Whether what is deleted at the source stays."""

    @classmethod
    def of(
        cls, dataset: Dataset, manifest: Manifest | None, now: dt.datetime, *, accept_empty: bool
    ) -> "RemovalPolicy":
        """Return the policy of a run of a dataset that began at `now`.

        APPEND adds files and takes none away, so nothing has to be protected from it.
        """
        harmless = dataset.target.overwrite_mode == "APPEND"
        retention, today = dataset.retention, day_of(now, dataset.zone)
        expires = retention.expires_after_days
        return cls(manifest, today, expires, accept_empty or harmless, retention.keep_deleted)

    @property
    def keeps_rows(self) -> bool:
        """Whether there may be days of which rows stay although their items are gone."""
        return not self.accept_empty and (self.keeps_deleted or self.expires_after_days is not None)

    def is_expired(self, day: dt.date) -> bool:
        """Return whether the source may have removed items of that day that the dataset keeps."""
        limit = self.expires_after_days
        return self.keeps_deleted or (limit is not None and (self.today - day).days >= limit)

    def rows(self, day: dt.date, *, kept: bool = True) -> int:
        """Return how many rows are published for a day, as far as the manifest knows; without `kept`, those read."""
        record = self.manifest.days.get(day) if self.manifest else None
        return record.rows - (0 if kept else record.kept_rows) if record else 0

    def keeps(
        self,
        day: dt.date,
        rows: int,
        etags: Collection[str] | None = None,
        rows_in_objects: Callable[[], int] = lambda: 0,
        *,
        can_tell: bool = False,
    ) -> bool:
        """Return whether the published day must stay because its source may hold less of it than was there.

        `etags` are those of the day's objects (None: not known). Where the manifest does not describe these objects,
        `rows_in_objects` is asked how many rows they hold. With `can_tell` rows of deleted items stay in a new file,
        as those did that have stayed before, which then do not count.
        """
        if self.accept_empty or not self.is_expired(day):
            return False
        if rows < self.rows(day, kept=not can_tell):
            return True
        return not (etags is None or self._describes(day, etags)) and rows < rows_in_objects()

    def _describes(self, day: dt.date, etags: Collection[str]) -> bool:
        record = self.manifest.days.get(day) if self.manifest else None
        return {found.etag for found in record.objects} == set(etags) if record else not etags

    def check(self, emptied: Iterable[dt.date], answer: IndexState) -> None:
        """Raise RemovalRefused unless published days that came back empty may be removed; `answer` is the index's."""
        days = sorted(emptied)
        if not days or self.accept_empty:
            return
        if answer == "nothing":
            raise RemovalRefused(
                f"every partition value came back empty, although {_named(days)} published: a wrong GSI_PK_VALUE or "
                f"DYNAMO_TABLE_NAME looks like this. Nothing was removed. {_ADVICE}"
            )
        if answer == "unreadable days":
            raise RemovalRefused(
                f"no item with a readable date was found, although {_named(days)} published: a wrong DATE_FORMAT looks "
                f"like this. Nothing was removed. {_ADVICE}"
            )
        expired = [day for day in days if self.is_expired(day)]
        if expired:
            raise expired_refusal(expired, self.expires_after_days)


def expired_refusal(days: list[dt.date], expires_after_days: int | None) -> RemovalRefused:
    """Return the refusal for days with an expired source."""
    return RemovalRefused(
        f"{_named(days)} published with more items than the index still holds, and older than expires_after_days "
        f"({expires_after_days}): items that the table's TTL has removed still happened. These days were left as they "
        f"are. {_ADVICE}"
    )


def kept_warning(days: list[dt.date]) -> str:
    """Return the warning for days of a dataset that keeps what is deleted."""
    return f"{_named(days)} published with more items than the source still holds; keep_deleted keeps them as they are"


def vanished_values(
    manifest: Manifest | None, days: Iterable[dt.date], current: Iterable[str], answered: Iterable[str]
) -> dict[str, int]:
    """Return partition value -> rows that these days had of it before and that this run did not look for or find."""
    before: dict[str, int] = {}
    records: Mapping[dt.date, object] = manifest.days if manifest else {}
    for day in days:
        if manifest is not None and day in records:
            for value, rows in manifest.days[day].rows_by_partition_value.items():
                before[value] = before.get(value, 0) + rows
    found = set(current) & set(answered)
    return {value: rows for value, rows in sorted(before.items()) if rows and value not in found}


def _named(days: list[dt.date]) -> str:
    if len(days) == 1:
        return f"{days[0]} is"
    return f"{len(days)} days ({days[0]} to {days[-1]}) are"
