"""`exporter quarantine retry`: looks up quarantined items, exports their days again and reports the result per item.

Every item is looked up as it is now. The days of nulled items, and of withheld items with a readable date, are exported
again, whole.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dataset_model import IndexSource
from dataset_model.records.runs import RunEntry
from exporter.clients import Clients
from exporter.decoding.key_hash import row_key
from exporter.errors import UnreadableDate, UsageError
from exporter.planning.sort_key import SortKey
from exporter.planning.window import spans
from exporter.quarantine.reader import item_of, lines_of, quarantined_runs
from exporter.quarantine.summary import key_text_of
from exporter.run.job import ExportJob
from exporter.run.reporting.report import report
from exporter.run.request import ExportRequest
from exporter.runtime.clock import utc_now
from exporter.settings import Settings
from exporter.sources.description import SourceDescription, describe_source
from exporter.sources.partial_reads.item_lookup import Item, ItemLookup
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.sources.partition_values import declared_value
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.object_store import Store
from exporter.values.attribute_values import AttributeValue

_NAMED = 10
_LOOK_UPS = 1
"""Requests at a time."""
_FATES = ("well", "gone", "nulled", "unseen", "withheld")


@dataclass
class _Quarantined:
    """One item in quarantine."""

    key: str
    item: Item
    days: set[dt.date] = field(default_factory=set)
    """Days on which a value of it was nulled."""
    withheld: bool = False
    day: dt.date | None = None
    """Its day, as it is now."""
    gone: bool = True
    runs: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class RetryReport:
    """The result per item."""

    well: tuple[str, ...]
    """Keys of items that are now wholly in the rows."""
    gone: tuple[str, ...]
    """No longer in the table, or no longer under the dataset's partition values."""
    nulled: tuple[str, ...]
    """In the rows, still with a value that contradicts its column."""
    unseen: tuple[str, ...]
    """In the table with a readable day, and not among the rows published: the index does not return them yet."""
    withheld: tuple[str, ...]
    """Still without a readable day."""
    exports: tuple[RunEntry, ...]
    read_units: float
    """Units that the look-ups and the exports have cost."""
    cleared: tuple[str, ...] = ()
    """Runs of which the quarantine was removed: no item in it is withheld or unseen."""

    @property
    def error(self) -> str | None:
        """Why an export did not succeed, or None."""
        return next((entry.error for entry in self.exports if entry.error), None)

    def plain(self) -> dict[str, Any]:
        """Return the report as plain values."""
        lists = {name: list(getattr(self, name)) for name in (*_FATES, "cleared")}
        return {**lists, "exports": [report(entry) for entry in self.exports], "read_units": self.read_units}

    def text(self) -> str:
        """Return the report for people."""
        lines = []
        for name, text in (
            ("well", "are corrected and published"),
            ("gone", "are gone from the table or the partition values"),
            ("nulled", "are published, still with a value that became null"),
            ("unseen", "are in the table, and the index did not return them: retry again later"),
            ("withheld", "still have no readable day"),
        ):
            keys: tuple[str, ...] = getattr(self, name)
            if keys:
                more = f", and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
                lines.append(f"{len(keys):,} {text}: {'; '.join(keys[:_NAMED])}{more}")
        days = sum(len(entry.partitions) for entry in self.exports)
        lines.append(f"exported {days} days in {len(self.exports)} runs, {self.read_units:,} read units in all")
        lines += [f"cleared the quarantine of {run}" for run in self.cleared]
        return "\n".join(lines)


