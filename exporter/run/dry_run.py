"""`export --dry-run`: what a run would read and replace, with nothing read and nothing changed.

It asks what the run asks, of the same functions: `preflight` refuses, `planned_windows` chooses the days, the planner
chooses the ranges of keys, `RemovalPolicy` says what the source's age protects.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataset_model import Dataset
from dataset_model.partitions import day_from_key
from exporter.clients import Clients
from exporter.errors import NothingOwed
from exporter.planning.key_ranges import KeyRange
from exporter.planning.planner import Planner
from exporter.planning.removal_policy import RemovalPolicy
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window, day_of, is_closed
from exporter.run.lease import lease_holder
from exporter.run.preflight import preflight
from exporter.run.request import ExportRequest, lookback_days, planned_windows
from exporter.settings import Settings
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records

_Days = tuple[dt.date, ...]


@dataclass(frozen=True)
class Preview:
    """A run that has not taken place. Days are in order."""

    dataset: Dataset
    location: str
    days: _Days | None
    """None: every day that the index holds. Empty: nothing is read."""
    owed: _Days
    """Those of `days` that were not asked for and that earlier runs owe."""
    looked_back: _Days
    """Those of `days` that are closed and read again to find what has changed."""
    open: _Days
    """Days that have not ended and settled yet, and so are read again by the next scheduled run."""
    ranges: tuple[KeyRange, ...]
    """Of the sort key, read for each partition value; the same one several times where it is read several times."""
    between: tuple[dt.datetime, dt.datetime] | None
    """The only instants whose items count; None: those of all days."""
    replaces: tuple[str, ...]
    """Keys of published objects that are replaced, or removed where their day holds nothing any more."""
    keeps: tuple[str, ...]
    """Keys that stay where the index holds less than is published, because their days have expired; the run fails then.
    Where it does not hold less, they are replaced."""
    beside: tuple[str, ...]
    """Keys that stay, and beside which a day gets a further object: what APPEND does."""
    warnings: tuple[str, ...]

    @property
    def index(self) -> str:
        """`table/index`."""
        return f"{self.dataset.source.table}/{self.dataset.source.index}"

    @property
    def mode(self) -> str:
        """OVERWRITE or APPEND."""
        return self.dataset.target.overwrite_mode


def preview(settings: Settings, request: ExportRequest, now: dt.datetime) -> Preview:
    """Return what a run that began at `now` would do; raise the same errors as the run where it could not begin."""
    clients, dataset = Clients(settings.region), settings.dataset
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    manifest = records.manifest()
    catalog = Catalog(clients.glue, dataset, settings.location)
    found = preflight(clients, dataset, catalog, records.schema(), now)
    warnings = [*found.warnings, *_work_of_others(store, settings, request, now)]
    windows: tuple[Window, ...] | None = None
    try:
        windows = planned_windows(request, dataset, manifest, now, records.runs_since(now - request.ledger_reach))
    except NothingOwed as nothing:
        warnings.append(str(nothing))
    days = {day for window in windows or () for day in window.days()}
    is_everything = windows == ()
    again = days & lookback_days(request, dataset, manifest, now)
    asked = set(request.window.days()) if request.window else set()
    key = SortKey(dataset.source.date_format, dataset.zone, found.description.sort_key_type, now.year + 1)
    planner = Planner(dataset, key)
    reaches = [planner.reach(window) for window in ((None,) if is_everything else windows or ())]
    published = {
        item.key: day
        for item in store.objects(f"{settings.prefix}/year=")
        if (day := day_from_key(settings.prefix, item.key)) is not None and (is_everything or day in days)
    }
    policy = RemovalPolicy.of(dataset, manifest, now, accept_empty=request.accept_empty)
    return Preview(
        dataset=dataset,
        location=settings.location,
        days=None if is_everything else tuple(sorted(days)),
        owed=tuple(sorted(days - asked - again)),
        looked_back=tuple(sorted(again - asked)),
        open=tuple(sorted(_open(None if is_everything else days, dataset, now))),
        ranges=tuple(keys for reach in reaches for keys in planner.ranges(reach)),
        between=request.between,
        **_fates(published, dataset, policy),
        warnings=tuple(warnings),
    )


def _fates(published: Mapping[str, dt.date], dataset: Dataset, policy: RemovalPolicy) -> dict[str, tuple[str, ...]]:
    keys = tuple(published)
    if dataset.target.overwrite_mode == "APPEND":
        return {"replaces": (), "keeps": (), "beside": keys}
    kept = tuple(key for key in keys if not policy.accept_empty and policy.is_expired(published[key]))
    return {"replaces": tuple(key for key in keys if key not in set(kept)), "keeps": kept, "beside": ()}


def _open(days: set[dt.date] | None, dataset: Dataset, now: dt.datetime) -> Iterator[dt.date]:
    today = day_of(now, dataset.zone)
    for day in {today, today - dt.timedelta(days=1)} if days is None else days:
        if not is_closed(day, now, dataset.zone, dataset.source.settle_minutes):
            yield day


def _work_of_others(store: Store, settings: Settings, request: ExportRequest, now: dt.datetime) -> Iterator[str]:
    if holder := lease_holder(store, settings.prefix, now):
        then = f"wait up to {request.wait_minutes:g} minutes for it" if request.wait_minutes else "be refused"
        yield (
            f"run {holder.owner} on {holder.host} is at work and holds the lease until {holder.expires_at:%H:%M:%S} "
            f"UTC: a run now would {then}, and what it publishes until then is not known here"
        )