class Retry:
    """One retry of quarantined items."""

    def __init__(
        self,
        settings: Settings,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
        max_read_units: float | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._stop = stop or threading.Event()
        self._clients = Clients(settings.region)
        self._store = Store(self._clients.s3, settings.bucket)
        self._parts: Mapping[str, list[str]] = {}
        self._limiter = RateLimiter(_LOOK_UPS, max_read_units)
        self._max_read_units = max_read_units
        self._unknown: set[str] = set()  # runs with lines that name no item

    def run(self, run_id: str | None, *, clear: bool = False) -> RetryReport:
        """Retry the items of one run, or of every run; raise UsageError where there are none."""
        dataset = self._settings.dataset
        if not dataset.source.is_table:
            raise UsageError(
                f"dataset {dataset.name} is read from {dataset.source.named}: write the corrected file, then export "
                "its day, which replaces the rows"
            )
        self._store.check()
        description = describe_source(self._clients.dynamodb, dataset)
        self._parts = self._wanted(run_id)
        items = self._items(description)
        self._look_up(items, description)
        met: set[bytes] = set()
        rows = {self._row_digest(one, digest, description): digest for digest, one in items.items()}
        exports = self._export({day for one in items.values() for day in _days_of(one)}, frozenset(rows), met)
        met = {rows[row] for row in met}
        again = self._quarantined_again(exports, description)
        done = all(entry.status == "succeeded" for entry in exports)
        fates = {
            digest: _fate(one, again=digest in again, met=digest in met, done=done) for digest, one in items.items()
        }
        keys = {
            fate: tuple(sorted(one.key for digest, one in items.items() if fates[digest] == fate)) for fate in _FATES
        }
        kept = {run for digest, one in items.items() if fates[digest] in {"withheld", "unseen"} for run in one.runs}
        kept |= self._unknown
        cleared = self._clear(kept) if clear and done else ()
        units = round(self._limiter.units + sum(entry.read_units for entry in exports), 1)
        return RetryReport(**keys, exports=tuple(exports), read_units=units, cleared=cleared)

    def _wanted(self, run_id: str | None) -> dict[str, list[str]]:
        found = quarantined_runs(self._store, self._settings.prefix)
        if run_id is not None:
            found = {run: parts for run, parts in found.items() if run == run_id}
        if not found:
            what = f"of run {run_id} " if run_id else ""
            raise UsageError(f"the quarantine holds nothing {what}; `exporter quarantine list` shows what it holds")
        return found

    def _items(self, description: SourceDescription) -> dict[bytes, _Quarantined]:
        key = description.table_key
        items: dict[bytes, _Quarantined] = {}
        for run_id, parts in self._parts.items():
            for line in lines_of(self._store, parts):
                item = item_of(line)
                if any(name not in item for name in key):  # a record of a stream without the key of its item
                    self._unknown.add(run_id)
                    continue
                one = items.setdefault(
                    key_digest(item, key), _Quarantined(key_text_of(item, key), {name: item[name] for name in key})
                )
                one.runs.add(run_id)
                one.withheld |= line.is_withheld
                one.days |= {line.day} if line.day else set()
        return items

    def _look_up(self, items: Mapping[bytes, _Quarantined], description: SourceDescription) -> None:
        dataset = self._settings.dataset
        source = dataset.source
        sort_key = SortKey(source.date_format, dataset.zone, description.sort_key_type, self._clock().year + 1)
        attributes = (*source.partition_attributes, source.sort_key)
        lookup = ItemLookup(self._clients.dynamodb, source.table, description.table_key, attributes, self._limiter)
        for item in lookup.items(one.item for one in items.values()):
            one = items[key_digest(item, description.table_key)]
            one.gone = isinstance(source, IndexSource) and declared_value(item, source) is None
            one.day = _day(item, source.sort_key, sort_key)

    def _row_digest(self, one: _Quarantined, digest: bytes, description: SourceDescription) -> bytes:
        """Return the key of an item's row; of its first, where it has one for each element of a list."""
        dataset = self._settings.dataset
        if dataset.exploded is None:
            return digest
        key = row_key(dataset, description.table_key)
        return key_digest({**one.item, key[-1]: AttributeValue(N="1")}, key)

    def _export(self, days: Iterable[dt.date], wanted: frozenset[bytes], met: set[bytes]) -> list[RunEntry]:
        """Export days, and add to `met` those of the wanted items that are in the published rows."""
        entries: list[RunEntry] = []
        for window in spans(days, self._settings.dataset.zone):
            request = ExportRequest(window, max_read_units=self._max_read_units)
            job = ExportJob(self._settings, request, stop=self._stop, clock=self._clock, wanted=wanted)
            entries.append(job.run())
            met |= job.met
            if entries[-1].error:
                break
        return entries

    def _quarantined_again(self, exports: Iterable[RunEntry], description: SourceDescription) -> set[bytes]:
        found = quarantined_runs(self._store, self._settings.prefix)
        parts = [key for entry in exports for key in found.get(entry.run_id, [])]
        return {key_digest(item_of(line), description.table_key) for line in lines_of(self._store, parts)}

    def _clear(self, kept: set[str]) -> tuple[str, ...]:
        """Remove the quarantine of runs without withheld and unseen items; a later run holds what is nulled."""
        cleared = [run for run in self._parts if run not in kept]
        for run in cleared:
            for key in self._parts[run]:
                found = self._store.read(key)
                if found is not None:
                    self._store.remove(key, found[1])
        return tuple(cleared)


def _days_of(one: _Quarantined) -> set[dt.date]:
    if one.gone:
        return one.days  # the row of an item that is gone has to go
    return one.days | ({one.day} if one.day else set())


def _fate(one: _Quarantined, *, again: bool, met: bool, done: bool) -> str:
    if one.gone:
        return "gone"
    if one.day is None:
        return "withheld"
    if again:
        return "nulled"
    if not done:  # what was not published again is as it was
        return "withheld" if one.withheld else "nulled"
    return "well" if met else "unseen"


def _day(item: Item, attribute: str, sort_key: SortKey) -> dt.date | None:
    value = item.get(attribute)
    text = None if value is None else value.N if sort_key.attribute_type == "N" else value.S
    try:
        return None if text is None else sort_key.day(text)
    except UnreadableDate:
        return None
